package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** The worker's process ended, or had to be ended, while it ran the call, and the call could not be repeated. */
public final class WorkerCrashed extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient WorkerExit exit;

    /**
     * Creates the error.
     *
     * @param category what the end was about
     * @param severity how bad it was
     * @param execution whether the handler ran, over all attempts
     * @param exit how the last worker ended
     * @param attempts all attempts, the last included
     * @param message what happened and why the call was not repeated
     */
    public WorkerCrashed(
            ErrorCategory category,
            Severity severity,
            Execution execution,
            WorkerExit exit,
            List<CallAttempt> attempts,
            String message) {
        super(category, severity, execution, attempts, message, null);
        this.exit = exit;
    }

    /** Returns how the worker ended, with its last lines. */
    public WorkerExit exit() {
        return exit;
    }
}
