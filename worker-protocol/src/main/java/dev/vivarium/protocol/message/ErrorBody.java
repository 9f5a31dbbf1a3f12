package dev.vivarium.protocol.message;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * ERROR: how a call, or loading, failed.
 *
 * @param kind what kind of failure
 * @param execution whether the handler ran
 * @param type the exception's qualified type name
 * @param message its text
 * @param traceback outermost first, without frames of the runtime
 * @param notes its notes
 * @param causes the exceptions that led to it, nearest first
 * @param retryAfterMillis how long the handler suggests to wait before the call is sent again, from 0 to
 *     {@link #MAX_RETRY_AFTER}; null when it suggests nothing
 * @param callback the number of the callback whose failure the handler let through; null when it was something else
 */
public record ErrorBody(
        ErrorKind kind,
        Execution execution,
        String type,
        String message,
        List<StackEntry> traceback,
        List<String> notes,
        List<CauseBody> causes,
        @Nullable Long retryAfterMillis,
        @Nullable Long callback) {

    /** The longest wait that a handler may suggest. */
    public static final Duration MAX_RETRY_AFTER = Duration.ofDays(1);

    /**
     * Checks the suggested wait.
     *
     * @throws IllegalArgumentException when it is out of bounds
     */
    public ErrorBody {
        if (retryAfterMillis != null && (retryAfterMillis < 0 || retryAfterMillis > MAX_RETRY_AFTER.toMillis())) {
            throw new IllegalArgumentException(
                    "retryAfterMillis must be from 0 to " + MAX_RETRY_AFTER.toMillis() + ", got " + retryAfterMillis);
        }
    }

    /** Creates the error of a handler that let no failure of a callback through. */
    public ErrorBody(
            ErrorKind kind,
            Execution execution,
            String type,
            String message,
            List<StackEntry> traceback,
            List<String> notes,
            List<CauseBody> causes,
            @Nullable Long retryAfterMillis) {
        this(kind, execution, type, message, traceback, notes, causes, retryAfterMillis, null);
    }
}
