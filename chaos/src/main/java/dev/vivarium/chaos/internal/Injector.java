package dev.vivarium.chaos.internal;

import dev.vivarium.PoolEvent;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Moment;
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

/**
 * Has the faults of a schedule happen. Each is a lease: it is healed at the end of its time to live, or with all others. Only
 * processes that bear the pool's mark are signalled. Thread-safe.
 */
final class Injector {

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
    private volatile long guardian;
    private boolean landedOnce;

    /**
     * Creates an injector.
     *
     * @param firstLanding is run when a fault has landed for the first time
     * @param troubles is told what could not be carried out
     */
    Injector(
            TestPool kit,
            Orders orders,
            History history,
            ScheduledExecutorService timer,
            Runnable firstLanding,
            Consumer<String> troubles) {
        this.kit = kit;
        this.orders = orders;
        this.history = history;
        this.timer = timer;
        this.firstLanding = firstLanding;
        this.troubles = troubles;
    }

    List<Struck> struck() {
        return List.copyOf(struck);
    }

    /** Has everything happen in its time, counted from now, and all be healed at the end. */
    void begin(Schedule schedule) {
        for (Schedule.Planned planned : schedule.faults()) {
            after(planned.at(), () -> choose(planned));
        }
        var unused = timer.scheduleWithFixedDelay(guarded(this::look), LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
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

    private void choose(Schedule.Planned planned) {
        if (planned.fault() instanceof ChaosFault.OfPool) {
            killGuardian(requested(planned, 0));
            return;
        }
        List<Integer> slots = chosen(planned);
        for (int i = 0; i < slots.size(); i++) {
            int slot = slots.get(i);
            Optional<KillPoint> point = planned.points().isEmpty()
                    ? Optional.empty()
                    : Optional.of(planned.points().get(i));
            after(planned.offsets().get(i), () -> befall(planned, slot, point));
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

    private History.Line line(String event, Struck target) {
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

    private void befall(Schedule.Planned planned, int slot, Optional<KillPoint> point) {
        Struck target = requested(planned, slot);
        ChaosFault fault = planned.fault();
        if (fault instanceof ChaosFault.Signalled signalled) {
            if (point.orElse(KillPoint.OUTSIDE) == KillPoint.OUTSIDE) {
                signal(target, signalled.signal());
            } else {
                Moment moment = Moment.valueOf(point.orElseThrow().name());
                arm(target, moment, 1, new Fault.Signalled(signalled.signal().number()));
            }
        } else if (fault instanceof ChaosFault.InPython) {
            int number = orders.give(slot, fault);
            synchronized (this) {
                ordered.put(number, target);
            }
            healLater(target, () -> orders.withdraw(slot, number));
        } else if (fault instanceof ChaosFault.Exited exited) {
            arm(target, Moment.STARTED, 1, new Fault.Exited(exited.status()));
        } else if (fault instanceof ChaosFault.Hung) {
            arm(target, Moment.STARTED, 1, new Fault.Hung());
        } else if (fault instanceof ChaosFault.Delayed delayed) {
            Fault late = new Fault.Delayed(delayed.by(), delayed.jitter(), delayed.correlation());
            arm(target, moment(delayed.direction()), delayed.share(), late);
        } else if (fault instanceof ChaosFault.Frames frames) {
            arm(target, moment(frames.direction()), frames.share(), effect(frames.effect()));
        } else if (fault instanceof ChaosFault.Partitioned cut) {
            boolean toWorker = cut.direction() != Direction.TO_JVM;
            boolean toJvm = cut.direction() != Direction.TO_WORKER;
            arm(target, moment(cut.direction()), 1, new Fault.Partitioned(toWorker, toJvm));
        }
    }

    private static Moment moment(Direction direction) {
        return direction == Direction.TO_JVM ? Moment.EXECUTED : Moment.BEFORE_SEND;
    }

    private static Fault effect(FrameEffect effect) {
        return switch (effect) {
            case CORRUPT -> new Fault.Corrupted();
            case TRUNCATE -> new Fault.Truncated();
            case DUPLICATE -> new Fault.Duplicated();
            case REORDER -> new Fault.Reordered();
            case DROP -> new Fault.Dropped();
            case OVERSIZE -> new Fault.Oversized();
            case MISADDRESS -> new Fault.Misaddressed();
            case FORGE -> new Fault.Forged();
        };
    }

    private void arm(Struck target, Moment moment, double share, Fault fault) {
        Schedule.Planned planned = target.planned();
        FaultLease lease = kit.faults()
                .at(moment)
                .inSlot(target.slot())
                .share(share)
                .seed(planned.seed() + target.slot())
                .times(planned.times())
                .ttl(planned.ttl())
                .arm(fault);
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
            return;
        }
        WorkerSnapshot worker = victim.get();
        synchronized (this) {
            doomed.put(worker.pid(), target);
        }
        if (signal == Signal.KILL) {
            kill(worker.pid(), target);
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

    private void kill(long pid, Struck target) {
        ProcessHandle.of(pid)
                .filter(process -> Leftovers.bearsMark(process, kit.name()))
                .ifPresent(process -> {
                    target.struckAt(history.now());
                    process.destroyForcibly();
                });
    }

    private void killGuardian(Struck target) {
        kill(guardian, target);
        healLater(target, () -> {});
    }

    /** Learns of ends. */
    void on(PoolEvent event) {
        if (event instanceof PoolEvent.GuardianStarted started) {
            guardian = started.pid();
        } else if (event instanceof PoolEvent.GuardianLost) {
            struck.stream()
                    .filter(target -> target.slot() == 0 && target.landed() == 0)
                    .forEach(this::landedAndSeen);
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
        heals.forEach(Runnable::run);
        kit.faults().healAll();
    }
}
