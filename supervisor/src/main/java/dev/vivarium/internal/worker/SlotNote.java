package dev.vivarium.internal.worker;

import dev.vivarium.internal.core.SlotEvent.Timer;

/** What a slot tells itself. */
sealed interface SlotNote extends WorkerSlot.Command {

    /** The caller of a call that was sent has ended it. */
    record CallStopped(int incarnation, long callId) implements SlotNote {}

    /** The deadline of the call that was sent has passed. */
    record DeadlinePassed(int incarnation, long callId) implements SlotNote {}

    /** A timer that the core asked for has elapsed. */
    record TimerElapsed(int incarnation, Timer timer) implements SlotNote {}

    /** The scheduler's timer behind one that is mostly stopped before it fires has fired. */
    record Look(String timer) implements SlotNote {}

    /** The worker is as old as it may become. */
    record GrownOld(int incarnation) implements SlotNote {}

    /** It is time to look whether the call goes on. */
    record ProgressDue(int incarnation, long callId) implements SlotNote {}
}
