package dev.vivarium;

import java.time.Duration;

/**
 * When a worker whose calls fail where those of the others succeed is kept from most calls, so that it cannot empty the queue
 * by failing fast. A call fails here when its handler raises. Each handler is compared with itself: what counts is how often
 * the other workers would have raised, had they been given the same calls. Where all raise alike it is the handler or its
 * input, and nobody is ejected. Immutable; every method returns a changed copy.
 *
 * @param enabled whether workers are ejected at all
 * @param errorRate failed calls of a worker, as a share, below which it is no outlier; 0.01 to 1
 * @param factor how many times as often as its peers a worker must fail, 1 to 1,000
 * @param minCalls calls of a worker within the window below which its rate says nothing, 1 to 1,000,000
 * @param window the time that rates are taken over, 1 s to 1 day
 * @param maxEjected the largest share of the workers that may be ejected at once, rounded down, 0 to 1
 * @param ejectFor how long an ejected worker gets no call at all, times the number of its slot's recent ejections (at most
 *     10 times), 1 ms to 1 day
 */
public record OutlierPolicy(
        boolean enabled,
        double errorRate,
        double factor,
        int minCalls,
        Duration window,
        double maxEjected,
        Duration ejectFor) {

    /** At half of at least 20 calls within a minute, three times the peers' rate; half of the workers; 5 s and more. */
    public static final OutlierPolicy DEFAULT =
            new OutlierPolicy(true, 0.5, 3, 20, Duration.ofMinutes(1), 0.5, Duration.ofSeconds(5));

    /** Sets whether workers are ejected at all. */
    public OutlierPolicy enabled(boolean value) {
        return new OutlierPolicy(value, errorRate, factor, minCalls, window, maxEjected, ejectFor);
    }

    /** Sets the share of failed calls below which a worker is no outlier. */
    public OutlierPolicy errorRate(double value) {
        return new OutlierPolicy(enabled, value, factor, minCalls, window, maxEjected, ejectFor);
    }

    /** Sets how many times as often as its peers a worker must fail. */
    public OutlierPolicy factor(double value) {
        return new OutlierPolicy(enabled, errorRate, value, minCalls, window, maxEjected, ejectFor);
    }

    /** Sets how many calls a rate needs. */
    public OutlierPolicy minCalls(int value) {
        return new OutlierPolicy(enabled, errorRate, factor, value, window, maxEjected, ejectFor);
    }

    /** Sets the time that rates are taken over. */
    public OutlierPolicy window(Duration value) {
        return new OutlierPolicy(enabled, errorRate, factor, minCalls, value, maxEjected, ejectFor);
    }

    /** Sets the largest share of the workers that may be ejected at once. */
    public OutlierPolicy maxEjected(double value) {
        return new OutlierPolicy(enabled, errorRate, factor, minCalls, window, value, ejectFor);
    }

    /** Sets how long an ejected worker gets no call at all the first time. */
    public OutlierPolicy ejectFor(Duration value) {
        return new OutlierPolicy(enabled, errorRate, factor, minCalls, window, maxEjected, value);
    }
}
