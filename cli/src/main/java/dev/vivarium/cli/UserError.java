package dev.vivarium.cli;

/** Something that the user can mend; shown as one sentence, without a stack trace. */
final class UserError extends Exception {

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    UserError(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
