package dev.vivarium.protocol;

import org.jspecify.annotations.Nullable;

/** A value has no encoding, or bytes cannot be converted to what was asked for. */
public final class CodecException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public CodecException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
