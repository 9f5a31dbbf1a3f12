package dev.vivarium.internal.link;

import dev.vivarium.internal.port.Clock;

/**
 * Whether a worker's monotonic clock is the one that the pool reads, as it is on Linux: found out once for each process, from a
 * reading of its own that must lie between two of the pool's. Thread-safe.
 */
final class SharedClock {

    /** How long after a deadline all is seen that a worker has noted before it; a processor may hold back what it writes. */
    private static final long SETTLED_NANOS = 1_000_000;

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

    /** Returns whether a deadline is over for both, and what the worker has noted before it is seen. */
    boolean isOverForBoth(long deadline) {
        return ofWorker(deadline) != 0 && clock.nanoTime() - deadline >= SETTLED_NANOS;
    }

    /** Returns a moment as the worker's clock shows it, 0 when that is not known. */
    long ofWorker(long moment) {
        return shared && moment > 0 ? moment : 0;
    }
}
