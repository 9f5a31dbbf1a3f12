package dev.vivarium;

import dev.vivarium.protocol.Execution;

/** The queue is full; the call was refused at once. */
public final class PoolSaturated extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient PoolSnapshot pool;

    /**
     * Creates the error.
     *
     * @param queueCapacity the limit that was reached
     * @param pool the pool at that moment
     */
    public PoolSaturated(int queueCapacity, PoolSnapshot pool) {
        super(
                ErrorCategory.RESOURCE,
                Execution.NOT_STARTED,
                "pool '" + pool.pool() + "' is saturated: queueCapacity=" + queueCapacity + " reached ("
                        + pool.summary() + ")",
                null);
        this.pool = pool;
    }

    /** Returns the pool when the call was refused. */
    public PoolSnapshot pool() {
        return pool;
    }
}
