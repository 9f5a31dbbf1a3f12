package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;

/**
 * The call's handler had reported progress with {@code ctx.progress()}, and then did not for longer than
 * {@link PoolConfigBuilder#stallTimeout(Duration)}. The call has ended as at its deadline: the handler is interrupted, and a
 * worker that does not become idle is replaced.
 */
public final class CallStalled extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient WorkerId worker;
    private final int incarnation;
    private final transient Duration stallTimeout;
    private final long steps;

    /**
     * Creates the error.
     *
     * @param execution whether the handler had started or even finished
     * @param worker where it ran
     * @param incarnation the process in which it ran
     * @param stallTimeout the limit that it exceeded
     * @param steps how often the handler had reported progress
     * @param attempts the attempts that ended with their worker before
     * @param message what happened
     */
    public CallStalled(
            Execution execution,
            WorkerId worker,
            int incarnation,
            Duration stallTimeout,
            long steps,
            List<CallAttempt> attempts,
            String message) {
        super(ErrorCategory.TIMEOUT, execution, attempts, message);
        this.worker = worker;
        this.incarnation = incarnation;
        this.stallTimeout = stallTimeout;
        this.steps = steps;
    }

    /** Returns where it ran. */
    public WorkerId worker() {
        return worker;
    }

    /** Returns the process in which it ran. */
    public int incarnation() {
        return incarnation;
    }

    /** Returns the limit that it exceeded. */
    public Duration stallTimeout() {
        return stallTimeout;
    }

    /** Returns how often the handler had reported progress. */
    public long steps() {
        return steps;
    }
}
