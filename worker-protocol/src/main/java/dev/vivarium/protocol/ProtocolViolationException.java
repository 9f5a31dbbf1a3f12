package dev.vivarium.protocol;

/** A {@link ProtocolViolation}, thrown. The stream it came from cannot be trusted any more. */
public final class ProtocolViolationException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient ProtocolViolation violation;

    /** Creates the exception. */
    public ProtocolViolationException(ProtocolViolation violation) {
        super(violation.toString());
        this.violation = violation;
    }

    /** Returns what was broken. */
    public ProtocolViolation violation() {
        return violation;
    }
}
