package dev.vivarium;

import java.time.Duration;

/**
 * When a pool raises an alarm: as {@link PoolEvent.AlertRaised} and, if wanted, as a warning in the log. Immutable; every
 * method returns a changed copy.
 *
 * @param enabled whether there are alerts at all
 * @param errorRate failed calls as a share of all calls within the window that raise one, 0 to 1; cancelled calls are not
 *     counted
 * @param minCalls calls within the window below which the rate says nothing, 1 to 1,000,000
 * @param window the time that the rate is taken over, 1 s to 1 day
 * @param openCircuits open circuit breakers that raise one, 1 to 10,000
 * @param cooldown time between two alerts of one kind, 0 to 1 day; a breaker that opens is always told
 * @param log whether alerts are logged as warnings
 */
public record AlertPolicy(
        boolean enabled,
        double errorRate,
        int minCalls,
        Duration window,
        int openCircuits,
        Duration cooldown,
        boolean log) {

    /** At a tenth of at least 10 calls within a minute, or 3 open breakers; at most one of a kind in five minutes; logged. */
    public static final AlertPolicy DEFAULT =
            new AlertPolicy(true, 0.1, 10, Duration.ofMinutes(1), 3, Duration.ofMinutes(5), true);

    /** Sets whether there are alerts at all. */
    public AlertPolicy enabled(boolean value) {
        return new AlertPolicy(value, errorRate, minCalls, window, openCircuits, cooldown, log);
    }

    /** Sets the share of failed calls that raises one. */
    public AlertPolicy errorRate(double value) {
        return new AlertPolicy(enabled, value, minCalls, window, openCircuits, cooldown, log);
    }

    /** Sets how many calls a rate needs. */
    public AlertPolicy minCalls(int value) {
        return new AlertPolicy(enabled, errorRate, value, window, openCircuits, cooldown, log);
    }

    /** Sets the time that the rate is taken over. */
    public AlertPolicy window(Duration value) {
        return new AlertPolicy(enabled, errorRate, minCalls, value, openCircuits, cooldown, log);
    }

    /** Sets how many open circuit breakers raise one. */
    public AlertPolicy openCircuits(int value) {
        return new AlertPolicy(enabled, errorRate, minCalls, window, value, cooldown, log);
    }

    /** Sets the time between two alerts of one kind. */
    public AlertPolicy cooldown(Duration value) {
        return new AlertPolicy(enabled, errorRate, minCalls, window, openCircuits, value, log);
    }

    /** Sets whether alerts are logged. */
    public AlertPolicy log(boolean value) {
        return new AlertPolicy(enabled, errorRate, minCalls, window, openCircuits, cooldown, value);
    }
}
