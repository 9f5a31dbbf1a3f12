package dev.vivarium.internal.core;

import dev.vivarium.protocol.Execution;

/** Decides whether a call whose worker ended is sent again. */
public final class RetryCore {

    /** What becomes of the call, and why. */
    public enum Decision {
        RETRY("it is sent again"),
        NOT_SAFE("it was not declared retry-safe, and the handler may have run"),
        NO_RETRIES_LEFT("its retries are used up"),
        OUT_OF_TIME("its deadline has passed");

        private final String reason;

        Decision(String reason) {
            this.reason = reason;
        }

        /** Returns the reason as a clause. */
        public String reason() {
            return reason;
        }
    }

    private RetryCore() {}

    /**
     * Decides.
     *
     * @param execution what is known of the attempt that failed
     * @param retrySafe whether the caller declared that running twice does no harm
     * @param failedAttempts attempts so far that count, all failed
     * @param maxRetries attempts allowed beyond the first
     * @param remainingNanos time left until the deadline
     */
    public static Decision decide(
            Execution execution, boolean retrySafe, int failedAttempts, int maxRetries, long remainingNanos) {
        if (execution != Execution.NOT_STARTED && !retrySafe) {
            return Decision.NOT_SAFE;
        }
        if (remainingNanos <= 0) {
            return Decision.OUT_OF_TIME;
        }
        return failedAttempts > maxRetries ? Decision.NO_RETRIES_LEFT : Decision.RETRY;
    }
}
