package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/**
 * Another call changed the session's state while this one ran, so that this one's changes were dropped. Happens to concurrent
 * calls only, and where two pools share a store. Calls that may run twice are run again instead.
 */
public final class SessionConflict extends SessionException {

    private static final long serialVersionUID = 1L;

    /** Creates the error. */
    public SessionConflict(String session, List<CallAttempt> attempts, String message) {
        super(session, Execution.RAN, attempts, message, null);
    }
}
