package dev.vivarium.internal.core;

import static dev.vivarium.internal.core.Steps.drained;
import static dev.vivarium.internal.core.Steps.firstOf;
import static dev.vivarium.internal.core.Steps.idle;
import static dev.vivarium.internal.core.Steps.isTimer;
import static dev.vivarium.internal.core.Steps.killed;
import static dev.vivarium.internal.core.Steps.leaving;
import static dev.vivarium.internal.core.Steps.retiring;
import static dev.vivarium.internal.core.Steps.same;
import static dev.vivarium.internal.core.Steps.withCause;

import dev.vivarium.LadderRung;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState.BackingOff;
import dev.vivarium.internal.core.SlotState.Busy;
import dev.vivarium.internal.core.SlotState.Degraded;
import dev.vivarium.internal.core.SlotState.Ending;
import dev.vivarium.internal.core.SlotState.Ready;
import dev.vivarium.internal.core.SlotState.Retired;
import dev.vivarium.internal.core.SlotState.Service;
import dev.vivarium.internal.core.SlotState.Starting;
import dev.vivarium.internal.core.SlotState.Vacant;
import java.time.Duration;
import java.util.List;

/**
 * Decides what a worker slot does: {@code (state, event, now) -> (state, effects)}.
 *
 * <p>Restarts: what counts is whether processes come to work. The restart after a worker that has answered a call is
 * immediate, and so is the one after a kill from outside, which says nothing against the worker. Other deaths count; each
 * further one in a row doubles the wait, until a worker has answered or has been ready for {@code stableAfter}. The slot never
 * gives up: a crash loop goes on at the longest wait and stays visible.
 *
 * <p>An end has one cause, the first true one: once the core has decided to end an incarnation, the exit status that this
 * leads to does not replace the reason.
 */
public final class SlotCore {

    private final Duration stableAfter;
    private final DegradedCore degraded;
    private final boolean readsStacks;
    private final boolean terminates;

    /** What follows an event. */
    public record Step(SlotState state, List<SlotEffect> effects) {

        /** Copies the effects. */
        public Step {
            effects = List.copyOf(effects);
        }
    }

    /**
     * Creates the core.
     *
     * @param stableAfter how long a worker must have been ready for failures to be forgotten
     * @param maxHealthFailures failed checks or probes in a row that end a worker
     * @param recoverAfter checks or probes in a row that a degraded worker must pass
     * @param readsStacks whether it is read what a worker's threads do before its call is timed out, or it is ended
     * @param terminates whether a worker that goes on with a call is asked to end before it is killed
     */
    public SlotCore(
            Duration stableAfter, int maxHealthFailures, int recoverAfter, boolean readsStacks, boolean terminates) {
        this.stableAfter = stableAfter;
        this.degraded = new DegradedCore(maxHealthFailures, recoverAfter);
        this.readsStacks = readsStacks;
        this.terminates = terminates;
    }

    /** Returns the state of a slot whose last incarnation was {@code incarnation}; 0 for a new slot. */
    public static SlotState initial(int incarnation) {
        return new Vacant(incarnation, 0);
    }

    /** Decides. An event of another incarnation than the current one changes nothing. */
    public Step on(SlotState state, SlotEvent event, long now) {
        if (event instanceof SlotEvent.OfIncarnation of && of.incarnation() != state.incarnation()) {
            return event instanceof SlotEvent.Leased leased
                    ? new Step(state, List.of(new SlotEffect.RefuseLease(leased.callId())))
                    : same(state);
        }
        if (event instanceof SlotEvent.Leased leased && !mayBeLeased(state)) {
            return new Step(state, List.of(new SlotEffect.RefuseLease(leased.callId())));
        }
        if (state instanceof Vacant vacant) {
            return vacant(vacant, event);
        }
        if (state instanceof BackingOff backingOff) {
            return backingOff(backingOff, event);
        }
        if (state instanceof Starting starting) {
            return starting(starting, event, now);
        }
        if (state instanceof Ready ready) {
            return ready(ready, event, now);
        }
        if (state instanceof Busy busy) {
            return busy(busy, event, now);
        }
        if (state instanceof Degraded degraded) {
            return degraded(degraded, event, now);
        }
        if (state instanceof Ending ending) {
            return ending(ending, event, now);
        }
        return same(state);
    }

