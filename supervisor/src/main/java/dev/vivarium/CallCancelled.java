package dev.vivarium;

import dev.vivarium.protocol.Execution;

/** The call was cancelled by its caller, or the actor that owned it ended. */
public final class CallCancelled extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED when the call was still queued, else UNKNOWN
     * @param message who cancelled which call
     */
    public CallCancelled(Execution execution, String message) {
        super(ErrorCategory.TIMEOUT, execution, message, null);
    }
}
