package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotCore.Step;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState.Busy;
import dev.vivarium.internal.core.SlotState.Degraded;
import dev.vivarium.internal.core.SlotState.Ending;
import dev.vivarium.internal.core.SlotState.Illness;
import dev.vivarium.internal.core.SlotState.Ready;
import dev.vivarium.internal.core.SlotState.Service;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of a worker that is not to be trusted: how it gets there, which probes it is given, and how it comes
 * back or ends.
 *
 * <p>There are two illnesses. A worker that missed a health check gets no call until it has answered one again; then checks
 * and calls both count. An outlier, whose calls failed where those of others did not, is left alone for a time; then only
 * calls count, because checks are not what it fails. Either comes back after so many passes in a row, and ends after so many
 * failures in a row. Between two probe calls lies a probe interval, and of the timers that lead to the next probe, to the
 * next check and to the end of an ejection exactly one runs.
 */
final class DegradedCore {

    private final int maxFailures;
    private final int recoverAfter;

    DegradedCore(int maxFailures, int recoverAfter) {
        this.maxFailures = maxFailures;
        this.recoverAfter = recoverAfter;
    }

    /** An idle worker missed a health check. */
    Step missed(Ready state, Effects effects) {
        int incarnation = state.incarnation();
        effects.add(new SlotEffect.Withdraw(incarnation));
        if (maxFailures <= 1) {
            Ending ending =
                    new Ending(incarnation, state.failures(), WorkerState.READY, state.service(), 0, null, null);
            return Steps.killed(ending, TransitionCause.UNHEALTHY, null, effects);
        }
        effects.move(incarnation, WorkerState.READY, WorkerState.DEGRADED, TransitionCause.HEALTH_CHECK_FAILED);
        Illness illness = new Illness(TransitionCause.HEALTH_CHECK_FAILED, 1, 0);
        return check(new Degraded(incarnation, state.failures(), state.service(), illness, true, false), effects);
    }

    /** A worker answered a call, and with that it is an outlier. */
    Step ejected(Busy state, Service service, Effects effects) {
        int incarnation = state.incarnation();
        effects.move(incarnation, WorkerState.BUSY, WorkerState.DEGRADED, TransitionCause.OUTLIER);
        effects.start(incarnation, Timer.EJECTION);
        Illness illness = new Illness(TransitionCause.OUTLIER, 0, 0);
        return effects.then(new Degraded(incarnation, state.failures(), service, illness, false, false));
    }

    /** A degraded worker answered a probe call. */
    Step probed(Busy state, Service service, Illness before, Verdict verdict, Effects effects) {
        Illness illness = before.after(verdict);
        Degraded next = new Degraded(state.incarnation(), state.failures(), service.with(null), illness, false, false);
        if (verdict == Verdict.ALIKE && before.isOutlier()) {
            return restored(next, effects); // Its peers fail as it does: it is the handler, or what it is given.
        }
        if (illness.failed() >= maxFailures) {
            return Steps.killed(ending(next), TransitionCause.UNHEALTHY, null, effects);
        }
        if (illness.passed() >= recoverAfter) {
            return restored(next, effects);
        }
        return effects.start(state.incarnation(), Timer.PROBE).then(next);
    }

    /** Answers the events that a degraded worker has an answer of its own to; null for others. */
    @Nullable
    Step on(Degraded state, SlotEvent event) {
        int incarnation = state.incarnation();
        Effects effects = new Effects();
        if (event instanceof SlotEvent.Leased leased) {
            effects.stop(Timer.PONG).stop(Timer.PROBE);
            effects.add(new SlotEffect.SendCall(incarnation, leased.callId()));
            Service service = state.service().with(state.illness());
            return effects.then(new Busy(incarnation, state.failures(), service, leased.callId(), Rung.RUNNING, null));
        }
        if (event instanceof SlotEvent.Pong && state.checking()) {
            return ponged(state, effects.stop(Timer.PONG));
        }
        if (Steps.isTimer(event, Timer.PONG) && state.checking()) {
            return missedAgain(state, effects);
        }
        if (Steps.isTimer(event, Timer.PROBE) || Steps.isTimer(event, Timer.EJECTION)) {
            return check(state.illness().isOutlier() ? offered(state, effects) : state, effects);
        }
        if (event instanceof SlotEvent.Unwanted unwanted) {
            return Steps.killed(ending(state), unwanted.cause(), unwanted.cause(), leave(state));
        }
        if (event instanceof SlotEvent.Hello
                || event instanceof SlotEvent.Loaded
                || event instanceof SlotEvent.LoadFailed
                || event instanceof SlotEvent.Answered) {
            return Steps.killed(ending(state), TransitionCause.PROTOCOL_VIOLATION, null, leave(state));
        }
        return null;
    }

    private Step ponged(Degraded state, Effects effects) {
        if (state.illness().isOutlier()) {
            return effects.start(state.incarnation(), Timer.PROBE).then(state.checking(false));
        }
        Degraded next = state.checking(false).with(state.illness().after(Verdict.SOUND));
        if (next.illness().passed() >= recoverAfter) {
            return restored(next, effects);
        }
        effects.start(state.incarnation(), Timer.PROBE);
        return effects.then(offered(next, effects));
    }

    private Step missedAgain(Degraded state, Effects effects) {
        if (state.offered()) {
            effects.add(new SlotEffect.Withdraw(state.incarnation()));
        }
        Illness illness = state.illness().after(Verdict.OUTLIER);
        if (illness.failed() >= maxFailures) {
            return Steps.killed(ending(state), TransitionCause.UNHEALTHY, null, effects);
        }
        return check(state.with(illness).offered(false), effects);
    }

    private static Step check(Degraded state, Effects effects) {
        effects.add(new SlotEffect.SendPing(state.incarnation()));
        effects.start(state.incarnation(), Timer.PONG);
        return effects.then(state.checking(true));
    }

    private static Degraded offered(Degraded state, Effects effects) {
        if (!state.offered()) {
            effects.add(new SlotEffect.OfferProbe(state.incarnation()));
        }
        return state.offered(true);
    }

    /** Back to READY. What is still offered as a probe becomes an ordinary offer. */
    private static Step restored(Degraded state, Effects effects) {
        effects.move(state.incarnation(), WorkerState.DEGRADED, WorkerState.READY, TransitionCause.HEALTH_RESTORED);
        return Steps.idle(state.incarnation(), state.failures(), state.service(), effects);
    }

    static Ending ending(Degraded state) {
        return new Ending(state.incarnation(), state.failures(), WorkerState.DEGRADED, state.service(), 0, null, null);
    }

    /** Returns what has to be done before a degraded worker ends, whatever ends it. */
    static Effects leave(Degraded state) {
        Effects effects = new Effects().stop(Timer.PONG).stop(Timer.PROBE).stop(Timer.EJECTION);
        return state.offered() ? effects.add(new SlotEffect.Withdraw(state.incarnation())) : effects;
    }
}
