package dev.vivarium;

/** What a failure is about. Every {@link PoolException} has exactly one. */
public enum ErrorCategory {
    /** A worker, or the whole pool, could not be brought up. */
    INITIALIZATION,
    /** The process or its connection ended. */
    CONNECTION,
    /** Something could not be encoded, decoded or understood. */
    COMMUNICATION,
    /** A deadline passed, or the call was cancelled. */
    TIMEOUT,
    /** A named limit was reached. */
    RESOURCE,
    /** A worker failed its health checks. */
    HEALTH_CHECK,
    /** A session is missing, expired or lost. */
    SESSION,
    /** The handler raised. */
    PYTHON,
    /** Everything else: configuration, shutdown, defects. */
    SYSTEM
}
