package dev.vivarium;

/** The states of a pool. */
public enum PoolState {
    /** Fewer than {@code minReady} workers have become ready since the start. Calls queue. */
    STARTING,
    /** Serving calls. */
    SERVING,
    /** Has no workers and refuses every call; see {@link PoolMode}. */
    DISABLED,
    /** Accepts no calls; finishes those it has. */
    DRAINING,
    /** Ended; nothing of it is left. */
    CLOSED
}
