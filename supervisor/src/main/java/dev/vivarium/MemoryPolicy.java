package dev.vivarium;

import java.time.Duration;

/**
 * How the memory of workers is measured and limited. What counts is the resident memory of a worker's process tree: the worker
 * and everything that it started, wherever that has put itself. Measured on Linux only, and only where this policy or
 * {@link RecyclePolicy#maxMemory()} asks for it. Immutable; every method returns a changed copy.
 *
 * @param limit bytes beyond which a worker is killed, its call failing with {@link WorkerCrashed} and
 *     {@link TransitionCause#MEMORY_LIMIT}; {@link #LEAST} to {@link #MOST}, 0 means none
 * @param interval the longest time between two measurements, 50 ms to 1 hour; near the limit they come up to five times
 *     as fast
 * @param measured whether memory is measured, for {@link WorkerSnapshot#memoryBytes()}, though nothing limits it
 */
public record MemoryPolicy(long limit, Duration interval, boolean measured) {

    /** The smallest limit: less than that no interpreter with handlers takes. */
    public static final long LEAST = 16L << 20;

    /** The largest limit. */
    public static final long MOST = 1L << 50;

    /** No limit and nothing measured; every second once there is something to measure for. */
    public static final MemoryPolicy DEFAULT = new MemoryPolicy(0, Duration.ofSeconds(1), false);

    /** Sets beyond how many bytes a worker is killed. */
    public MemoryPolicy limit(long value) {
        return new MemoryPolicy(value, interval, measured);
    }

    /** Sets the longest time between two measurements. */
    public MemoryPolicy interval(Duration value) {
        return new MemoryPolicy(limit, value, measured);
    }

    /** Sets whether memory is measured though nothing limits it. */
    public MemoryPolicy measured(boolean value) {
        return new MemoryPolicy(limit, interval, value);
    }
}
