package dev.vivarium;

import dev.vivarium.protocol.Execution;
import org.jspecify.annotations.Nullable;

/** The arguments have no encoding, or their encoding is over the limit. Nothing was sent. */
public final class ArgumentsNotEncodable extends PoolException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message what could not be encoded, with limit and value where there is one
     * @param cause what the encoder said, or null
     */
    public ArgumentsNotEncodable(String message, @Nullable Throwable cause) {
        super(ErrorCategory.COMMUNICATION, Execution.NOT_STARTED, message, cause);
    }
}
