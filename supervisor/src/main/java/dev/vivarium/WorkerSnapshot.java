package dev.vivarium;

import org.jspecify.annotations.Nullable;

/**
 * One slot at one moment.
 *
 * @param worker the slot
 * @param incarnation the current or, between two processes, the last incarnation; 0 before the first
 * @param phase which share of the pool's capacity the slot is in
 * @param pid the process id, 0 when there is no process
 * @param callId the call it runs, 0 when it runs none
 * @param completed calls that this incarnation answered
 * @param failures starts that failed in a row
 * @param memoryBytes the resident memory of its process tree when it was last measured; -1 when it has not been, see
 *     {@link MemoryPolicy}
 * @param lastExit how the previous incarnation ended, or null
 * @param health how its process does
 */
public record WorkerSnapshot(
        WorkerId worker,
        int incarnation,
        Phase phase,
        long pid,
        long callId,
        long completed,
        int failures,
        long memoryBytes,
        @Nullable WorkerExit lastExit,
        Health health) {

    /**
     * How a process does.
     *
     * @param degradedBy {@code HEALTH_CHECK_FAILED} or {@code OUTLIER} while it is degraded, else null
     * @param failed checks and probes that it failed in a row since
     * @param passed checks and probes that it passed in a row since
     */
    public record Health(@Nullable TransitionCause degradedBy, int failed, int passed) {
        /** Not degraded. */
        public static final Health SOUND = new Health(null, 0, 0);
    }

    /** The shares of a pool's capacity; each slot is in exactly one. */
    public enum Phase {
        /** No process and none due: a lazy slot that nobody has needed yet. */
        VACANT,
        /** Waiting to start again after a failure. */
        BACKING_OFF,
        /** The process is starting or loading. */
        STARTING,
        /** Ready for a call. */
        IDLE,
        /** Running a call. */
        BUSY,
        /** Its call is over for the caller, the process has not proved idle yet. */
        FENCED,
        /** Alive, but it missed a health check or is an outlier; also while it runs a probe call. */
        DEGRADED,
        /** On its way out. */
        RETIRING
    }
}
