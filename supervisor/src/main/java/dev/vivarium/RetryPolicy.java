package dev.vivarium;

import java.time.Duration;

/**
 * How calls that lost their worker are repeated. Whether a call may be repeated at all is another matter: it must not have
 * started, or be declared {@link PythonCall#retrySafe()}. Immutable; every method returns a changed copy.
 *
 * @param growth how delays grow from one retry of a call to the next
 * @param minDelay the delay that growth begins with, 0 to 1 day; zero means no delays
 * @param maxDelay no delay is longer, jitter included, {@code minDelay} to 1 day
 * @param jitter how far a delay may be shortened or lengthened at random, as a share of it, 0 to 1; not for DECORRELATED,
 *     which is random throughout
 * @param budget how many retries each accepted call pays for, 0 to 1000: at 0.1 retries add at most a tenth to the load
 * @param burst how many retries may be made beyond the budget at once, 0 to 1,000,000; spent ones come back within ten
 *     seconds
 */
public record RetryPolicy(
        Growth growth, Duration minDelay, Duration maxDelay, double jitter, double budget, int burst) {

    /** Exponential from 10 ms to 2 s with a jitter of 0.5; a budget of 0.1 with a burst of 10. */
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(Growth.EXPONENTIAL, Duration.ofMillis(10), Duration.ofSeconds(2), 0.5, 0.1, 10);

    /** How delays grow. */
    public enum Growth {
        /** 1, 2, 3, 4 times the first. */
        LINEAR,
        /** 1, 2, 4, 8 times the first. */
        EXPONENTIAL,
        /** 1, 1, 2, 3, 5 times the first. */
        FIBONACCI,
        /**
         * At random between the first and three times the last one (Brooker, "Exponential Backoff And Jitter", AWS
         * Architecture Blog, 2015).
         */
        DECORRELATED
    }

    /** Sets how delays grow. */
    public RetryPolicy growth(Growth value) {
        return new RetryPolicy(value, minDelay, maxDelay, jitter, budget, burst);
    }

    /** Sets the delay that growth begins with. */
    public RetryPolicy minDelay(Duration value) {
        return new RetryPolicy(growth, value, maxDelay, jitter, budget, burst);
    }

    /** Sets the longest delay. */
    public RetryPolicy maxDelay(Duration value) {
        return new RetryPolicy(growth, minDelay, value, jitter, budget, burst);
    }

    /** Sets how far delays vary. */
    public RetryPolicy jitter(double value) {
        return new RetryPolicy(growth, minDelay, maxDelay, value, budget, burst);
    }

    /** Sets how many retries each accepted call pays for. */
    public RetryPolicy budget(double value) {
        return new RetryPolicy(growth, minDelay, maxDelay, jitter, value, burst);
    }

    /** Sets how many retries may be made beyond the budget at once. */
    public RetryPolicy burst(int value) {
        return new RetryPolicy(growth, minDelay, maxDelay, jitter, budget, value);
    }
}
