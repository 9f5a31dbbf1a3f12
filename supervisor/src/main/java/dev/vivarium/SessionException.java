package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The call failed because of its session. The state of the session is what it was before the call. */
public abstract sealed class SessionException extends PoolException
        permits SessionBusy, SessionConflict, SessionLost, SessionRefused, SessionStoreFailed {

    private static final long serialVersionUID = 1L;

    private final String session;

    SessionException(
            String session,
            Execution execution,
            List<CallAttempt> attempts,
            String message,
            @Nullable Throwable cause) {
        super(ErrorCategory.SESSION, ErrorCategory.SESSION.severity(), execution, attempts, message, cause);
        this.session = session;
    }

    /** Returns what is known of a call that is with no worker now: the most that one of its attempts may have done. */
    static Execution most(List<CallAttempt> attempts) {
        Execution most = Execution.NOT_STARTED;
        for (CallAttempt attempt : attempts) {
            most = attempt.execution().compareTo(most) > 0 ? attempt.execution() : most;
        }
        return most;
    }

    /** Returns the session's name. */
    public final String session() {
        return session;
    }
}
