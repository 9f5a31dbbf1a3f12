package dev.vivarium;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The states of one incarnation of a worker, and the only moves between them.
 *
 * <p>{@link #TERMINATED} ends the incarnation, not the slot: the slot starts the next incarnation.
 */
public enum WorkerState {
    /** The process has been asked for and has not loaded its handlers yet. */
    INITIALIZING,
    /** Idle, healthy, and may be leased. */
    READY,
    /** Leased to a call; also while a call past its deadline has not been seen to end. */
    BUSY,
    /** Alive, but it missed a health check or is an outlier; gets probe calls only, and runs them in this state. */
    DEGRADED,
    /** The process has ended. */
    TERMINATED;

    private static final Map<WorkerState, Set<WorkerState>> LEGAL = new EnumMap<>(Map.of(
            INITIALIZING, EnumSet.of(READY, TERMINATED),
            READY, EnumSet.of(BUSY, DEGRADED, TERMINATED),
            BUSY, EnumSet.of(READY, DEGRADED, TERMINATED),
            DEGRADED, EnumSet.of(READY, TERMINATED),
            TERMINATED, EnumSet.noneOf(WorkerState.class)));

    /** Returns whether an incarnation may move from this state to {@code next}. */
    public boolean canMoveTo(WorkerState next) {
        return LEGAL.getOrDefault(this, Set.of()).contains(next);
    }
}
