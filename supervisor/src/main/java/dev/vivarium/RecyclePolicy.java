package dev.vivarium;

import java.time.Duration;

/**
 * When a worker that works is replaced, against what builds up in long-lived processes. The replacement is ready before the
 * old one is let go, so that capacity never dips; one worker is replaced at a time. Needs room for one more worker than
 * {@code workers} and {@code overflow}. Immutable; every method returns a changed copy.
 *
 * @param maxCalls calls after which a worker is replaced, 0 to 1,000,000,000; 0 means never
 * @param maxAge time since it was ready after which it is replaced, 0 to 365 days; zero means never
 * @param maxMemory resident bytes of its process tree from which on it is replaced once it has answered a call,
 *     {@link MemoryPolicy#LEAST} to {@link MemoryPolicy#MOST} and below {@link MemoryPolicy#limit()}; 0 means never
 * @param jitter by which share of it a limit may come sooner, at random, so that workers are not due all at once, 0 to 1
 */
public record RecyclePolicy(int maxCalls, Duration maxAge, long maxMemory, double jitter) {

    /** Never; a jitter of 0.1 once there is a limit. */
    public static final RecyclePolicy DEFAULT = new RecyclePolicy(0, Duration.ZERO, 0, 0.1);

    /** Sets after how many calls a worker is replaced. */
    public RecyclePolicy maxCalls(int value) {
        return new RecyclePolicy(value, maxAge, maxMemory, jitter);
    }

    /** Sets after what time a worker is replaced. */
    public RecyclePolicy maxAge(Duration value) {
        return new RecyclePolicy(maxCalls, value, maxMemory, jitter);
    }

    /** Sets from how many bytes of memory on a worker is replaced. */
    public RecyclePolicy maxMemory(long value) {
        return new RecyclePolicy(maxCalls, maxAge, value, jitter);
    }

    /** Sets how much sooner a limit may come. */
    public RecyclePolicy jitter(double value) {
        return new RecyclePolicy(maxCalls, maxAge, maxMemory, value);
    }
}
