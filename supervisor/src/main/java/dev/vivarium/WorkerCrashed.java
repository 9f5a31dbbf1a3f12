package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** The worker's process ended, or had to be ended, while it ran the call, and the call could not be repeated. */
public final class WorkerCrashed extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient WorkerExit exit;
    private final transient List<Attempt> attempts;

    /**
     * One try of a call that ended with its worker.
     *
     * @param worker the slot
     * @param incarnation the process
     * @param cause why the process ended
     * @param execution whether the handler ran in this attempt
     */
    public record Attempt(WorkerId worker, int incarnation, TransitionCause cause, Execution execution) {}

    /**
     * Creates the error.
     *
     * @param execution whether the handler ran, over all attempts
     * @param exit how the last worker ended
     * @param attempts all attempts, the last included
     * @param message what happened and why the call was not repeated
     */
    public WorkerCrashed(Execution execution, WorkerExit exit, List<Attempt> attempts, String message) {
        super(ErrorCategory.CONNECTION, execution, message, null);
        this.exit = exit;
        this.attempts = List.copyOf(attempts);
    }

    /** Returns how the worker ended, with its last lines. */
    public WorkerExit exit() {
        return exit;
    }

    /** Returns every attempt, oldest first. */
    public List<Attempt> attempts() {
        return attempts;
    }
}
