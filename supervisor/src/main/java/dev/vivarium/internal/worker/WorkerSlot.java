package dev.vivarium.internal.worker;

import dev.vivarium.LadderRung;
import dev.vivarium.PoolConfig;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.protocol.message.Ready;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Owns one worker slot, and in it one Python process at a time. {@link SlotCore} decides; this actor carries out.
 *
 * <p>States and moves are the core's, so the actor has one behavior: every message becomes an event.
 */
public final class WorkerSlot {

    /** The messages of a slot. */
    public sealed interface Command
            permits Want, Dismiss, EndNow, Lease, CloseSession, Unfit, SendSignal, Forgotten, SlotNote, SlotReport {}

    /** The pool needs the slot to run. */
    public record Want() implements Command {}

    /** The slot shall end after its call. */
    public record Dismiss(TransitionCause cause) implements Command {}

    /** The slot shall end now. */
    public record EndNow(TransitionCause cause) implements Command {}

    /** The router leased the worker to a call. */
    public record Lease(int incarnation, ActiveCall call) implements Command {}

    /** Have the worker let a session go, once it is idle; unless that incarnation has ended. */
    public record CloseSession(int incarnation, String session) implements Command {}

    /** The worker is not to serve any more, for the reason given as a clause; unless that incarnation has ended. */
    public record Unfit(int incarnation, String why) implements Command {}

    /** Send a signal to the process, or to its group; unless that incarnation has ended. */
    public record SendSignal(int incarnation, Signal signal, boolean group) implements Command {}

    /** The router has forgotten the slot, which has ended: no lease is on its way any more. */
    public record Forgotten() implements Command {}

    private static final String PROGRESS = "progress";
    private static final int EXITS_OVERDUE = 2;

    private final ActorContext<Command> actor;
    private final TimerScheduler<Command> timers;
    private final PoolContext context;
    private final WorkerDriver.Factory drivers;
    private final RouterPort router;
    private final PoolPort pool;
    private final int slot;
    private final AtomicInteger lastIncarnation;
    private final int firstIncarnation;
    private final SlotCore core;
    private final SlotNews news;
    private final SlotCall call;
    private final SlotHealth health;
    private final RouterEffects outlets;
    private final TimerEffects clock;
    private final SessionCloses closes = new SessionCloses();
    private final SlotSettings settings;
    private SlotState state;
    private @Nullable WorkerDriver driver;
    private @Nullable WorkerExit lastExit;
    private EndRecord end;
    private Wear wear;
    private int exitsOverdue;
    private boolean everReady;

    private WorkerSlot(
            ActorContext<Command> actor,
            TimerScheduler<Command> timers,
            PoolContext context,
            WorkerDriver.Factory drivers,
            RouterPort router,
            PoolPort pool,
            int slot,
            AtomicInteger lastIncarnation,
            int before) {
        this.actor = actor;
        this.timers = timers;
        this.context = context;
        this.drivers = drivers;
        this.router = router;
        this.pool = pool;
        this.slot = slot;
        this.lastIncarnation = lastIncarnation;
        this.firstIncarnation = before + 1;
        PoolConfig config = context.config();
        this.core = new SlotCore(
                config.restart().stableAfter(),
                config.health().maxFailures(),
                config.probes().successes(),
                config.timeouts().stackDump().compareTo(Duration.ZERO) > 0,
                config.timeouts().terminateGrace().compareTo(Duration.ZERO) > 0);
        this.news = new SlotNews(context, slot);
        this.call = new SlotCall(context, slot);
        this.settings = new SlotSettings(context, slot);
        this.health = new SlotHealth(context, slot);
        this.outlets = new RouterEffects(router, slot, actor.getSelf());
        this.clock = new TimerEffects(timers, context, health, news);
        this.state = SlotCore.initial(lastIncarnation.get());
        this.end = new EndRecord(context, slot, lastIncarnation.get());
        this.wear = new Wear(pool, slot, 0, RecycleWatch.NEVER, end);
        publish();
    }

