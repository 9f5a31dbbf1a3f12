package dev.vivarium.internal.core;

import dev.vivarium.LadderRung;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState.Busy;

/** The rungs that a worker is still alive after; see {@link LadderRung}. */
final class Ladder {

    private Ladder() {}

    static void stopRung(Busy state, Effects effects) {
        boolean reading = state.rung() == Rung.OVERDUE || state.rung() == Rung.STUCK;
        effects.stop(reading ? Timer.STACKS : Timer.FENCE);
    }

    static SlotCore.Step readStacks(Busy next, Effects effects) {
        effects.climb(next.incarnation(), next.callId(), LadderRung.READ_STACKS);
        effects.add(new SlotEffect.ReadStacks(next.incarnation()));
        effects.add(new SlotEffect.StartTimer(next.incarnation(), Timer.STACKS));
        return effects.then(next);
    }

    static SlotCore.Step timedOut(Busy state, Effects effects) {
        effects.add(new SlotEffect.TimeOutCall(state.incarnation(), state.callId()));
        return cancelled(state.at(Rung.TIMED_OUT), effects);
    }

    static SlotCore.Step cancelled(Busy next, Effects effects) {
        effects.climb(next.incarnation(), next.callId(), LadderRung.CANCEL);
        effects.add(new SlotEffect.SendCancel(next.incarnation(), next.callId()));
        effects.add(new SlotEffect.StartTimer(next.incarnation(), Timer.FENCE));
        return effects.then(next);
    }
}
