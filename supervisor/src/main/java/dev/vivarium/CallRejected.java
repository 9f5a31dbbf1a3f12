package dev.vivarium;

import dev.vivarium.protocol.Execution;

/** The worker refused the call before it ran a handler: no such handler, or arguments that do not fit its signature. */
public final class CallRejected extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message what the worker said
     */
    public CallRejected(String message) {
        super(ErrorCategory.COMMUNICATION, Execution.NOT_STARTED, message, null);
    }
}
