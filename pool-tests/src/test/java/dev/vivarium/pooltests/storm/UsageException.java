package dev.vivarium.pooltests.storm;

/** The command was called in a way that it does not know. */
final class UsageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }

    UsageException(String message, Exception cause) {
        super(message, cause);
    }
}
