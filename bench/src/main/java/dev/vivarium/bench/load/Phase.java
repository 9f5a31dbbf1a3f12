package dev.vivarium.bench.load;

import java.time.Duration;

/**
 * A part of a plan in which the rate changes evenly, or not at all. Calls are due at even distances by that rate: nothing is random.
 *
 * @param name what it is called in reports
 * @param from calls a second at its beginning; 0 to {@value #MAX_RATE}
 * @param to calls a second at its end; 0 to {@value #MAX_RATE}
 * @param length how long it lasts; more than nothing, at most {@link #MAX_LENGTH}
 */
public record Phase(String name, double from, double to, Duration length) {

    /** The highest rate, in calls a second. */
    public static final double MAX_RATE = 1_000_000;

    /** The longest phase. */
    public static final Duration MAX_LENGTH = Duration.ofDays(1);

    private static final double NANOS = 1e9;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the one that is out of its range
     */
    public Phase {
        checkRate(from);
        checkRate(to);
        if (length.isZero() || length.isNegative() || length.compareTo(MAX_LENGTH) > 0) {
            throw new IllegalArgumentException("the length of phase " + name + " must be more than 0 and at most "
                    + MAX_LENGTH + ", got " + length);
        }
    }

    private static void checkRate(double rate) {
        if (!(rate >= 0 && rate <= MAX_RATE)) {
            throw new IllegalArgumentException(
                    "a rate must be 0 to " + (long) MAX_RATE + " calls a second, got " + rate);
        }
    }

    /** Returns how many calls are due in it. */
    long calls() {
        return (long) Math.floor((from + to) / 2 * seconds() + 1e-9);
    }

    /**
     * Returns when a call is due, in nanoseconds from the phase's beginning: when as many calls as its number are over by the
     * rate.
     *
     * @param number counts from 0
     */
    long dueNanos(long number) {
        double slope = (to - from) / seconds();
        double at;
        if (Math.abs(slope) < 1e-12) {
            at = number / from;
        } else {
            // The integral of the rate, from * t + slope * t^2 / 2, is the number.
            double root = Math.sqrt(Math.max(0, from * from + 2 * slope * number));
            // The form that has no difference of equal numbers in it.
            at = from + root == 0 ? 0 : 2 * number / (from + root);
        }
        return Math.min(Math.round(at * NANOS), length.toNanos());
    }

    private double seconds() {
        return length.toNanos() / NANOS;
    }
}
