package dev.vivarium;

import dev.vivarium.protocol.Execution;
import org.jspecify.annotations.Nullable;

/** The handler ran, but its result could not be encoded in Python or converted to the type that the caller asked for. */
public final class ResultNotDecodable extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message what could not be converted
     * @param cause what the decoder said, or null
     */
    public ResultNotDecodable(String message, @Nullable Throwable cause) {
        super(ErrorCategory.COMMUNICATION, Execution.RAN, message, cause);
    }
}
