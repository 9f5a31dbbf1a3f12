package dev.vivarium.internal.port;

import java.time.Instant;

/** The time, so that tests can hold it. */
public interface Clock {

    /** Returns nanoseconds on a monotonic scale without a meaning of its own. */
    long nanoTime();

    /** Returns the time of day, for events and logs only. */
    Instant now();

    /** Returns the machine's clock. */
    static Clock system() {
        return new Clock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public Instant now() {
                return Instant.now();
            }
        };
    }
}