    private static boolean mayBeLeased(SlotState state) {
        return state instanceof Ready || (state instanceof Degraded degraded && degraded.offered());
    }

    private Step vacant(Vacant state, SlotEvent event) {
        if (event instanceof SlotEvent.Wanted) {
            return spawn(state.incarnation(), state.failures(), new Effects());
        }
        if (event instanceof SlotEvent.Unwanted || event instanceof SlotEvent.EndNow) {
            return retired(state, new Effects());
        }
        return same(state);
    }

    private Step backingOff(BackingOff state, SlotEvent event) {
        if (isTimer(event, Timer.BACKOFF)) {
            return spawn(state.incarnation(), state.failures(), new Effects());
        }
        if (event instanceof SlotEvent.Unwanted || event instanceof SlotEvent.EndNow) {
            return retired(state, new Effects().add(new SlotEffect.StopTimer(Timer.BACKOFF)));
        }
        return same(state);
    }

    private Step starting(Starting state, SlotEvent event, long now) {
        int incarnation = state.incarnation();
        Effects effects = new Effects();
        if (event instanceof SlotEvent.Hello && !state.loading()) {
            effects.add(new SlotEffect.StopTimer(Timer.CONNECT));
            effects.add(new SlotEffect.StartTimer(incarnation, Timer.LOAD));
            effects.add(new SlotEffect.Welcome(incarnation));
            return effects.then(new Starting(incarnation, state.failures(), true));
        }
        if (event instanceof SlotEvent.Loaded && state.loading()) {
            effects.add(new SlotEffect.StopTimer(Timer.LOAD));
            effects.start(incarnation, Timer.HEALTH).add(new SlotEffect.Offer(incarnation));
            // After the offer: whoever hears of it may count on the router to know the worker.
            effects.move(incarnation, WorkerState.INITIALIZING, WorkerState.READY, TransitionCause.LOADED);
            return effects.then(new SlotState.Ready(incarnation, state.failures(), new Service(now, 0), false));
        }
        if (event instanceof SlotEvent.SpawnRefused) {
            return end(
                    new Ending(incarnation, state.failures(), WorkerState.INITIALIZING, null, 0, null, null),
                    TransitionCause.SPAWN_FAILED,
                    now,
                    effects.stop(Timer.CONNECT).stop(Timer.LOAD));
        }
        Ending ending = new Ending(incarnation, state.failures(), WorkerState.INITIALIZING, null, 0, null, null);
        effects.stop(Timer.CONNECT).stop(Timer.LOAD);
        if (event instanceof SlotEvent.Hello || event instanceof SlotEvent.Loaded) {
            return killed(ending, TransitionCause.PROTOCOL_VIOLATION, null, effects);
        }
        if (event instanceof SlotEvent.LoadFailed) {
            return leaving(ending, TransitionCause.LOAD_FAILED, null, effects);
        }
        if (isTimer(event, Timer.CONNECT)) {
            return killed(ending, TransitionCause.CONNECT_TIMEOUT, null, effects);
        }
        if (isTimer(event, Timer.LOAD)) {
            return killed(ending, TransitionCause.LOAD_TIMEOUT, null, effects);
        }
        if (event instanceof SlotEvent.Unwanted unwanted) {
            return killed(ending, unwanted.cause(), unwanted.cause(), effects);
        }
        return alive(ending, state, event, now, effects);
    }

