package dev.vivarium.chaos.internal.twin;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolEvent;
import dev.vivarium.RecycleReason;
import dev.vivarium.Safeguard;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.Outliers;
import dev.vivarium.internal.core.Backoff;
import dev.vivarium.internal.core.ExitDiagnosis;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.internal.worker.RecycleWatch;
import dev.vivarium.internal.worker.SlotTimes;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Carries the decisions of a real {@link SlotCore} out, step by step as the slot's actor does in the pool. For one thread. */
final class TwinSlot {

    private static final int EXITS_OVERDUE = 2;
    private static final Duration LONG_AGO = Duration.ofSeconds(10);

    private final World world;
    private final TwinFaults faults;
    private final TwinGuardian guardian;
    private final TwinCalls calls;
    private final TwinPorts ports;
    private final Contracts contracts;
    private final int number;
    private final SlotCore core;
    private final TwinTimers timers;
    private VirtualTime.@Nullable Task deadline;
    private VirtualTime.@Nullable Task age;
    private SlotState state;
    private @Nullable TwinLink link;
    private @Nullable ActiveCall leased;
    private @Nullable ActiveCall running;
    private @Nullable WorkerExit lastExit;
    private RecycleWatch wear = RecycleWatch.NEVER;
    private Duration ejectFor = Duration.ZERO;
    private String detail = "";
    private ExitDiagnosis diagnosis = ExitDiagnosis.of(0, -1, 0);
    private int exitsOverdue;
    private long completed;
    private long readyAt;
    private long memory = -1;
    private boolean stopped;

    TwinSlot(
            World world,
            TwinFaults faults,
            TwinGuardian guardian,
            TwinCalls calls,
            Contracts contracts,
            TwinPorts ports,
            int number,
            int lastIncarnation) {
        this.world = world;
        this.faults = faults;
        this.guardian = guardian;
        this.calls = calls;
        this.contracts = contracts;
        this.ports = ports;
        this.number = number;
        this.timers = new TwinTimers(world.time, this::fired);
        PoolConfig config = world.config;
        this.core = new SlotCore(
                config.restart().stableAfter(),
                config.health().maxFailures(),
                config.probes().successes(),
                !config.timeouts().stackDump().isZero(),
                !config.timeouts().terminateGrace().isZero());
        this.state = SlotCore.initial(lastIncarnation);
        publish();
    }

    int number() {
        return number;
    }

    Phase phase() {
        return state.phase();
    }

    int incarnation() {
        return state.incarnation();
    }

    long completed() {
        return completed;
    }

    TwinCalls calls() {
        return calls;
    }

    /** Returns the process while it lives and is not on its way out. */
    @Nullable
    TwinProcess process() {
        return link == null || !link.process().isLiving() ? null : link.process();
    }

    /** Something has happened that the core decides about. */
    void on(SlotEvent event) {
        if (stopped) {
            return;
        }
        SlotCore.Step step = core.on(state, event, world.time.nanoTime());
        SlotState before = state;
        contracts.decided(number, before, event, step);
        state = step.state();
        step.effects().forEach(this::perform);
        if (state != before) {
            publish();
        }
    }

    void lease(int incarnation, ActiveCall call) {
        leased = call;
        boolean idle = state instanceof SlotState.Ready && state.incarnation() == incarnation;
        if (idle && call.deadline() - world.time.nanoTime() <= 0) {
            refuse(call.id());
            ports.offered(this, incarnation, false);
            return;
        }
        on(new SlotEvent.Leased(incarnation, call.id()));
    }

    private void refuse(long callId) {
        ActiveCall refused = leased;
        if (refused != null && refused.id() == callId) {
            leased = null;
            ports.refused(refused);
        }
    }

    void answered(int incarnation, long callId) {
        Verdict verdict = Verdict.NONE;
        ActiveCall answered = running != null && running.id() == callId ? running : null;
        if (answered != null) {
            running = null;
            answered.admission().released(true);
            verdict = verdict(answered);
            stopDeadline();
            completed++;
            contracts.answered(number);
            recycle(wear.due(completed, memory));
        }
        on(new SlotEvent.Answered(incarnation, callId, verdict));
        if (answered != null && !(state instanceof SlotState.Ready)) {
            ports.withdrawn(number, state.incarnation());
        }
    }

    private Verdict verdict(ActiveCall call) {
        if (call.answer() == ActiveCall.Answer.NONE) {
            return Verdict.NONE;
        }
        boolean failed = call.answer() == ActiveCall.Answer.RAISED;
        boolean others = failed && world.context.othersServe(number);
        return world.context
                .outliers()
                .answered(
                        new Outliers.Answer(number, call.handler(), failed, world.context.wanted(), others),
                        ejection -> ejectFor = ejection.ejectFor());
    }

    void loaded(int incarnation) {
        on(new SlotEvent.Loaded(incarnation));
        if (state instanceof SlotState.Ready && state.incarnation() == incarnation) {
            if (wear.hasAge()) {
                age = world.time.after(wear.age(), () -> {
                    if (state.incarnation() == incarnation) {
                        recycle(RecycleReason.AGE);
                    }
                });
            }
            readyAt = world.time.nanoTime();
            ports.settled(number);
        }
    }

