package dev.vivarium;

import dev.vivarium.protocol.Execution;

/** The pool accepts no calls any more, or closed before this one ended. */
public final class PoolClosed extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED when the call never left the queue, else UNKNOWN
     * @param message which pool, and what became of the call
     */
    public PoolClosed(Execution execution, String message) {
        super(ErrorCategory.SYSTEM, execution, message, null);
    }
}
