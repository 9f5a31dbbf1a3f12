package dev.vivarium;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something of the session is gone for good: what it had in its worker, and no {@code @session_open} could make anew, or state
 * that the store does not have any more. Told once for each loss, by a call that was not run, unless an attempt of it before
 * was; the next call goes on with what there is.
 */
public final class SessionLost extends SessionException {

    private static final long serialVersionUID = 1L;

    private final long epoch;

    /**
     * Creates the error.
     *
     * @param epoch the binding that was lost
     * @param cause what the hook raised, or null
     */
    public SessionLost(
            String session, long epoch, List<CallAttempt> attempts, String message, @Nullable Throwable cause) {
        super(session, most(attempts), attempts, message, cause);
        this.epoch = epoch;
    }

    /** Returns the epoch of the binding that was lost, from 1. */
    public long epoch() {
        return epoch;
    }
}
