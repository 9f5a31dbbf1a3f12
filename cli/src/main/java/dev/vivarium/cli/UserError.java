package dev.vivarium.cli;

/** Something that the user can mend; shown as one sentence, without a stack trace. */
final class UserError extends Exception {

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    UserError(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** Returns an end that the user knows of: there is nothing to say. */
    static UserError quiet(int exitCode) {
        return new UserError(exitCode, "");
    }

    int exitCode() {
        return exitCode;
    }
}
