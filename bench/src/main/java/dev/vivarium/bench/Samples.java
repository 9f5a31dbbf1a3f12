package dev.vivarium.bench;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** What was measured of one subject: each call, and each round. Not thread-safe; see {@link Subject#run}. */
final class Samples {

    /** Longer than any call may take; what takes longer counts as this. */
    private static final long MOST_NANOS = 600_000_000_000L;

    private static final int DIGITS = 3;

    private final String name;
    private final Histogram all = new Histogram(MOST_NANOS, DIGITS);
    private final Histogram round = new Histogram(MOST_NANOS, DIGITS);
    private final List<Double> medians = new ArrayList<>();
    private final List<Double> rates = new ArrayList<>();

    Samples(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    /** Measures one round. */
    void measure(Subject subject, int calls) throws Exception {
        round.reset();
        long begun = System.nanoTime();
        subject.run(calls, this::record);
        rates.add(calls * 1e9 / Math.max(1, System.nanoTime() - begun));
        medians.add(round.getValueAtPercentile(50) / 1000.0);
        all.add(round);
    }

    private void record(long nanos) {
        round.recordValue(Math.min(Math.max(nanos, 1), MOST_NANOS));
    }

    void forget() {
        all.reset();
        medians.clear();
        rates.clear();
    }

    /** Returns how long calls took, in microseconds. */
    Row latency(Side side) {
        return new Row(side, name, Row.MICROS, Distribution.ofNanos(all));
    }

    /** Returns how many calls were made a second, in each round. */
    Row rate(Side side) {
        return rate(side, Row.RATE);
    }

    /** Returns how many of what is counted there were a second, in each round. */
    Row rate(Side side, String unit) {
        return new Row(side, name, unit, Distribution.of(array(rates)));
    }

    /** Returns how much longer the median call took than that of the other. */
    Ratio latencyOver(Samples other, String asked) {
        return Ratio.of(
                name,
                other.name,
                all.getValueAtPercentile(50) / (double) Math.max(1, other.all.getValueAtPercentile(50)),
                array(medians),
                array(other.medians),
                asked);
    }

    /** Returns how many more calls were made than of the other, in the median round. */
    Ratio rateOver(Samples other, String asked) {
        double[] ours = array(rates);
        double[] theirs = array(other.rates);
        double base = Distribution.of(theirs).p50();
        return Ratio.of(name, other.name, base == 0 ? 0 : Distribution.of(ours).p50() / base, ours, theirs, asked);
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
