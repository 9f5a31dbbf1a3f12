package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** What the call made of the session's state cannot be kept, so the state is as it was; or no more sessions can be. */
public final class SessionRefused extends SessionException {

    private static final long serialVersionUID = 1L;

    /** Why it cannot be kept. */
    public enum Reason {
        /** A value has no encoding; the message names the path to it. */
        NOT_ENCODABLE,
        /** The state of one session would take too much. */
        SESSION_QUOTA,
        /** The states of all sessions would take too much. */
        TOTAL_QUOTA,
        /** There are as many sessions in use as there may be. */
        BINDINGS,
        /** The call has an idempotency key, and no answers are kept: {@code sessions.kept-answers} is 0. */
        NO_ANSWERS_KEPT
    }

    private final Reason reason;
    private final long limit;

    /**
     * Creates the error.
     *
     * @param limit the limit that was reached, 0 where there is none
     */
    public SessionRefused(
            String session,
            Reason reason,
            long limit,
            Execution execution,
            List<CallAttempt> attempts,
            String message) {
        super(session, execution, attempts, message, null);
        this.reason = reason;
        this.limit = limit;
    }

    /** Returns why. */
    public Reason reason() {
        return reason;
    }

    /** Returns the limit that was reached; 0 for {@link Reason#NOT_ENCODABLE} and {@link Reason#NO_ANSWERS_KEPT}. */
    public long limit() {
        return limit;
    }
}
