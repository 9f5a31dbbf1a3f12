package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import org.jspecify.annotations.Nullable;

/** Where a worker slot stands. Immutable. */
public sealed interface SlotState {

    /** Returns the share of the pool's capacity that the slot is in. */
    Phase phase();

    /** Returns the current incarnation, or the last one when there is none. */
    int incarnation();

    /** Returns the failures in a row that the next wait grows with. */
    int failures();

    /** No process, and none due. */
    record Vacant(int incarnation, int failures) implements SlotState {
        @Override
        public Phase phase() {
            return Phase.VACANT;
        }
    }

    /** Waiting for the backoff timer. */
    record BackingOff(int incarnation, int failures) implements SlotState {
        @Override
        public Phase phase() {
            return Phase.BACKING_OFF;
        }
    }

    /**
     * The process starts.
     *
     * @param loading whether it has said hello
     */
    record Starting(int incarnation, int failures, boolean loading) implements SlotState {
        @Override
        public Phase phase() {
            return Phase.STARTING;
        }
    }

    /**
     * What an incarnation has achieved since it was ready.
     *
     * @param readySince the monotonic time at which it became ready
     * @param completed calls that it answered
     */
    record Service(long readySince, long completed) {
        Service answered() {
            return new Service(readySince, completed + 1);
        }
    }

    /**
     * Idle.
     *
     * @param pinged whether a health check is under way
     */
    record Ready(int incarnation, int failures, Service service, boolean pinged) implements SlotState {
        @Override
        public Phase phase() {
            return Phase.IDLE;
        }
    }

    /**
     * Running a call.
     *
     * @param rung how far the slot has gone to get the worker off the call
     * @param retiring why the slot ends after this call, or null
     */
    record Busy(
            int incarnation,
            int failures,
            Service service,
            long callId,
            Rung rung,
            @Nullable TransitionCause retiring) implements SlotState {

        /** Returns whether the call is over for its caller, and only the worker does not know. */
        public boolean fenced() {
            return rung != Rung.RUNNING && rung != Rung.OVERDUE;
        }

        Busy at(Rung next) {
            return new Busy(incarnation, failures, service, callId, next, retiring);
        }

        @Override
        public Phase phase() {
            return fenced() ? Phase.FENCED : Phase.BUSY;
        }
    }

    /**
     * Failing health checks.
     *
     * @param misses checks missed in a row
     */
    record Degraded(int incarnation, int failures, Service service, int misses) implements SlotState {
        @Override
        public Phase phase() {
            return Phase.DEGRADED;
        }
    }

    /**
     * The process is on its way out, by its own doing or ours; its end has not been reported yet.
     *
     * @param from the incarnation's state until the report
     * @param service null when it never became ready
     * @param callId the call that it was running, or 0
     * @param cause the first true cause, or null when only the report will tell
     * @param retiring why the slot ends with this incarnation, or null when it goes on
     */
    record Ending(
            int incarnation,
            int failures,
            WorkerState from,
            @Nullable Service service,
            long callId,
            @Nullable TransitionCause cause,
            @Nullable TransitionCause retiring)
            implements SlotState {
        @Override
        public Phase phase() {
            return Phase.RETIRING;
        }
    }

    /** The slot has ended for good. */
    record Retired(int incarnation, int failures) implements SlotState {
        @Override
        public Phase phase() {
            return Phase.RETIRING;
        }
    }
}
