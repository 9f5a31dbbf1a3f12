package dev.vivarium.internal.core;

import java.time.Duration;

/**
 * Exponential waits with jitter.
 *
 * @param min the first wait
 * @param max no wait is longer, jitter included
 * @param jitter how far a wait may be shortened or lengthened, as a share of it, 0 to 1
 */
public record Backoff(Duration min, Duration max, double jitter) {

    /**
     * Returns the wait before the next try.
     *
     * @param failures failures in a row; 0 or less means no wait
     * @param unit a random number from 0 to 1
     */
    public Duration delay(int failures, double unit) {
        if (failures <= 0) {
            return Duration.ZERO;
        }
        double most = (double) max.toMillis();
        double wait = Math.scalb((double) min.toMillis(), Math.min(failures - 1, 40));
        double capped = Math.min(wait, most);
        double spread = capped * (1 + jitter * (2 * unit - 1));
        return Duration.ofMillis(Math.round(Math.min(spread, most)));
    }
}
