package dev.vivarium.protocol;

/** A value has no encoding, or bytes cannot be converted to what was asked for. */
public final class CodecException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public CodecException(String message, Throwable cause) {
        super(message, cause);
    }
}
