package dev.vivarium;

/** What a failure is about. Every {@link PoolException} has exactly one. */
public enum ErrorCategory {
    /** A worker, or the whole pool, could not be brought up. */
    INITIALIZATION(Severity.CRITICAL),
    /** The process or its connection ended. */
    CONNECTION(Severity.MAJOR),
    /** Something could not be encoded, decoded or understood. */
    COMMUNICATION(Severity.MAJOR),
    /** A deadline passed, or the call was cancelled. */
    TIMEOUT(Severity.MAJOR),
    /** A named limit was reached. */
    RESOURCE(Severity.MAJOR),
    /** A worker failed its health checks. */
    HEALTH_CHECK(Severity.MINOR),
    /** A session is missing, expired or lost. */
    SESSION(Severity.MINOR),
    /** The handler raised. */
    PYTHON(Severity.MAJOR),
    /** Everything else: configuration, shutdown, defects. */
    SYSTEM(Severity.CRITICAL);

    private final Severity severity;

    ErrorCategory(Severity severity) {
        this.severity = severity;
    }

    /** Returns how bad a failure of this category is, unless more is known. */
    public Severity severity() {
        return severity;
    }
}
