package dev.vivarium.bench;

import org.jspecify.annotations.Nullable;

/** This machine lacks something that the measurement needs; the message says what. */
public final class BenchUnavailable extends Exception {

    private static final long serialVersionUID = 1L;

    /** Creates the error. */
    public BenchUnavailable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