    /**
     * Returns the behavior of a slot. A defect in it ends its process and starts it anew, with the next incarnation.
     *
     * @param slot the slot's number, from 1
     * @param lastIncarnation the last incarnation that any slot of this number has had. It outlives this actor: an
     *     incarnation's number is never used twice, whatever becomes of the slot
     */
    public static Behavior<Command> create(
            PoolContext context,
            WorkerDriver.Factory drivers,
            RouterPort router,
            PoolPort pool,
            int slot,
            AtomicInteger lastIncarnation) {
        int before = lastIncarnation.get();
        Behavior<Command> behavior = Behaviors.setup(actor -> Behaviors.withTimers(timers -> {
            boolean again = lastIncarnation.get() > before;
            WorkerSlot self =
                    new WorkerSlot(actor, timers, context, drivers, router, pool, slot, lastIncarnation, before);
            if (again) {
                actor.getSelf().tell(new Want());
            }
            return self.behavior();
        }));
        return Behaviors.supervise(behavior)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    private Behavior<Command> behavior() {
        return Behaviors.receive(Command.class)
                .onMessage(Lease.class, this::onLease)
                .onMessage(SlotReport.CallAnswered.class, this::onCallAnswered)
                .onMessage(SlotNote.CallStopped.class, this::onCallStopped)
                .onMessage(SlotNote.DeadlinePassed.class, this::onDeadlinePassed)
                .onMessage(SlotNote.ProgressDue.class, this::onProgressDue)
                .onMessage(SlotNote.TimerElapsed.class, this::onTimerElapsed)
                .onMessage(SlotNote.Look.class, message -> clock.onLook(message, actor.getSelf()))
                .onMessage(Want.class, message -> apply(new SlotEvent.Wanted()))
                .onMessage(Dismiss.class, this::onDismiss)
                .onMessage(EndNow.class, this::onEndNow)
                .onMessage(SlotNote.GrownOld.class, this::onGrownOld)
                .onMessage(CloseSession.class, this::onCloseSession)
                .onMessage(Unfit.class, this::onUnfit)
                .onMessage(SendSignal.class, this::onSendSignal)
                .onMessage(Forgotten.class, this::onForgotten)
                .onMessage(SlotReport.Spawned.class, this::onSpawned)
                .onMessage(SlotReport.SpawnRefused.class, this::onSpawnRefused)
                .onMessage(SlotReport.HelloReceived.class, this::onHelloReceived)
                .onMessage(SlotReport.ReadyReceived.class, this::onReadyReceived)
                .onMessage(SlotReport.LoadFailed.class, this::onLoadFailed)
                .onMessage(SlotReport.PongReceived.class, this::onPongReceived)
                .onMessage(SlotReport.StacksRead.class, this::onStacksRead)
                .onMessage(SlotReport.ViolationSeen.class, this::onViolationSeen)
                .onMessage(SlotReport.ChannelEnded.class, this::onChannelEnded)
                .onMessage(SlotReport.MemoryMeasured.class, this::onMemoryMeasured)
                .onMessage(SlotReport.ProcessExited.class, this::onProcessExited)
                .onMessage(SlotReport.GuardianGone.class, this::onGuardianGone)
                .onSignal(PreRestart.class, signal -> onBreakdown(this::lose))
                .onSignal(PostStop.class, signal -> onBreakdown(call::giveUp))
                .build();
    }

    private Behavior<Command> onDismiss(Dismiss message) {
        return apply(new SlotEvent.Unwanted(message.cause()));
    }

    private Behavior<Command> onEndNow(EndNow message) {
        return apply(new SlotEvent.EndNow(message.cause()));
    }

    private Behavior<Command> onLease(Lease message) {
        if (!call.lease(message, state, router)) {
            outlets.carryOut(new SlotEffect.Offer(message.incarnation()));
            return Behaviors.same();
        }
        return apply(new SlotEvent.Leased(message.incarnation(), message.call().id()));
    }

    private Behavior<Command> onCallAnswered(SlotReport.CallAnswered message) {
        if (driver != null && settings.answered(message.callId())) {
            return prepare(message.incarnation(), driver);
        }
        Verdict verdict = Verdict.NONE;
        ActiveCall answered = call.answered(message.callId());
        if (answered != null) {
            verdict = health.answered(answered, message.incarnation());
            clock.stopDeadline();
            timers.cancel(PROGRESS);
            wear.answered();
        }
        Behavior<Command> next = apply(new SlotEvent.Answered(message.incarnation(), message.callId(), verdict));
        if (answered != null && !(state instanceof SlotState.Ready)) {
            router.withdrawn(slot, state.incarnation()); // It is out of the call, and nothing else says so.
        }
        closes.answered(state, driver); // Before the next lease, which can only come now.
        return next;
    }

    private Behavior<Command> onCallStopped(SlotNote.CallStopped message) {
        return apply(new SlotEvent.CallOver(message.incarnation(), message.callId()));
    }

    private Behavior<Command> onDeadlinePassed(SlotNote.DeadlinePassed message) {
        return apply(new SlotEvent.DeadlinePassed(message.incarnation(), message.callId()));
    }

    private Behavior<Command> onProgressDue(SlotNote.ProgressDue message) {
        boolean current = message.incarnation() == state.incarnation() && message.callId() == call.id();
        if (!current || driver == null || !health.isStalled(driver)) {
            return Behaviors.same();
        }
        timers.cancel(PROGRESS);
        boolean ended = call.stall(message.callId(), message.incarnation(), health.steps(), driver);
        return ended ? apply(new SlotEvent.CallOver(message.incarnation(), message.callId())) : Behaviors.same();
    }

    private Behavior<Command> onTimerElapsed(SlotNote.TimerElapsed message) {
        boolean overdue = message.timer() == Timer.EXIT && message.incarnation() == state.incarnation();
        if (overdue && ++exitsOverdue == EXITS_OVERDUE && driver != null) {
            // It was killed and its end has not been reported: then it is the guardian that does not work.
            driver.suspectGuardian();
        }
        if (message.timer() == Timer.PONG && message.incarnation() == state.incarnation()) {
            news.checked(message.incarnation(), false);
        }
        return apply(new SlotEvent.TimerFired(message.incarnation(), message.timer()));
    }

    private Behavior<Command> onGrownOld(SlotNote.GrownOld message) {
        wear.grownOld(message.incarnation());
        return Behaviors.same();
    }

    private Behavior<Command> onMemoryMeasured(SlotReport.MemoryMeasured message) {
        if (message.incarnation() != state.incarnation()) {
            return Behaviors.same();
        }
        boolean over = end.measured(message.use());
        publish();
        if (over) {
            return apply(new SlotEvent.Outgrown(message.incarnation()));
        }
        wear.measured(message.use());
        return Behaviors.same();
    }

    private Behavior<Command> onCloseSession(CloseSession message) {
        closes.add(message, state, driver);
        return Behaviors.same();
    }

    private Behavior<Command> onUnfit(Unfit message) {
        end.detail(message.incarnation(), message.why());
        return onSendSignal(new SendSignal(message.incarnation(), Signal.KILL, true));
    }

    private Behavior<Command> onSendSignal(SendSignal message) {
        if (driver != null && message.incarnation() == state.incarnation()) {
            driver.signal(message.signal().number(), message.group());
        }
        return Behaviors.same();
    }

    private Behavior<Command> onSpawned(SlotReport.Spawned message) {
        if (message.incarnation() == state.incarnation()) {
            end.pid(message.pid());
            clock.spawned(message.incarnation());
            publish();
        }
        return Behaviors.same();
    }

    private Behavior<Command> onSpawnRefused(SlotReport.SpawnRefused message) {
        end.detail(message.incarnation(), "could not be started: " + message.reason());
        return apply(new SlotEvent.SpawnRefused(message.incarnation()));
    }

    private Behavior<Command> onHelloReceived(SlotReport.HelloReceived message) {
        return apply(new SlotEvent.Hello(message.incarnation()));
    }

    private Behavior<Command> onReadyReceived(SlotReport.ReadyReceived message) {
        if (driver == null || message.incarnation() != state.incarnation() || !settings.begin(message)) {
            return apply(new SlotEvent.Loaded(message.incarnation())); // If it fits at all, the core knows what to do.
        }
        return prepare(message.incarnation(), driver);
    }

    /** The worker has loaded its handlers: gives it the settings that it lacks, and is done when it lacks none. */
    private Behavior<Command> prepare(int incarnation, WorkerDriver worker) {
        if (settings.refused(end)) {
            worker.drain();
            return apply(new SlotEvent.LoadFailed(incarnation));
        }
        Ready ready = settings.next(worker, incarnation, end);
        if (ready == null) {
            return Behaviors.same();
        }
        everReady = true;
        pool.ready(slot, ready);
        Behavior<Command> next = apply(new SlotEvent.Loaded(incarnation));
        if (state instanceof SlotState.Ready) {
            wear.startAge(timers, incarnation);
            pool.settled(slot);
        }
        return next;
    }

    private Behavior<Command> onLoadFailed(SlotReport.LoadFailed message) {
        end.loadError(message.incarnation(), message.error());
        return apply(new SlotEvent.LoadFailed(message.incarnation()));
    }

    private Behavior<Command> onPongReceived(SlotReport.PongReceived message) {
        if (message.incarnation() == state.incarnation()) {
            news.checked(message.incarnation(), true);
        }
        return apply(new SlotEvent.Pong(message.incarnation()));
    }

    private Behavior<Command> onStacksRead(SlotReport.StacksRead message) {
        return apply(new SlotEvent.StacksRead(message.incarnation()));
    }

    private Behavior<Command> onViolationSeen(SlotReport.ViolationSeen message) {
        end.detail(message.incarnation(), "broke the protocol: " + message.violation());
        return apply(new SlotEvent.Violated(message.incarnation()));
    }

    private Behavior<Command> onChannelEnded(SlotReport.ChannelEnded message) {
        return apply(new SlotEvent.ChannelClosed(message.incarnation()));
    }

    private Behavior<Command> onProcessExited(SlotReport.ProcessExited message) {
        if (message.incarnation() != state.incarnation()) {
            return Behaviors.same();
        }
        return apply(new SlotEvent.Exited(message.incarnation(), end.report(message.report(), state, driver)));
    }

    private Behavior<Command> onGuardianGone(SlotReport.GuardianGone message) {
        return apply(new SlotEvent.GuardianLost(message.incarnation()));
    }

    /** This actor stops or starts anew because of a defect, or its parent ends: nothing of the process may stay. */
    private Behavior<Command> onBreakdown(BiConsumer<ActiveCall, WorkerDriver> unfinished) {
        WorkerDriver current = driver;
        if (current != null) {
            current.signal(Signal.KILL.number(), true);
            router.withdrawn(slot, state.incarnation());
            current.release();
            driver = null;
        }
        ActiveCall open = call.takeBack(current, TransitionCause.DRAINED);
        if (open != null && current != null) {
            unfinished.accept(open, current);
        }
        if (current != null) {
            settings.over(end.exit(TransitionCause.DRAINED, current.lastLines()), router);
        }
        return Behaviors.same();
    }

    private void lose(ActiveCall open, WorkerDriver from) {
        WorkerExit exit = end.exit(TransitionCause.DRAINED, from.lastLines());
        router.lost(open, exit, Progress.certain(from.executionOf(open.id())));
    }

    private Behavior<Command> apply(SlotEvent event) {
        SlotCore.Step step = core.on(state, event, context.clock().nanoTime());
        SlotState before = state;
        state = step.state();
        step.effects().forEach(this::perform);
        if (state != before) {
            publish();
        }
        return Behaviors.same();
    }

    /** The end of a slot whose core has retired. Until the router says so, a lease may be on its way and must be refused. */
    private Behavior<Command> onForgotten(Forgotten message) {
        context.slotEnded(slot);
        pool.retired(slot);
        return Behaviors.stopped();
    }

    private void perform(SlotEffect effect) {
        if (effect instanceof SlotEffect.SendCall send) {
            sendCall(send.incarnation(), send.callId());
        } else if (effect instanceof SlotEffect.Moved moved) {
            if (context.events().isHeard()) {
                publish(); // Whoever hears of it finds it so.
            }
            health.moved(moved);
            news.moved(moved);
        } else if (effect instanceof SlotEffect.Climbed climbed) {
            climbed(climbed);
        } else if (effect instanceof SlotEffect.TimeOutCall late && driver != null) {
            end.stacks(call.timeOut(late.callId(), late.incarnation(), driver));
        } else if (effect instanceof SlotEffect.Spawn spawn) {
            spawn(spawn.incarnation());
        } else if (effect instanceof SlotEffect.RefuseLease refuse) {
            call.refuse(refuse.callId(), router);
        } else if (effect instanceof SlotEffect.Ended ended) {
            ended(ended);
        } else if (!clock.carryOut(effect) && !outlets.carryOut(effect) && driver != null) {
            DriverEffects.carryOut(effect, driver);
            if (effect instanceof SlotEffect.Release) {
                driver = null; // Its number may soon be another's: nothing may be sent to it any more.
            }
        }
    }

    private void spawn(int incarnation) {
        lastIncarnation.set(incarnation);
        if (incarnation > firstIncarnation) {
            context.stats().countRestart();
        }
        end = new EndRecord(context, slot, incarnation);
        wear = new Wear(pool, slot, incarnation, RecycleWatch.draw(context), end);
        exitsOverdue = 0;
        health.renewed();
        closes.forget();
        WorkerDriver started = drivers.create(slot, incarnation, new DriverReports(actor.getSelf(), incarnation));
        driver = started;
        started.spawn();
    }

    private void sendCall(int incarnation, long id) {
        WorkerDriver worker = Objects.requireNonNull(driver, "a lease of no worker");
        Duration look = health.watch(worker); // Before the handler can have begun.
        long deadline = call.send(worker, () -> actor.getSelf().tell(new SlotNote.CallStopped(incarnation, id)));
        clock.startDeadline(incarnation, id, deadline);
        if (look != null) {
            timers.startTimerWithFixedDelay(PROGRESS, new SlotNote.ProgressDue(incarnation, id), look);
        }
    }

    private void climbed(SlotEffect.Climbed climbed) {
        if (driver != null && climbed.rung() != LadderRung.READ_STACKS) {
            end.stacks(driver.stacks());
        }
        news.climbed(climbed);
    }

    private void ended(SlotEffect.Ended ended) {
        clock.stopDeadline();
        timers.cancel(PROGRESS);
        WorkerExit exit = end.exit(ended.cause(), driver == null ? List.of() : driver.lastLines());
        lastExit = exit;
        news.exited(exit, ended.callId());
        ActiveCall open = call.takeBack(driver, ended.cause());
        if (open != null && driver != null) {
            publish(); // From here on it may be another's.
            router.lost(open, exit, driver.executionOf(open.id()));
        }
        router.withdrawn(slot, ended.incarnation()); // Its call may have been answered, and it never offered again.
        settings.over(exit, router);
        if (!everReady || state instanceof SlotState.BackingOff) {
            pool.startFailed(slot, exit, end.loadError());
        }
    }

    private void publish() {
        news.state(state, end, call.id(), wear.completed(), lastExit);
    }
}
