package dev.vivarium;

import dev.vivarium.protocol.Execution;
import org.jspecify.annotations.Nullable;

/** The pool could not bring up workers: no usable Python, or handlers that do not load. */
public final class PoolStartFailed extends PoolException {

    private static final long serialVersionUID = 1L;

    /** What stood in the way. */
    public enum Reason {
        /** The interpreter is missing, cannot be run, or is too old. */
        NO_USABLE_PYTHON,
        /** A handler source could not be loaded. */
        HANDLERS_NOT_LOADED,
        /** The template could not load what it is to, or what it loaded has started threads; see {@link TemplatePolicy}. */
        TEMPLATE_NOT_LOADED,
        /** The private runtime directory could not be made. */
        NO_RUNTIME_DIRECTORY,
        /** The file that sessions are kept in cannot be opened. */
        NO_SESSION_STORE,
        /** The platform is not supported. */
        UNSUPPORTED_PLATFORM,
        /** The workers ended, or were not ready in time. */
        WORKERS_NOT_READY
    }

    private final Reason reason;

    /**
     * Creates the error.
     *
     * @param reason what stood in the way
     * @param message what happened and what to do about it
     * @param cause the underlying error, or null
     */
    public PoolStartFailed(Reason reason, String message, @Nullable Throwable cause) {
        super(ErrorCategory.INITIALIZATION, Execution.NOT_STARTED, message, cause);
        this.reason = reason;
    }

    /** Returns what stood in the way. */
    public Reason reason() {
        return reason;
    }
}
