package dev.vivarium;

import java.time.Duration;

/**
 * When calls are refused because others before them ended their worker or hung. There is a breaker for each handler and one
 * for the pool. Immutable; every method returns a changed copy.
 *
 * @param enabled whether there are breakers at all
 * @param failureThreshold failures in a row that open a breaker, 1 to 10,000
 * @param successThreshold calls that must end well in a half-open breaker to close it, 1 to 10,000
 * @param openFor how long an open breaker refuses everything, 10 ms to 1 day
 * @param halfOpenCalls calls that may run at once while a breaker is half open, 1 to 10,000
 */
public record CircuitBreakerPolicy(
        boolean enabled, int failureThreshold, int successThreshold, Duration openFor, int halfOpenCalls) {

    /** Opens after 5 failures for 60 s, then lets 3 calls at a time through, and closes after 3 that ended well. */
    public static final CircuitBreakerPolicy DEFAULT = new CircuitBreakerPolicy(true, 5, 3, Duration.ofSeconds(60), 3);

    /** Sets whether there are breakers at all. */
    public CircuitBreakerPolicy enabled(boolean value) {
        return new CircuitBreakerPolicy(value, failureThreshold, successThreshold, openFor, halfOpenCalls);
    }

    /** Sets how many failures in a row open a breaker. */
    public CircuitBreakerPolicy failureThreshold(int value) {
        return new CircuitBreakerPolicy(enabled, value, successThreshold, openFor, halfOpenCalls);
    }

    /** Sets how many calls must end well to close it. */
    public CircuitBreakerPolicy successThreshold(int value) {
        return new CircuitBreakerPolicy(enabled, failureThreshold, value, openFor, halfOpenCalls);
    }

    /** Sets how long it refuses everything. */
    public CircuitBreakerPolicy openFor(Duration value) {
        return new CircuitBreakerPolicy(enabled, failureThreshold, successThreshold, value, halfOpenCalls);
    }

    /** Sets how many calls may run at once while it is half open. */
    public CircuitBreakerPolicy halfOpenCalls(int value) {
        return new CircuitBreakerPolicy(enabled, failureThreshold, successThreshold, openFor, value);
    }
}
