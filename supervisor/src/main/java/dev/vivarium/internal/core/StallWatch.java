package dev.vivarium.internal.core;

import java.time.Duration;

/**
 * Decides whether a handler that reports progress has stopped to. One that never did is left alone: it may be in native code
 * that holds the interpreter lock, and its deadline is the only limit that it has. Immutable.
 *
 * @param first the steps of the process when the call was sent
 * @param steps the steps at the last look
 * @param changedAt the look at which they were seen to be more
 */
public record StallWatch(long first, long steps, long changedAt) {

    /** Returns the watch of a call that is sent now. */
    public static StallWatch begin(long steps, long now) {
        return new StallWatch(steps, steps, now);
    }

    /** Returns the time between two looks: a stall is found at the latest this long after the limit. */
    public static Duration interval(Duration limit) {
        return Duration.ofNanos(Math.max(1_000_000, limit.toNanos() / 4));
    }

    /** Looks at the steps of the process. */
    public StallWatch look(long now, long seen) {
        return seen == steps ? this : new StallWatch(first, seen, now);
    }

    /** Notes that the call cannot get on just now, through no fault of its own. */
    public StallWatch hold(long now) {
        return new StallWatch(first, steps, now);
    }

    /** Returns how many steps the call has reported. */
    public long reported() {
        return steps - first;
    }

    /** Returns whether the call has reported progress before, and none for {@code limit}. */
    public boolean isStalled(long now, Duration limit) {
        return steps != first && now - changedAt >= limit.toNanos();
    }
}