    private Step ready(Ready state, SlotEvent event, long now) {
        int incarnation = state.incarnation();
        Effects effects = new Effects();
        if (event instanceof SlotEvent.Leased leased) {
            // An unanswered check is forgotten: a busy worker is not sick, and the call will tell.
            effects.stop(Timer.HEALTH).stop(Timer.PONG);
            effects.move(incarnation, WorkerState.READY, WorkerState.BUSY, TransitionCause.LEASED);
            effects.add(new SlotEffect.SendCall(incarnation, leased.callId()));
            return effects.then(
                    new Busy(incarnation, state.failures(), state.service(), leased.callId(), Rung.RUNNING, null));
        }
        if (isTimer(event, Timer.HEALTH)) {
            effects.add(new SlotEffect.SendPing(incarnation));
            effects.add(new SlotEffect.StartTimer(incarnation, Timer.PONG));
            return effects.then(new Ready(incarnation, state.failures(), state.service(), true));
        }
        if (event instanceof SlotEvent.Pong && state.pinged()) {
            effects.stop(Timer.PONG);
            effects.add(new SlotEffect.StartTimer(incarnation, Timer.HEALTH));
            return effects.then(new Ready(incarnation, state.failures(), state.service(), false));
        }
        if (isTimer(event, Timer.PONG) && state.pinged()) {
            return degraded.missed(state, effects);
        }
        if (event instanceof SlotEvent.Unwanted unwanted) {
            effects.stop(Timer.HEALTH).stop(Timer.PONG);
            effects.add(new SlotEffect.Withdraw(incarnation));
            return drained(ending(state, 0), unwanted.cause(), effects);
        }
        if (event instanceof SlotEvent.Hello
                || event instanceof SlotEvent.Loaded
                || event instanceof SlotEvent.LoadFailed
                || event instanceof SlotEvent.Answered) {
            return killed(
                    ending(state, 0),
                    TransitionCause.PROTOCOL_VIOLATION,
                    null,
                    effects.stop(Timer.HEALTH).stop(Timer.PONG).add(new SlotEffect.Withdraw(incarnation)));
        }
        return alive(
                ending(state, 0),
                state,
                event,
                now,
                effects.stop(Timer.HEALTH).stop(Timer.PONG).add(new SlotEffect.Withdraw(incarnation)));
    }

    private Step busy(Busy state, SlotEvent event, long now) {
        int incarnation = state.incarnation();
        Effects effects = new Effects();
        if (event instanceof SlotEvent.Answered answered && answered.callId() == state.callId()) {
            Service service = state.service().answered();
            Ladder.stopRung(state, effects);
            if (state.retiring() != null) {
                return drained(
                        new Ending(incarnation, state.failures(), state.published(), service, 0, null, null),
                        state.retiring(),
                        effects);
            }
            if (service.illness() != null) {
                return degraded.probed(state, service, service.illness(), answered.verdict(), effects);
            }
            if (answered.verdict() == SlotEvent.Verdict.OUTLIER) {
                return degraded.ejected(state, service, effects);
            }
            effects.move(incarnation, WorkerState.BUSY, WorkerState.READY, TransitionCause.RELEASED);
            return idle(incarnation, state.failures(), service, effects);
        }
        if (event instanceof SlotEvent.DeadlinePassed passed
                && passed.callId() == state.callId()
                && state.rung() == Rung.RUNNING) {
            return readsStacks ? Ladder.readStacks(state.at(Rung.OVERDUE), effects) : Ladder.timedOut(state, effects);
        }
        if (event instanceof SlotEvent.CallOver over && over.callId() == state.callId() && !state.fenced()) {
            if (state.rung() == Rung.OVERDUE) {
                effects.stop(Timer.STACKS);
            }
            return Ladder.cancelled(state.at(Rung.CANCELLED), effects);
        }
        boolean stacksRead = event instanceof SlotEvent.StacksRead || isTimer(event, Timer.STACKS);
        if (stacksRead && state.rung() == Rung.OVERDUE) {
            return Ladder.timedOut(state, effects.stop(Timer.STACKS));
        }
        if (isTimer(event, Timer.FENCE) && state.rung() == Rung.CANCELLED && readsStacks) {
            return Ladder.readStacks(state.at(Rung.STUCK), effects);
        }
        if (event instanceof SlotEvent.Unwanted unwanted) {
            return effects.then(new Busy(
                    incarnation, state.failures(), state.service(), state.callId(), state.rung(), unwanted.cause()));
        }
        Ending ending = new Ending(
                incarnation,
                state.failures(),
                state.published(),
                state.service(),
                state.callId(),
                null,
                state.retiring());
        Ladder.stopRung(state, effects);
        if ((stacksRead && state.rung() == Rung.STUCK) || (isTimer(event, Timer.FENCE) && state.fenced())) {
            return hung(ending, effects);
        }
        if (event instanceof SlotEvent.Answered
                || event instanceof SlotEvent.Hello
                || event instanceof SlotEvent.Loaded
                || event instanceof SlotEvent.LoadFailed) {
            return killed(ending, TransitionCause.PROTOCOL_VIOLATION, state.retiring(), effects);
        }
        return alive(ending, state, event, now, effects);
    }

