package dev.vivarium;

import dev.vivarium.protocol.Execution;
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
                InvalidPoolConfig,
                PoolClosed,
                PoolNotFound,
                PoolSaturated,
                PoolStartFailed,
                PythonException,
                ResultNotDecodable,
                WorkerCrashed {

    private static final long serialVersionUID = 1L;

    private final ErrorCategory category;
    private final Execution execution;

    PoolException(ErrorCategory category, Execution execution, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.category = category;
        this.execution = execution;
    }

    /** Returns what the failure is about. */
    public final ErrorCategory category() {
        return category;
    }

    /** Returns whether the handler ran: only NOT_STARTED is always safe to repeat. */
    public final Execution execution() {
        return execution;
    }
}
