package dev.vivarium;

/** What is done about a failure. Every strategy bows to {@link PoolException#execution()}: what may have run is not repeated. */
public enum RecoveryStrategy {
    /** Try again at once. */
    IMMEDIATE_RETRY,
    /** Try again after a delay; see {@link RetryPolicy}. */
    BACKOFF_RETRY,
    /** Try again at once, on another worker. */
    FAILOVER,
    /** Do not try again, and count against the circuit breakers. */
    CIRCUIT_BREAK,
    /** Do not try again. */
    ABANDON;

    /** Returns what is done about a failure of this category and severity. */
    public static RecoveryStrategy of(ErrorCategory category, Severity severity) {
        return switch (category) {
            case INITIALIZATION -> CIRCUIT_BREAK;
            case CONNECTION -> by(severity, IMMEDIATE_RETRY, BACKOFF_RETRY, CIRCUIT_BREAK);
            case COMMUNICATION, SESSION -> IMMEDIATE_RETRY;
            case TIMEOUT, HEALTH_CHECK -> BACKOFF_RETRY;
            case RESOURCE -> by(severity, FAILOVER, FAILOVER, CIRCUIT_BREAK);
            case PYTHON, SYSTEM -> ABANDON;
        };
    }

    private static RecoveryStrategy by(
            Severity severity, RecoveryStrategy minor, RecoveryStrategy major, RecoveryStrategy critical) {
        return switch (severity) {
            case MINOR -> minor;
            case MAJOR -> major;
            case CRITICAL -> critical;
        };
    }
}