    private Step hung(Ending ending, Effects effects) {
        if (!terminates) {
            effects.climb(ending.incarnation(), ending.callId(), LadderRung.KILL);
            return killed(ending, TransitionCause.HUNG, ending.retiring(), effects);
        }
        effects.climb(ending.incarnation(), ending.callId(), LadderRung.TERMINATE);
        effects.add(new SlotEffect.Terminate(ending.incarnation()));
        effects.add(new SlotEffect.StartTimer(ending.incarnation(), Timer.TERMINATE));
        return effects.then(withCause(ending, TransitionCause.HUNG));
    }

    private Step degraded(Degraded state, SlotEvent event, long now) {
        Step step = degraded.on(state, event);
        return step != null ? step : alive(DegradedCore.ending(state), state, event, now, DegradedCore.leave(state));
    }

    /** Answers the events that mean the same to every incarnation that is alive; the effects are used only if one fits. */
    private Step alive(Ending ending, SlotState state, SlotEvent event, long now, Effects effects) {
        if (event instanceof SlotEvent.Violated) {
            return killed(ending, TransitionCause.PROTOCOL_VIOLATION, ending.retiring(), effects);
        }
        if (event instanceof SlotEvent.ChannelClosed) {
            return leaving(ending, null, ending.retiring(), effects);
        }
        if (event instanceof SlotEvent.Outgrown) {
            return killed(ending, TransitionCause.MEMORY_LIMIT, ending.retiring(), effects);
        }
        if (event instanceof SlotEvent.EndNow now1) {
            return killed(ending, now1.cause(), now1.cause(), effects);
        }
        if (event instanceof SlotEvent.Exited exited) {
            return end(ending, exited.cause(), now, effects);
        }
        if (event instanceof SlotEvent.GuardianLost) {
            return end(ending, TransitionCause.GUARDIAN_LOST, now, effects);
        }
        return same(state);
    }

