package dev.vivarium.chaos.internal;

import dev.vivarium.PoolEvent;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.PoolProcess;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.TestPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Has the faults of a schedule happen. Each is a lease: it is healed at the end of its time to live, or with all others. Only
 * processes that bear the pool's mark are signalled. Thread-safe.
 */
final class Injector implements AutoCloseable {

    private static final long LOOK_MS = 5;

    private final TestPool kit;
    private final Orders orders;
    private final History history;
    private final ScheduledExecutorService timer;
    private final Runnable firstLanding;
    private final Consumer<String> troubles;
    private final List<Struck> struck = new CopyOnWriteArrayList<>();
    private final Map<Integer, Struck> ordered = new HashMap<>();
    private final Map<Long, Struck> doomed = new HashMap<>();
    private final List<Runnable> heals = new CopyOnWriteArrayList<>();
    private final PoolFaults ofPool;
    private boolean landedOnce;

    /**
     * Creates an injector.
     *
     * @param python the interpreter of the helper
     * @param ballast a file in the file system of the pool's shared memory, which is not there yet
     * @param firstLanding is run when a fault has landed for the first time
     * @param troubles is told what could not be carried out
     */
    Injector(
            TestPool kit,
            Orders orders,
            History history,
            ScheduledExecutorService timer,
            String python,
            Path ballast,
            Runnable firstLanding,
            Consumer<String> troubles) {
        this.kit = kit;
        this.orders = orders;
        this.history = history;
        this.timer = timer;
        this.firstLanding = firstLanding;
        this.troubles = troubles;
        ofPool = new PoolFaults(kit, orders, python, ballast, troubles, new Told());
    }

    List<Struck> struck() {
        return List.copyOf(struck);
    }

    /** Gets ready for a schedule, before its time begins. */
    void prepare(Schedule schedule) throws InterruptedException {
        if (schedule.faults().stream().anyMatch(planned -> isHelpers(planned.fault()))) {
            ofPool.helper().awaitReady();
        }
    }

    /**
     * Has everything happen in its time, counted from now, and all be healed at the end.
     *
     * @param reached says of an event whether it has happened
     */
    void begin(Schedule schedule, Predicate<String> reached) {
        for (Schedule.Planned planned : schedule.faults()) {
            after(planned.at(), () -> {
                if (planned.when().isEmpty() || reached.test(planned.when())) {
                    choose(planned);
                } else {
                    leaveOut(planned);
                }
            });
        }
        var unused = timer.scheduleWithFixedDelay(guarded(this::look), LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    }

    private static boolean isHelpers(ChaosFault fault) {
        return fault instanceof ChaosFault.OfPool && !(fault instanceof ChaosFault.GuardianKilled);
    }

    private void after(Duration delay, Runnable task) {
        var unused = timer.schedule(guarded(task), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What a timer's task throws would be lost, and the task with it. */
    private Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                troubles.accept("a fault could not be carried out: " + e);
            }
        };
    }

    private void leaveOut(Schedule.Planned planned) {
        history.line("fault")
                .with("number", planned.number())
                .with("event", "left-out")
                .with("kind", ScenarioWriter.kind(planned.fault()))
                .with("reason", planned.when() + " has not happened")
                .write();
    }

    private void choose(Schedule.Planned planned) {
        if (planned.fault() instanceof ChaosFault.OfPool) {
            Struck target = requested(planned, 0);
            if (isHelpers(planned.fault())) {
                ofPool.befall(target);
            } else {
                killGuardian(target);
            }
            return;
        }
        List<Integer> slots = chosen(planned);
        for (int i = 0; i < slots.size(); i++) {
            int slot = slots.get(i);
            Optional<KillPoint> point = planned.points().isEmpty()
                    ? Optional.empty()
                    : Optional.of(planned.points().get(i));
            Duration ttl = planned.ttlOf(i);
            after(planned.offsets().get(i), () -> befall(planned, slot, point, ttl));
        }
    }

    /** Those that are preferred, in the drawn order, and then those that are not. */
    private List<Integer> chosen(Schedule.Planned planned) {
        List<WorkerSnapshot> living = kit.pool().snapshot().workers().stream()
                .filter(worker -> worker.pid() != 0 && worker.phase() != Phase.RETIRING)
                .sorted(preference(planned)
                        .thenComparing(worker ->
                                planned.order().indexOf(worker.worker().slot())))
                .toList();
        return living.stream()
                .limit(planned.offsets().size())
                .map(worker -> worker.worker().slot())
                .toList();
    }

