package dev.vivarium.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * When calls are made, whether or not those before them have ended. Immutable; the same plan and seed are the same moments. What
 * measures takes the load plans of {@code vivarium-bench}, which count the time that a late caller has lost; this is for tests.
 *
 * <pre>{@code
 * ArrivalPlan.atRandom(200, Duration.ofSeconds(5)).then(ArrivalPlan.burst(50)).then(ArrivalPlan.pause(Duration.ofSeconds(1)));
 * }</pre>
 *
 * @param parts one after the other; at most {@value #MAX_CALLS} calls in all
 */
public record ArrivalPlan(List<Part> parts) {

    /** How many calls a plan can have. */
    public static final int MAX_CALLS = 100_000;

    /**
     * A part of a plan.
     *
     * @param calls how many calls come in it, on average where they come at random
     * @param length how long it lasts
     * @param random whether they come as strangers do, independently of each other; else at equal distances
     */
    public record Part(long calls, Duration length, boolean random) {}

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when there are more calls than {@link #MAX_CALLS}
     */
    public ArrivalPlan {
        parts = List.copyOf(parts);
        long calls = parts.stream().mapToLong(Part::calls).sum();
        if (calls > MAX_CALLS) {
            throw new IllegalArgumentException("a plan must have at most " + MAX_CALLS + " calls, got " + calls);
        }
    }

    /**
     * Returns a plan of calls at equal distances.
     *
     * @param perSecond how many a second, more than 0
     */
    public static ArrivalPlan evenly(double perSecond, Duration length) {
        return at(perSecond, length, false);
    }

    /**
     * Returns a plan of calls that come independently of each other, at exponential distances: now and then many together.
     *
     * @param perSecond how many a second on average, more than 0
     */
    public static ArrivalPlan atRandom(double perSecond, Duration length) {
        return at(perSecond, length, true);
    }

    private static ArrivalPlan at(double perSecond, Duration length, boolean random) {
        if (!(perSecond > 0) || length.isNegative() || length.isZero()) {
            throw new IllegalArgumentException(
                    "perSecond and length must be more than 0, got " + perSecond + " and " + length);
        }
        double calls = perSecond * length.toNanos() / 1e9;
        return new ArrivalPlan(List.of(new Part(Math.round(calls), length, random)));
    }

    /**
     * Returns a plan of calls that come all at the same moment.
     *
     * @param calls how many, 1 or more
     */
    public static ArrivalPlan burst(int calls) {
        if (calls < 1) {
            throw new IllegalArgumentException("calls must be 1 or more, got " + calls);
        }
        return new ArrivalPlan(List.of(new Part(calls, Duration.ZERO, false)));
    }

    /** Returns a plan without calls, to be put between others. */
    public static ArrivalPlan pause(Duration length) {
        return new ArrivalPlan(List.of(new Part(0, length, false)));
    }

    /** Returns a plan with the parts of this, and then those of the other. */
    public ArrivalPlan then(ArrivalPlan other) {
        List<Part> all = new ArrayList<>(parts);
        all.addAll(other.parts);
        return new ArrivalPlan(all);
    }

    /** Returns how long it lasts. */
    public Duration length() {
        return parts.stream().map(Part::length).reduce(Duration.ZERO, Duration::plus);
    }

    /** Returns the moments, from the plan's beginning, in order. */
    public List<Duration> moments(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Duration> moments = new ArrayList<>();
        Duration begin = Duration.ZERO;
        for (Part part : parts) {
            long length = part.length().toNanos();
            if (part.random()) {
                double distance = (double) length / Math.max(1, part.calls());
                double at = exponential(random, distance);
                while (at < length && moments.size() < MAX_CALLS) {
                    moments.add(begin.plusNanos((long) at));
                    at += exponential(random, distance);
                }
            } else {
                for (long i = 0; i < part.calls(); i++) {
                    moments.add(begin.plusNanos(length * i / part.calls()));
                }
            }
            begin = begin.plus(part.length());
        }
        return moments;
    }

    private static double exponential(SplittableRandom random, double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }
}
