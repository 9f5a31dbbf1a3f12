package dev.vivarium;

import dev.vivarium.protocol.Execution;
import org.jspecify.annotations.Nullable;

/** The pool has no workers and starts none: its mode is {@link PoolMode#DISABLED}, or {@link PoolMode#AUTO} has chosen that. */
public final class PoolDisabled extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message which pool, and why it is disabled
     * @param cause what stood in the way when the mode was chosen, or null when nobody tried
     */
    public PoolDisabled(String message, @Nullable PoolStartFailed cause) {
        super(ErrorCategory.SYSTEM, Execution.NOT_STARTED, message, cause);
    }
}
