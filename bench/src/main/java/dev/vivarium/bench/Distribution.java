package dev.vivarium.bench;

import java.util.Arrays;
import org.HdrHistogram.Histogram;

/**
 * How a set of values is spread, in the unit of what it belongs to.
 *
 * @param count how many values there are; percentiles of fewer values than they have parts are the largest value
 * @param min the smallest
 * @param p50 the median
 * @param p90 nine of ten are at most this
 * @param p99 99 of a hundred are at most this
 * @param p999 999 of a thousand are at most this
 * @param max the largest
 */
public record Distribution(long count, double min, double p50, double p90, double p99, double p999, double max) {

    private static final double MICROS = 1000;

    /** Returns that of recorded nanoseconds, in microseconds, each to three digits; all 0 when there are none. */
    public static Distribution ofNanos(Histogram histogram) {
        return new Distribution(
                histogram.getTotalCount(),
                histogram.getTotalCount() == 0 ? 0 : histogram.getMinValue() / MICROS,
                histogram.getValueAtPercentile(50) / MICROS,
                histogram.getValueAtPercentile(90) / MICROS,
                histogram.getValueAtPercentile(99) / MICROS,
                histogram.getValueAtPercentile(99.9) / MICROS,
                histogram.getMaxValue() / MICROS);
    }

    /** Returns that of values, which are of the set themselves: percentiles are never between two; all 0 when there are none. */
    public static Distribution of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Distribution(
                sorted.length,
                at(sorted, 0),
                at(sorted, 0.5),
                at(sorted, 0.9),
                at(sorted, 0.99),
                at(sorted, 0.999),
                at(sorted, 1));
    }

    /** Returns the smallest value that at least this share of the sorted values does not exceed. */
    static double at(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
}
