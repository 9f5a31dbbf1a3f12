package dev.vivarium;

import java.time.Duration;

/**
 * How a degraded worker is tried. It gets at most one call in each interval, and is checked in between; it comes back after
 * so many checks and calls in a row that went well. How many failures in a row end it is
 * {@link PoolConfigBuilder#maxHealthFailures(int)}. Immutable; every method returns a changed copy.
 *
 * @param interval time between two probes of one worker, 1 ms to 1 day
 * @param successes probes in a row that bring a worker back, 1 to 100
 */
public record ProbePolicy(Duration interval, int successes) {

    /** One each second; three in a row. */
    public static final ProbePolicy DEFAULT = new ProbePolicy(Duration.ofSeconds(1), 3);

    /** Sets the time between two probes of one worker. */
    public ProbePolicy interval(Duration value) {
        return new ProbePolicy(value, successes);
    }

    /** Sets how many probes in a row bring a worker back. */
    public ProbePolicy successes(int value) {
        return new ProbePolicy(interval, value);
    }
}
