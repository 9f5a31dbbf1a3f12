package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;

/** The call's deadline passed, in the queue or in a worker. */
public final class CallTimedOut extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient Duration timeout;
    private final transient PoolSnapshot pool;

    /**
     * Creates the error.
     *
     * @param execution whether the handler had started or even finished when the deadline passed
     * @param timeout the limit that the call had
     * @param pool the pool at that moment
     * @param attempts the attempts that ended with their worker before
     * @param message where the call was
     */
    public CallTimedOut(
            Execution execution, Duration timeout, PoolSnapshot pool, List<CallAttempt> attempts, String message) {
        super(ErrorCategory.TIMEOUT, execution, attempts, message);
        this.timeout = timeout;
        this.pool = pool;
    }

    /** Returns the limit that the call had. */
    public Duration timeout() {
        return timeout;
    }

    /** Returns the pool when the deadline passed. */
    public PoolSnapshot pool() {
        return pool;
    }
}
