package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** The call was cancelled by its caller, or the actor that owned it ended. */
public final class CallCancelled extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED when the call was still queued, else UNKNOWN
     * @param attempts the attempts that ended with their worker before
     * @param message who cancelled which call
     */
    public CallCancelled(Execution execution, List<CallAttempt> attempts, String message) {
        super(ErrorCategory.TIMEOUT, execution, attempts, message);
    }
}
