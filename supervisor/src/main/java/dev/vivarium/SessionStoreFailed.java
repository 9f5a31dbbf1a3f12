package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The store of sessions failed. Where the handler had run it is not known whether its changes were kept: the next call of the
 * session sees one or the other, and one with the same idempotency key finds out.
 */
public final class SessionStoreFailed extends SessionException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED when reading failed, RAN when writing did
     */
    public SessionStoreFailed(
            String session,
            Execution execution,
            List<CallAttempt> attempts,
            String message,
            @Nullable Throwable cause) {
        super(session, execution, attempts, message, cause);
    }
}
