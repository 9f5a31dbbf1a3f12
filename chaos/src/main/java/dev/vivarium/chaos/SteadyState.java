package dev.vivarium.chaos;

import java.time.Duration;

/**
 * What is asked of the pool while nothing befalls it: before the first fault, and again at the end.
 *
 * @param window how long before the first fault, and how long at the end
 * @param ok the least share of the calls that must be answered rightly, 0 to 1
 * @param p99 the longest that 99 of 100 answers may take from the moment at which they were due
 */
public record SteadyState(Duration window, double ok, Duration p99) {

    /** Every call within a second, for a second. */
    public static final SteadyState DEFAULT = new SteadyState(Duration.ofSeconds(1), 1, Duration.ofSeconds(1));
}
