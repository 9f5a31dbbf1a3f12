package dev.vivarium.chaos;

import java.time.Duration;

/**
 * What is asked of the pool in a run's three parts: before the first fault and again at the end, and meanwhile, from the first
 * landing to the last heal.
 *
 * @param window how long before the first fault, and how long at the end
 * @param ok the least share of the calls that must be answered rightly before and after, 0 to 1
 * @param p99 the longest that 99 of 100 answers may take then, from the moment at which they were due
 * @param okDuring the least share while faults are there, 0 to 1
 * @param p99During the longest that 99 of 100 answers may take then
 */
public record SteadyState(Duration window, double ok, Duration p99, double okDuring, Duration p99During) {

    /** Every call within a second, for a second; with faults half of the calls, within 10 seconds. */
    public static final SteadyState DEFAULT = new SteadyState(Duration.ofSeconds(1), 1, Duration.ofSeconds(1));

    /** What is asked before and after; with faults half of the calls, within 10 seconds. */
    public SteadyState(Duration window, double ok, Duration p99) {
        this(window, ok, p99, 0.5, Duration.ofSeconds(10));
    }
}