    private static boolean isReady(WorkerSnapshot worker) {
        return worker.phase() == Phase.IDLE || worker.phase() == Phase.BUSY;
    }

    private static Comparator<WorkerSnapshot> preference(Schedule.Planned planned) {
        Comparator<WorkerSnapshot> ready = Comparator.comparing(worker -> !isReady(worker));
        return switch (planned.targets().preferred()) {
            case ANY -> ready;
            case BUSY -> ready.thenComparing(worker -> worker.phase() != Phase.BUSY);
            case IDLE -> ready.thenComparing(worker -> worker.phase() != Phase.IDLE);
            case OLDEST -> ready.thenComparing(worker -> -worker.completed());
        };
    }

    private Struck requested(Schedule.Planned planned, int slot) {
        Struck target = new Struck(planned, slot, history.now());
        struck.add(target);
        line("requested", target).write();
        return target;
    }

    private Notes.Line line(String event, Struck target) {
        return history.line("fault")
                .with("number", target.planned().number())
                .with("event", event)
                .with("kind", ScenarioWriter.kind(target.planned().fault()))
                .with("slot", target.slot());
    }

    private void landed(Struck target) {
        boolean first = target.land(history.now());
        if (first || target.landings() < 5) {
            line("landed", target).with("times", target.landings()).write();
        }
        synchronized (this) {
            if (landedOnce) {
                return;
            }
            landedOnce = true;
        }
        firstLanding.run();
    }

    private void refused(Struck target, String reason) {
        target.refuse(reason);
        line("refused", target).with("reason", reason).write();
        healed(target);
    }

    private void healed(Struck target) {
        if (target.heal(history.now())) {
            line("healed", target).with("landings", target.landings()).write();
        }
    }

    /** Has something undone at the end of a fault's time to live, or with everything, once. */
    private void healLater(Struck target, Runnable undo) {
        Runnable heal = () -> {
            if (target.heal(history.now())) {
                undo.run();
                line("healed", target).with("landings", target.landings()).write();
            }
        };
        heals.add(heal);
        after(target.planned().ttl(), heal);
    }

    private void befall(Schedule.Planned planned, int slot, Optional<KillPoint> point, Duration ttl) {
        Struck target = requested(planned, slot);
        ChaosFault fault = planned.fault();
        if (fault instanceof ChaosFault.Signalled signalled && point.orElse(KillPoint.OUTSIDE) == KillPoint.OUTSIDE) {
            signal(target, signalled.signal());
        } else if (fault instanceof ChaosFault.InPython) {
            int number = orders.give(slot, fault);
            synchronized (this) {
                ordered.put(number, target);
            }
            healLater(target, () -> orders.withdraw(slot, number));
        } else {
            arm(target, Armed.of(planned, point), ttl);
        }
    }

    private void arm(Struck target, Armed armed, Duration ttl) {
        FaultLease lease = kit.faults()
                .at(armed.moment())
                .inSlot(target.slot())
                .share(armed.share())
                .seed(target.planned().seed() + target.slot())
                .times(armed.times())
                .ttl(ttl)
                .arm(armed.fault());
        var unused = lease.onLand(slot -> landed(target));
        lease.onHeal(() -> healed(target));
        heals.add(lease::heal);
    }

    /** From outside and by the process's number, but never one that does not bear the pool's mark. */
    private void signal(Struck target, Signal signal) {
        Optional<WorkerSnapshot> victim = kit.pool().snapshot().workers().stream()
                .filter(worker -> worker.worker().slot() == target.slot() && worker.pid() != 0)
                .findFirst();
        if (victim.isEmpty()) {
            refused(target, "there was no process in slot " + target.slot());
            return;
        }
        WorkerSnapshot worker = victim.get();
        synchronized (this) {
            doomed.put(worker.pid(), target);
        }
        if (signal == Signal.KILL) {
            kill(ProcessHandle.of(worker.pid()), target);
        } else {
            target.struckAt(history.now());
            kit.pool().signal(worker.worker(), worker.incarnation(), signal);
        }
        healLater(target, () -> {
            if (signal == Signal.STOP) {
                kit.pool().signal(worker.worker(), worker.incarnation(), Signal.CONT);
            }
        });
    }

