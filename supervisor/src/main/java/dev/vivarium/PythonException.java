package dev.vivarium;

import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.protocol.message.StackEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The handler raised. Says nothing against the worker, which goes on serving.
 *
 * <p>Where it let the failure of a {@link PoolFunction} through, the cause is what that threw.
 *
 * <p>The Java stack trace holds the Python frames, innermost first, followed by nothing of Java's.
 */
public final class PythonException extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient ErrorBody error;

    /**
     * Creates the error.
     *
     * @param error what the worker reported
     */
    public PythonException(ErrorBody error) {
        this(error, List.of());
    }

    /**
     * Creates the error of a call that was sent more than once.
     *
     * @param error what the worker reported
     * @param attempts the attempts before; the last one as well when its handler asked to be called again
     */
    public PythonException(ErrorBody error, List<CallAttempt> attempts) {
        this(error, attempts, null);
    }

    /**
     * Creates the error of a handler that let the failure of a {@link PoolFunction} through.
     *
     * @param error what the worker reported
     * @param attempts the attempts before
     * @param cause what the function threw; null when the handler raised an exception of its own
     */
    public PythonException(ErrorBody error, List<CallAttempt> attempts, @Nullable Throwable cause) {
        super(
                ErrorCategory.PYTHON,
                ErrorCategory.PYTHON.severity(),
                Execution.RAN,
                attempts,
                error.type() + ": " + error.message(),
                cause);
        this.error = error;
        List<StackTraceElement> frames = new ArrayList<>();
        for (int i = error.traceback().size() - 1; i >= 0; i--) {
            StackEntry entry = error.traceback().get(i);
            frames.add(new StackTraceElement("python", entry.function(), entry.file(), entry.line()));
        }
        setStackTrace(frames.toArray(StackTraceElement[]::new));
    }

    /** Returns the exception's qualified type name in Python, such as {@code ValueError} or {@code json.JSONDecodeError}. */
    public String pythonType() {
        return error.type();
    }

    /** Returns the exception's text, without its type. */
    public String pythonMessage() {
        return error.message();
    }

    /**
     * Returns how long the handler suggests to wait before the call is made again, at most a day; empty when it suggests
     * nothing. It does by raising {@code vivarium_worker.RetryAfter}. A caller gets this error when the pool has not sent the
     * call again by itself: it was not retry-safe, had no retries or no time left, or the retry budget was used up.
     */
    public Optional<Duration> retryAfter() {
        Long millis = error.retryAfterMillis();
        return millis == null || error.kind() != ErrorKind.HANDLER
                ? Optional.empty()
                : Optional.of(Duration.ofMillis(millis));
    }

    /** Returns everything that the worker reported: traceback, notes, chain of causes. */
    public ErrorBody details() {
        return error;
    }

    /** Returns the traceback as Python prints it, most recent call last, without the chain of causes. */
    public String pythonTraceback() {
        StringBuilder text = new StringBuilder("Traceback (most recent call last):\n");
        for (StackEntry entry : error.traceback()) {
            text.append("  File \"").append(entry.file()).append("\", line ").append(entry.line());
            text.append(", in ").append(entry.function()).append('\n');
            if (!entry.code().isBlank()) {
                text.append("    ").append(entry.code().strip()).append('\n');
            }
        }
        text.append(error.type()).append(": ").append(error.message());
        for (String note : error.notes()) {
            text.append('\n').append(note);
        }
        return text.toString();
    }
}