    void spawned(int incarnation) {
        if (incarnation == state.incarnation()) {
            if (timers.runs(Timer.CONNECT)) {
                timers.start(incarnation, Timer.CONNECT, world.config.timeouts().connect());
            }
            publish();
        }
    }

    void exited(int incarnation, int wait) {
        if (incarnation != state.incarnation()) {
            return;
        }
        boolean loading = state instanceof SlotState.Starting
                || (state instanceof SlotState.Ending ending && ending.from() == WorkerState.INITIALIZING);
        diagnosis = ExitDiagnosis.of(wait, 0, 0).of(loading, wait == TwinProcess.STATUS_PROTOCOL);
        detail = diagnosis.text();
        on(new SlotEvent.Exited(incarnation, diagnosis.cause()));
    }

    private void measure(int incarnation) {
        TwinLink current = link;
        if (current == null || incarnation != state.incarnation()) {
            return;
        }
        memory = current.process().isLiving() ? current.process().memory() : memory;
        world.time.after(world.config.memory().interval(), () -> measure(incarnation));
        publish();
        long limit = world.config.memory().limit();
        if (limit > 0 && memory > limit) {
            on(new SlotEvent.Outgrown(incarnation));
        } else {
            recycle(wear.due(completed, memory));
        }
    }

    private void recycle(@Nullable RecycleReason reason) {
        if (reason != null) {
            ports.recycleDue(number, state.incarnation(), reason);
        }
    }

    /** The router has forgotten the slot, which has ended. */
    void forgotten() {
        stopped = true;
        timers.stopAll();
        world.context.slotEnded(number);
        ports.retired(number);
    }

    private void perform(SlotEffect effect) {
        if (effect instanceof SlotEffect.SendCall send) {
            send(send.incarnation());
        } else if (effect instanceof SlotEffect.Moved moved) {
            moved(moved);
        } else if (effect instanceof SlotEffect.Climbed climbed) {
            world.context.stats().countRung(climbed.rung());
            world.context
                    .events()
                    .publish(new PoolEvent.LadderClimbed(
                            world.context.worker(number),
                            climbed.incarnation(),
                            climbed.callId(),
                            climbed.rung(),
                            world.time.now()));
        } else if (effect instanceof SlotEffect.TimeOutCall late) {
            timeOut(late.callId());
        } else if (effect instanceof SlotEffect.Spawn spawn) {
            spawn(spawn.incarnation());
        } else if (effect instanceof SlotEffect.RefuseLease refuse) {
            refuse(refuse.callId());
        } else if (effect instanceof SlotEffect.Ended ended) {
            ended(ended);
        } else if (effect instanceof SlotEffect.StartTimer start) {
            start(start);
        } else if (effect instanceof SlotEffect.StopTimer stop) {
            timers.stop(stop.timer());
        } else if (effect instanceof SlotEffect.ScheduleRestart restart) {
            scheduleRestart(restart);
        } else if (effect instanceof SlotEffect.Offer offer) {
            ports.offered(this, offer.incarnation(), false);
        } else if (effect instanceof SlotEffect.OfferProbe offer) {
            ports.offered(this, offer.incarnation(), true);
        } else if (effect instanceof SlotEffect.Withdraw withdraw) {
            ports.withdrawn(number, withdraw.incarnation());
        } else if (effect instanceof SlotEffect.Retire) {
            ports.gone(this);
        } else if (link != null) {
            link.carryOut(effect);
            if (effect instanceof SlotEffect.Release) {
                link = null;
            }
        }
    }

    private void send(int incarnation) {
        TwinLink worker = Objects.requireNonNull(link, "a lease of no worker");
        ActiveCall call = Objects.requireNonNull(leased, "a lease without a call");
        contracts.sent(number, running, worker.incarnation(), incarnation);
        leased = null;
        running = call;
        boolean open = call.sending(() -> {});
        worker.send(call);
        long id = call.id();
        deadline = world.time.after(
                call.deadline() - world.time.nanoTime(), () -> on(new SlotEvent.DeadlinePassed(incarnation, id)));
        if (!open) {
            on(new SlotEvent.CallOver(incarnation, id));
        }
    }

    private void moved(SlotEffect.Moved moved) {
        publish();
        boolean back = moved.from() == WorkerState.DEGRADED && moved.to() == WorkerState.READY;
        if (back || moved.to() == WorkerState.TERMINATED) {
            world.context.outliers().renewed(number);
        }
        contracts.moved(number, moved);
        world.context
                .events()
                .publish(new PoolEvent.WorkerTransitioned(
                        world.context.worker(number),
                        moved.incarnation(),
                        moved.from(),
                        moved.to(),
                        moved.cause(),
                        world.time.now()));
    }