    private Step ending(Ending state, SlotEvent event, long now) {
        if (event instanceof SlotEvent.Exited exited) {
            return end(state, exited.cause(), now, ended(state));
        }
        if (event instanceof SlotEvent.GuardianLost) {
            return end(state, TransitionCause.GUARDIAN_LOST, now, ended(state));
        }
        if (event instanceof SlotEvent.SpawnRefused) {
            return end(state, TransitionCause.SPAWN_FAILED, now, ended(state));
        }
        if (event instanceof SlotEvent.Unwanted unwanted) {
            return new Effects().then(retiring(state, unwanted.cause()));
        }
        if (event instanceof SlotEvent.EndNow endNow) {
            return killed(
                    retiring(state, endNow.cause()),
                    firstOf(state.cause(), endNow.cause()),
                    endNow.cause(),
                    new Effects());
        }
        if (isTimer(event, Timer.TERMINATE) && state.cause() == TransitionCause.HUNG) {
            Effects effects = new Effects().climb(state.incarnation(), state.callId(), LadderRung.KILL);
            return killed(state, TransitionCause.HUNG, state.retiring(), effects);
        }
        if (isTimer(event, Timer.EXIT)) {
            // It closed its channel, or was asked to end, and is still there. Asking again and again covers a kill that
            // got lost.
            return killed(
                    state, firstOf(state.cause(), TransitionCause.PROTOCOL_VIOLATION), state.retiring(), new Effects());
        }
        if (event instanceof SlotEvent.Outgrown) {
            // It may be told of again and again until the process has ended: the timer that its end is watched by goes
            // on.
            return new Effects()
                    .add(new SlotEffect.Kill(state.incarnation()))
                    .then(withCause(state, firstOf(state.cause(), TransitionCause.MEMORY_LIMIT)));
        }
        if (event instanceof SlotEvent.LoadFailed && state.cause() == null) {
            return same(withCause(state, TransitionCause.LOAD_FAILED));
        }
        if (event instanceof SlotEvent.Violated && state.cause() == null) {
            return killed(state, TransitionCause.PROTOCOL_VIOLATION, state.retiring(), new Effects());
        }
        if (event instanceof SlotEvent.Answered answered
                && state.callId() == answered.callId()
                && state.service() != null) {
            // The answer was on its way when the channel closed: the call is safe, and only the process is lost.
            return same(new Ending(
                    state.incarnation(),
                    state.failures(),
                    state.from(),
                    state.service().answered(),
                    0,
                    state.cause(),
                    state.retiring()));
        }
        return same(state);
    }

    private static Effects ended(Ending state) {
        Effects effects = new Effects().stop(Timer.EXIT);
        return state.cause() == TransitionCause.HUNG ? effects.stop(Timer.TERMINATE) : effects;
    }

    private static Ending ending(Ready state, long callId) {
        return new Ending(
                state.incarnation(), state.failures(), WorkerState.READY, state.service(), callId, null, null);
    }

    private Step end(Ending state, TransitionCause reported, long now, Effects effects) {
        TransitionCause cause = firstOf(state.cause(), reported);
        effects.move(state.incarnation(), state.from(), WorkerState.TERMINATED, cause);
        effects.add(new SlotEffect.Ended(state.incarnation(), cause, state.callId()));
        effects.add(new SlotEffect.Release(state.incarnation()));
        if (state.retiring() != null) {
            return retired(new Vacant(state.incarnation(), state.failures()), effects);
        }
        boolean innocent =
                cause == TransitionCause.GUARDIAN_LOST || (cause == TransitionCause.KILLED && state.service() != null);
        if (innocent) {
            return restart(state.incarnation(), state.failures(), 0, cause, effects);
        }
        Service service = state.service();
        boolean stable = service != null && now - service.readySince() >= stableAfter.toNanos();
        boolean served = service != null && service.completed() > 0;
        int failures = stable || served ? 1 : state.failures() + 1;
        return restart(state.incarnation(), failures, served ? 0 : failures, cause, effects);
    }

    private static Step restart(int incarnation, int failures, int waits, TransitionCause cause, Effects effects) {
        effects.add(new SlotEffect.ScheduleRestart(incarnation, failures, waits, cause));
        return waits == 0 ? spawn(incarnation, failures, effects) : effects.then(new BackingOff(incarnation, failures));
    }

    private static Step spawn(int previous, int failures, Effects effects) {
        int incarnation = previous + 1;
        effects.move(incarnation, null, WorkerState.INITIALIZING, TransitionCause.STARTED);
        effects.add(new SlotEffect.Spawn(incarnation));
        effects.add(new SlotEffect.StartTimer(incarnation, Timer.CONNECT));
        return effects.then(new Starting(incarnation, failures, false));
    }

    private static Step retired(SlotState state, Effects effects) {
        effects.add(new SlotEffect.Retire());
        return effects.then(new Retired(state.incarnation(), state.failures()));
    }
}
