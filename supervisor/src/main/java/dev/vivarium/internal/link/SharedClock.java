package dev.vivarium.internal.link;

import dev.vivarium.internal.port.Clock;

/**
 * Whether a worker's monotonic clock is the one that the pool reads, as it is on Linux: found out once for each process, from a
 * reading of its own that must lie between two of the pool's. Thread-safe.
 */
final class SharedClock {

    private final Clock clock;
    private final long before;
    private volatile boolean shared;

    /** Takes the first reading; the process has not been started. */
    SharedClock(Clock clock) {
        this.clock = clock;
        this.before = clock.nanoTime();
    }

    /** Compares with what the process has read since; 0 when it has not said. */
    void read(long ofWorker) {
        long now = clock.nanoTime();
        shared = ofWorker > 0 && ofWorker - before >= 0 && now - ofWorker >= 0;
    }

    /** Returns a moment as the worker's clock shows it, 0 when that is not known. */
    long ofWorker(long moment) {
        return shared && moment > 0 ? moment : 0;
    }
}
