package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** The pool accepts no calls any more, or closed before this one ended. */
public final class PoolClosed extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED when the call never left the queue, else UNKNOWN
     * @param attempts the attempts that ended with their worker before
     * @param message which pool, and what became of the call
     */
    public PoolClosed(Execution execution, List<CallAttempt> attempts, String message) {
        super(ErrorCategory.SYSTEM, execution, attempts, message);
    }
}
