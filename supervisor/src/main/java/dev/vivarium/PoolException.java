package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The root of everything that can go wrong with a pool or a call. Each subclass carries the objects that explain it, so
 * that no text needs to be parsed.
 */
public abstract sealed class PoolException extends RuntimeException
        permits ArgumentsNotEncodable,
                CallCancelled,
                CallRejected,
                CallTimedOut,
                CircuitOpen,
                InvalidPoolConfig,
                PoisonCall,
                PoolClosed,
                PoolNotFound,
                PoolSaturated,
                PoolStartFailed,
                PythonException,
                ResultNotDecodable,
                SessionException,
                WorkerCrashed {

    private static final long serialVersionUID = 1L;

    private final ErrorCategory category;
    private final Severity severity;
    private final Execution execution;
    private final transient List<CallAttempt> attempts;

    PoolException(ErrorCategory category, Execution execution, String message, @Nullable Throwable cause) {
        this(category, category.severity(), execution, List.of(), message, cause);
    }

    PoolException(ErrorCategory category, Execution execution, List<CallAttempt> attempts, String message) {
        this(category, category.severity(), execution, attempts, message, null);
    }

    PoolException(
            ErrorCategory category,
            Severity severity,
            Execution execution,
            List<CallAttempt> attempts,
            String message,
            @Nullable Throwable cause) {
        super(message, cause);
        this.category = category;
        this.severity = severity;
        this.execution = execution;
        this.attempts = List.copyOf(attempts);
    }

    /** Returns what the failure is about. */
    public final ErrorCategory category() {
        return category;
    }

    /** Returns how bad it is. */
    public final Severity severity() {
        return severity;
    }

    /** Returns whether the handler ran: only NOT_STARTED is always safe to repeat. */
    public final Execution execution() {
        return execution;
    }

    /** Returns every attempt of the call that ended with its worker, oldest first. */
    public final List<CallAttempt> attempts() {
        return attempts;
    }
}
