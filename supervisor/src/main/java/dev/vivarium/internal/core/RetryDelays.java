package dev.vivarium.internal.core;

import dev.vivarium.RetryPolicy;
import java.time.Duration;

/** How long a call waits before it is sent again. */
public final class RetryDelays {

    /** Beyond this the delay has long reached its limit, and the numbers would run over. */
    private static final int MOST_DOUBLINGS = 62;

    private RetryDelays() {}

    /**
     * Returns the delay before the next try. The cap holds for the outcome, jitter included.
     *
     * @param retry the number of the retry, from 1
     * @param previous the delay before the retry before, zero when there was none
     * @param unit a random number from 0 to 1
     */
    public static Duration delay(RetryPolicy policy, int retry, Duration previous, double unit) {
        double least = policy.minDelay().toNanos();
        double most = policy.maxDelay().toNanos();
        double grown = switch (policy.growth()) {
            case LINEAR -> least * retry;
            case EXPONENTIAL -> Math.scalb(least, Math.min(retry - 1, MOST_DOUBLINGS));
            case FIBONACCI -> least * fibonacci(retry);
            case DECORRELATED -> least + unit * Math.max(0, Math.min(most, 3.0 * previous.toNanos()) - least);
        };
        double spread = policy.growth() == RetryPolicy.Growth.DECORRELATED
                ? grown
                : Math.min(grown, most) * (1 + policy.jitter() * (2 * unit - 1));
        return Duration.ofNanos(Math.round(Math.min(spread, most)));
    }

    private static double fibonacci(int n) {
        double before = 0;
        double current = 1;
        for (int i = 1; i < Math.min(n, 2 * MOST_DOUBLINGS); i++) {
            double next = before + current;
            before = current;
            current = next;
        }
        return current;
    }
}