    private void kill(Optional<ProcessHandle> victim, Struck target) {
        victim.filter(process -> Leftovers.bearsMark(process, kit.name())).ifPresent(process -> {
            target.struckAt(history.now());
            process.destroyForcibly();
        });
    }

    private void killGuardian(Struck target) {
        kill(ofPool.guardian(), target);
        healLater(target, () -> {});
    }

    /** Learns of ends. */
    void on(PoolEvent event) {
        ofPool.on(event);
        if (event instanceof PoolEvent.GuardianLost) {
            struck.stream()
                    .filter(target ->
                            target.planned().fault() instanceof ChaosFault.GuardianKilled && target.landed() == 0)
                    .forEach(this::landedAndSeen);
            ended(PoolProcess.GUARDIAN);
        } else if (event instanceof PoolEvent.TemplateLost) {
            ended(PoolProcess.TEMPLATE);
        } else if (event instanceof PoolEvent.WorkerExited exited) {
            Struck target;
            synchronized (this) {
                target = doomed.remove(exited.exit().pid());
            }
            boolean stopped = target != null
                    && target.planned().fault() instanceof ChaosFault.Signalled signalled
                    && signalled.signal() == Signal.STOP;
            if (target != null && !stopped) {
                landedAndSeen(target);
            }
            int slot = exited.exit().worker().slot();
            struck.stream()
                    .filter(armed ->
                            armed.slot() == slot && isDeadly(armed.planned().fault()))
                    .forEach(armed -> armed.detect(history.now()));
        }
    }

    /** The pool has told of the end of a process, perhaps before the helper has: whatever has ended it has landed. */
    private void ended(PoolProcess process) {
        struck.stream()
                .filter(target -> target.planned().fault() instanceof ChaosFault.PoolSignalled signalled
                        && signalled.process() == process
                        && signalled.signal() != Signal.STOP
                        && target.refusal().isEmpty())
                .forEach(target -> {
                    landedFirst(target);
                    target.detect(history.now());
                });
    }

    private void landedFirst(Struck target) {
        if (target.landed() == 0) {
            landed(target);
        }
    }

    private static boolean isDeadly(ChaosFault fault) {
        return fault instanceof ChaosFault.Exited
                || (fault instanceof ChaosFault.Signalled signalled && signalled.signal() != Signal.STOP);
    }

    private void landedAndSeen(Struck target) {
        landed(target);
        target.detect(history.now());
        healed(target);
    }

    /** Looks for what tells nobody: processes that have stopped, and orders that were carried out. */
    private void look() {
        List<Integer> numbers = orders.landed();
        List<Struck> targets = new ArrayList<>();
        synchronized (this) {
            numbers.stream().filter(ordered::containsKey).forEach(number -> targets.add(ordered.get(number)));
            doomed.forEach((pid, target) -> {
                if (target.landed() == 0 && target.healed() == 0 && isStopped(pid)) {
                    targets.add(target);
                }
            });
        }
        targets.forEach(this::landed);
    }

    private static boolean isStopped(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        } catch (IOException gone) {
            return false;
        }
    }

    /** Heals whatever is not healed. */
    void healAll() {
        for (Runnable heal : heals) {
            safely(heal); // One that cannot be healed must not keep the others.
        }
        safely(kit.faults()::healAll);
    }

    private void safely(Runnable heal) {
        try {
            heal.run();
        } catch (RuntimeException e) {
            troubles.accept("a fault could not be healed: " + e);
        }
    }

    /** Heals whatever is not healed, and ends the helper. */
    @Override
    public void close() {
        healAll();
        ofPool.close();
    }

    /** What the helper does. */
    private final class Told implements PoolFaults.Told {
        @Override
        public void landed(Struck target) {
            landedFirst(target);
        }

        @Override
        public void healed(Struck target) {
            Injector.this.healed(target);
        }

        @Override
        public void refused(Struck target, String reason) {
            Injector.this.refused(target, reason);
        }

        @Override
        public void undoLater(Struck target, Runnable undo) {
            heals.add(undo);
            after(target.planned().ttl(), undo);
        }
    }
}
