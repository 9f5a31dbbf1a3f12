package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/**
 * The call has ended too many worker processes from within (a crash, an exit, memory), and is not sent any more. A call
 * with the same handler and the same arguments is refused for a while too; see {@link PoisonPolicy}.
 */
public final class PoisonCall extends PoolException {

    private static final long serialVersionUID = 1L;

    private final int deaths;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED when this call was refused at the door
     * @param deaths how many processes it has ended
     * @param attempts this call's own attempts
     * @param message which call, and what it did
     */
    public PoisonCall(Execution execution, int deaths, List<CallAttempt> attempts, String message) {
        super(ErrorCategory.PYTHON, Severity.CRITICAL, execution, attempts, message, null);
        this.deaths = deaths;
    }

    /** Returns how many processes the call has ended. */
    public int deaths() {
        return deaths;
    }
}
