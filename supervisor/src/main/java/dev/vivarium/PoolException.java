package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The root of everything that can go wrong with a pool or a call. Each subclass carries the objects that explain it, so
 * that no text needs to be parsed.
 */
public abstract sealed class PoolException extends RuntimeException
        permits ArgumentsNotEncodable,
                CallCancelled,
                CallRejected,
                CallStalled,
                CallTimedOut,
                CircuitOpen,
                InvalidPoolConfig,
                PoisonCall,
                PoolClosed,
                PoolDisabled,
                PoolNotFound,
                PoolSaturated,
                PoolStartFailed,
                PythonException,
                ResultNotDecodable,
                SessionException,
                SettingRefused,
                SharedMemoryExhausted,
                WorkerCrashed {

    private static final long serialVersionUID = 1L;

    private final ErrorCategory category;
    private final Severity severity;
    private final Execution execution;
    private final transient List<CallAttempt> attempts;
    private transient volatile @Nullable CallTimeline timeline;

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

    /**
     * Returns what the pool does about a failure of this kind before a caller hears of it, as far as {@link #execution()}, the
     * call's retries and its deadline allow. Whoever gets the error knows that it did not help, or was not allowed.
     */
    public final RecoveryStrategy strategy() {
        if (this instanceof WorkerCrashed || this instanceof SessionConflict) {
            return RecoveryStrategy.of(category, severity);
        }
        if (this instanceof CircuitOpen) {
            return RecoveryStrategy.CIRCUIT_BREAK;
        }
        // The pool goes on trying to start workers. Everything else would fail in the same way again.
        return this instanceof PoolStartFailed ? RecoveryStrategy.BACKOFF_RETRY : RecoveryStrategy.ABANDON;
    }

    /** Returns whether the handler ran: only NOT_STARTED is always safe to repeat. */
    public final Execution execution() {
        return execution;
    }

    /** Returns every attempt of the call that came to nothing, oldest first. */
    public final List<CallAttempt> attempts() {
        return attempts;
    }

    /** Returns when what happened to the call that failed; empty unless it was {@link PythonCall#timed()}. */
    public final Optional<CallTimeline> timeline() {
        return Optional.ofNullable(timeline);
    }

    /**
     * Sets the timeline, as {@link #initCause} sets the cause: once, by whoever ends the call with this error. The pool does;
     * it is public for those who stand in for a pool.
     *
     * @throws IllegalStateException when it has been set before
     */
    public final synchronized void initTimeline(CallTimeline ofCall) {
        if (timeline != null) {
            throw new IllegalStateException("the timeline has been set before");
        }
        timeline = ofCall;
    }
}