    private void timeOut(long callId) {
        ActiveCall late = running;
        TwinLink worker = link;
        if (late == null || worker == null || late.id() != callId) {
            return;
        }
        Execution seen = worker.executionOf(callId);
        boolean never = worker.isTooLateToStart(late);
        Execution now = never || seen != Execution.NOT_STARTED ? seen : Execution.UNKNOWN;
        late.fail(new CallTimedOut(
                TwinCalls.most(late.attempts(), now),
                late.timeout(),
                world.context.snapshot(),
                late.attempts(),
                late + " did not end in time",
                ""));
    }

    private void spawn(int incarnation) {
        if (link != null && link.process().isLiving()) {
            throw new IllegalStateException("slot " + number + " starts a process while the one before it lives");
        }
        contracts.spawned(number, incarnation);
        if (incarnation > 1) {
            world.context.stats().countRestart();
        }
        wear = RecycleWatch.draw(world.context);
        exitsOverdue = 0;
        completed = 0;
        readyAt = 0;
        memory = -1;
        world.context.outliers().renewed(number);
        TwinLink started = new TwinLink(world, faults, this, guardian, incarnation);
        link = started;
        started.spawn();
        PoolConfig config = world.config;
        if (config.memory().limit() > 0 || config.recycling().maxMemory() > 0) {
            world.time.after(config.memory().interval(), () -> measure(incarnation));
        }
    }

    private void ended(SlotEffect.Ended ended) {
        stopDeadline();
        if (age != null) {
            age.cancel();
        }
        WorkerExit exit = new WorkerExit(
                world.context.worker(number),
                ended.incarnation(),
                pid(),
                ended.cause(),
                diagnosis.status(),
                diagnosis.signal(),
                0,
                0,
                world.context.worker(number) + " ended: " + ended.cause() + " " + detail,
                List.of(),
                "");
        lastExit = exit;
        world.context.events().publish(new PoolEvent.WorkerExited(exit, ended.callId(), world.time.now()));
        faults.ended(number);
        ActiveCall open = takeBack(ended.cause());
        if (open != null && link != null) {
            publish();
            ports.lost(open, exit, link.executionOf(open.id()));
        }
        ports.withdrawn(number, ended.incarnation());
        ports.workerEnded(exit);
    }

    private @Nullable ActiveCall takeBack(TransitionCause cause) {
        ActiveCall open = running;
        if (link == null) {
            return null;
        }
        running = null;
        if (open == null) {
            return null;
        }
        open.admission().released(FailureTable.isWithin(cause));
        return link.takeBack(open) ? open : null;
    }

    private void start(SlotEffect.StartTimer start) {
        if (start.timer() == Timer.HEALTH && !world.config.operation().has(Safeguard.HEALTH_CHECKS)) {
            return;
        }
        Duration time = start.timer() == Timer.EJECTION ? ejectFor : SlotTimes.of(start.timer(), world.config);
        timers.start(start.incarnation(), start.timer(), time);
    }

    private void fired(int incarnation, Timer timer) {
        boolean overdue = timer == Timer.EXIT && incarnation == state.incarnation();
        if (overdue && ++exitsOverdue == EXITS_OVERDUE && link != null) {
            ports.guardianSuspected();
        }
        on(new SlotEvent.TimerFired(incarnation, timer));
    }

    private void stopDeadline() {
        if (deadline != null) {
            deadline.cancel();
        }
    }

    private void scheduleRestart(SlotEffect.ScheduleRestart restart) {
        PoolConfig.Restart policy = world.config.restart();
        Duration delay = new Backoff(policy.minBackoff(), policy.maxBackoff(), policy.jitter())
                .delay(restart.waits(), world.context.entropy().unit());
        if (restart.waits() > 0) {
            timers.start(restart.incarnation(), Timer.BACKOFF, delay);
        }
    }

    private long pid() {
        return link == null || !link.process().isLiving() ? 0 : 1000L * number + link.incarnation();
    }

    private void publish() {
        ActiveCall current = running != null ? running : leased;
        SlotState.Illness illness = state.illness();
        world.context.slot(new WorkerSnapshot(
                world.context.worker(number),
                state.incarnation(),
                state.phase(),
                pid(),
                current == null ? 0 : current.id(),
                completed,
                state.failures(),
                memory,
                lastExit,
                illness == null
                        ? WorkerSnapshot.Health.SOUND
                        : new WorkerSnapshot.Health(illness.cause(), illness.failed(), illness.passed())));
        world.time.mix(state.incarnation() * 64L + state.phase().ordinal());
    }

    /** Returns what is wrong with its books, empty when nothing is. */
    String trouble() {
        long expected = state instanceof SlotState.Busy busy
                ? busy.callId()
                : state instanceof SlotState.Ending ending ? ending.callId() : 0;
        long held = running == null ? 0 : running.id();
        return held == expected && leased == null ? "" : state + " and holds call " + held;
    }

    /** Returns whether its worker should have been replaced long ago. */
    boolean isOverdue() {
        long since = world.time.nanoTime() - readyAt;
        boolean old = wear.hasAge()
                && readyAt != 0
                && since > wear.age().plus(LONG_AGO).toNanos();
        return old || completed >= wear.calls();
    }
}
