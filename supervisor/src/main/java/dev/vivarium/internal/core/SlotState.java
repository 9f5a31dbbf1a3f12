package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import org.jspecify.annotations.Nullable;

/** Where a worker slot stands. Immutable. */
public sealed interface SlotState {

    /** Returns the share of the pool's capacity that the slot is in. */
    Phase phase();

    /** Returns the current incarnation, or the last one when there is none. */
    int incarnation();

    /** Returns the failures in a row that the next wait grows with. */
    int failures();

    /** Returns why the worker is degraded, or null. */
    default @Nullable Illness illness() {
        return null;
    }

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
     * @param illness why it is degraded while it runs a probe call, else null
     */
    record Service(
            long readySince, long completed, @Nullable Illness illness) {
        Service(long readySince, long completed) {
            this(readySince, completed, null);
        }

        Service answered() {
            return new Service(readySince, completed + 1, illness);
        }

        Service with(@Nullable Illness other) {
            return new Service(readySince, completed, other);
        }
    }

    /**
     * Why a worker is degraded, and how it does.
     *
     * @param cause HEALTH_CHECK_FAILED or OUTLIER
     * @param failed checks and probes that it failed in a row
     * @param passed checks and probes that it passed in a row
     */
    record Illness(TransitionCause cause, int failed, int passed) {
        boolean isOutlier() {
            return cause == TransitionCause.OUTLIER;
        }

        /**
         * Returns how it does after a check or a probe. A handler that raises is no failure of a worker that missed a check:
         * it ran what it was given.
         */
        Illness after(Verdict verdict) {
            boolean pass = verdict == Verdict.SOUND
                    || (!isOutlier() && (verdict == Verdict.RAISED || verdict == Verdict.ALIKE));
            if (pass) {
                return new Illness(cause, 0, passed + 1);
            }
            return verdict == Verdict.OUTLIER ? new Illness(cause, failed + 1, 0) : this;
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
     * Running a call; a probe, if its service has an illness.
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
            if (fenced()) {
                return Phase.FENCED;
            }
            return service.illness() == null ? Phase.BUSY : Phase.DEGRADED;
        }

        @Override
        public @Nullable Illness illness() {
            return service.illness();
        }

        /** Returns the state that was published: probe calls run inside DEGRADED. */
        WorkerState published() {
            return service.illness() == null ? WorkerState.BUSY : WorkerState.DEGRADED;
        }
    }

    /**
     * Not to be trusted, and idle.
     *
     * @param checking whether a health check is under way
     * @param offered whether it may be leased to a probe call
     */
    record Degraded(int incarnation, int failures, Service service, Illness illness, boolean checking, boolean offered)
            implements SlotState {
        @Override
        public Phase phase() {
            return Phase.DEGRADED;
        }

        Degraded checking(boolean now) {
            return new Degraded(incarnation, failures, service, illness, now, offered);
        }

        Degraded offered(boolean now) {
            return new Degraded(incarnation, failures, service, illness, checking, now);
        }

        Degraded with(Illness other) {
            return new Degraded(incarnation, failures, service, other, checking, offered);
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
