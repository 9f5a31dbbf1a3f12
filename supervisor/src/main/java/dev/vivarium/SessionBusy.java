package dev.vivarium;

import java.util.List;

/**
 * The worker that has the session runs another call, and the session's mode is {@link SessionMode#STRICT_FAIL_FAST}. The call has not
 * started, unless it had lost a worker before: then its execution is what is known of those attempts.
 */
public final class SessionBusy extends SessionException {

    private static final long serialVersionUID = 1L;

    /** Creates the error. */
    public SessionBusy(String session, List<CallAttempt> attempts, String message) {
        super(session, most(attempts), attempts, message, null);
    }
}
