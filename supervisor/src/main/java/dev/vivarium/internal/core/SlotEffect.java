package dev.vivarium.internal.core;

import dev.vivarium.LadderRung;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Timer;
import org.jspecify.annotations.Nullable;

/** Something that the owner of a worker slot must do, in the order given. */
public sealed interface SlotEffect {

    /** Start a process for this incarnation. */
    record Spawn(int incarnation) implements SlotEffect {}

    /** Answer the worker's hello, which makes it load its handlers. */
    record Welcome(int incarnation) implements SlotEffect {}

    /** Send the leased call. */
    record SendCall(int incarnation, long callId) implements SlotEffect {}

    /** Give a call back that this slot cannot take. */
    record RefuseLease(long callId) implements SlotEffect {}

    /** Ask the worker to stop running a call. */
    record SendCancel(int incarnation, long callId) implements SlotEffect {}

    /** Have read what the worker's threads do. */
    record ReadStacks(int incarnation) implements SlotEffect {}

    /** Tell the caller that the deadline has passed, and what the worker's threads did then. */
    record TimeOutCall(int incarnation, long callId) implements SlotEffect {}

    /** Ask the process and its group to end. */
    record Terminate(int incarnation) implements SlotEffect {}

    /** Publish that a rung of the timeout ladder is being taken. */
    record Climbed(int incarnation, long callId, LadderRung rung) implements SlotEffect {}

    /** Send a health check. */
    record SendPing(int incarnation) implements SlotEffect {}

    /** Ask an idle worker to end. */
    record SendDrain(int incarnation) implements SlotEffect {}

    /** Kill the process and its group. */
    record Kill(int incarnation) implements SlotEffect {}

    /** Let go of everything that belonged to an ended incarnation. */
    record Release(int incarnation) implements SlotEffect {}

    /** Start a timer, in place of a running one of its kind. */
    record StartTimer(int incarnation, Timer timer) implements SlotEffect {}

    /** Stop a timer. */
    record StopTimer(Timer timer) implements SlotEffect {}

    /** Start the backoff timer for the given number of failures; 0 means that the next start follows at once. */
    record ScheduleRestart(int incarnation, int failures, int waits, TransitionCause cause) implements SlotEffect {}

    /** Publish a transition. */
    record Moved(int incarnation, @Nullable WorkerState from, WorkerState to, TransitionCause cause)
            implements SlotEffect {}

    /** Tell the router that the worker may be leased. */
    record Offer(int incarnation) implements SlotEffect {}

    /** Tell the router that the worker may not be leased any more. */
    record Withdraw(int incarnation) implements SlotEffect {}

    /** The incarnation ended; when {@code callId} is not 0, that call lost its worker. */
    record Ended(int incarnation, TransitionCause cause, long callId) implements SlotEffect {}

    /** The slot has ended for good. */
    record Retire() implements SlotEffect {}
}
