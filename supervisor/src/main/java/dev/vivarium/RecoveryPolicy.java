package dev.vivarium;

import java.time.Duration;

/**
 * How much of a pool may be busy with calls that lost their worker, and for how long. A call is being recovered from the end of
 * its first worker until it ends. Immutable; every method returns a changed copy.
 *
 * @param maxConcurrent how many such calls may be tried again at the same time, 1 to 10,000; further ones wait for a place
 * @param minorBudget how long a call may wait in all for its next tries, after failures of severity MINOR, 0 to 1 day: delays,
 *     places and the queue count, the time in workers does not. The call's deadline holds besides
 * @param majorBudget the same after failures of severity MAJOR
 * @param criticalBudget the same after failures of severity CRITICAL, where there is a strategy that tries again at all
 */
public record RecoveryPolicy(int maxConcurrent, Duration minorBudget, Duration majorBudget, Duration criticalBudget) {

    /** Ten at a time; 60 s, 30 s and 5 s. */
    public static final RecoveryPolicy DEFAULT =
            new RecoveryPolicy(10, Duration.ofSeconds(60), Duration.ofSeconds(30), Duration.ofSeconds(5));

    /** Sets how many calls may be tried again at the same time. */
    public RecoveryPolicy maxConcurrent(int value) {
        return new RecoveryPolicy(value, minorBudget, majorBudget, criticalBudget);
    }

    /** Sets how long a call may wait for its next tries after minor failures. */
    public RecoveryPolicy minorBudget(Duration value) {
        return new RecoveryPolicy(maxConcurrent, value, majorBudget, criticalBudget);
    }

    /** Sets how long a call may wait for its next tries after major failures. */
    public RecoveryPolicy majorBudget(Duration value) {
        return new RecoveryPolicy(maxConcurrent, minorBudget, value, criticalBudget);
    }

    /** Sets how long a call may wait for its next tries after critical failures. */
    public RecoveryPolicy criticalBudget(Duration value) {
        return new RecoveryPolicy(maxConcurrent, minorBudget, majorBudget, value);
    }

    /** Returns how long a call may wait in all for its next tries after a failure of this severity. */
    public Duration budget(Severity severity) {
        return switch (severity) {
            case MINOR -> minorBudget;
            case MAJOR -> majorBudget;
            case CRITICAL -> criticalBudget;
        };
    }
}
