package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** The worker that has the session runs another call, and the session's mode is {@link SessionMode#STRICT_FAIL_FAST}. */
public final class SessionBusy extends SessionException {

    private static final long serialVersionUID = 1L;

    /** Creates the error. */
    public SessionBusy(String session, List<CallAttempt> attempts, String message) {
        super(session, Execution.NOT_STARTED, attempts, message, null);
    }
}
