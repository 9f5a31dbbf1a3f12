package dev.vivarium.internal.core;

import dev.vivarium.ErrorCategory;
import dev.vivarium.RecoveryStrategy;
import dev.vivarium.Severity;
import dev.vivarium.TransitionCause;

/** What the end of a worker means for the call that it ran. */
public final class FailureTable {

    /** A call that failed this often is worse off than one that failed once. */
    private static final int MANY_ATTEMPTS = 3;

    /**
     * A failure, classified.
     *
     * @param category what it is about
     * @param severity how bad it is
     * @param within whether it began in the process: then it counts against the call and the breakers
     */
    public record Failure(ErrorCategory category, Severity severity, boolean within) {
        /** Returns what to do about it. */
        public RecoveryStrategy strategy() {
            return RecoveryStrategy.of(category, severity);
        }
    }

    private FailureTable() {}

    /**
     * Classifies.
     *
     * @param deaths attempts of the call that have ended from within, this one included if it has
     */
    public static Failure of(TransitionCause cause, int deaths) {
        Failure known = base(cause);
        if (!known.within()) {
            // Whatever it is that kills from outside, and however often: it costs retries and nothing else.
            return known;
        }
        return deaths > MANY_ATTEMPTS
                ? new Failure(known.category(), known.severity().worse(), true)
                : known;
    }

    /** Returns whether an attempt ended with its process, and that began in the process. */
    public static boolean isWithin(TransitionCause cause) {
        return cause != TransitionCause.RELEASED && base(cause).within();
    }

    private static Failure base(TransitionCause cause) {
        return switch (cause) {
            case CRASHED, EXITED -> new Failure(ErrorCategory.CONNECTION, Severity.MAJOR, true);
            case OUT_OF_MEMORY, MEMORY_LIMIT -> new Failure(ErrorCategory.RESOURCE, Severity.MAJOR, true);
            case HUNG -> new Failure(ErrorCategory.TIMEOUT, Severity.MAJOR, true);
            case PROTOCOL_VIOLATION -> new Failure(ErrorCategory.COMMUNICATION, Severity.MAJOR, true);
            case UNHEALTHY -> new Failure(ErrorCategory.HEALTH_CHECK, Severity.MINOR, false);
            case SPAWN_FAILED, CONNECT_TIMEOUT, LOAD_FAILED, LOAD_TIMEOUT ->
                new Failure(ErrorCategory.INITIALIZATION, Severity.CRITICAL, true);
            case KILLED, GUARDIAN_LOST, RETIRED, RECYCLED, DRAINED ->
                new Failure(ErrorCategory.CONNECTION, Severity.MINOR, false);
            case STARTED, LOADED, LEASED, RELEASED, HEALTH_CHECK_FAILED, HEALTH_RESTORED, OUTLIER ->
                throw new IllegalArgumentException(cause + " is not the end of a worker");
        };
    }
}
