package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;

/** The call's deadline passed, in the queue or in a worker. */
public final class CallTimedOut extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient Duration timeout;
    private final transient PoolSnapshot pool;
    private final String stacks;

    /**
     * Creates the error.
     *
     * @param execution whether the handler had started or even finished when the deadline passed
     * @param timeout the limit that the call had
     * @param pool the pool at that moment
     * @param attempts the attempts that ended with their worker before
     * @param message where the call was
     * @param stacks what the worker's Python threads did, or the empty text
     */
    public CallTimedOut(
            Execution execution,
            Duration timeout,
            PoolSnapshot pool,
            List<CallAttempt> attempts,
            String message,
            String stacks) {
        super(ErrorCategory.TIMEOUT, execution, attempts, message);
        this.timeout = timeout;
        this.pool = pool;
        this.stacks = stacks;
    }

    /** Returns the limit that the call had. */
    public Duration timeout() {
        return timeout;
    }

    /**
     * Returns the stacks of the worker's Python threads, read when the deadline passed: one line for each frame, the newest
     * first, as Python's {@code faulthandler} writes them. Empty when the call ran in no worker, when {@code stackDump} is
     * zero, and when the process did not tell within {@code stackDump}, because it is stopped for example.
     */
    public String stacks() {
        return stacks;
    }

    /** Returns the pool when the deadline passed. */
    public PoolSnapshot pool() {
        return pool;
    }
}
