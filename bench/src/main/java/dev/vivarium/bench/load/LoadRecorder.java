package dev.vivarium.bench.load;

import dev.vivarium.bench.Distribution;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** Counts and times of one operation in one phase. Thread-safe. */
final class LoadRecorder {

    private static final int DIGITS = 3;

    /** How many kinds of failures are told apart; others are counted together. */
    private static final int MAX_KINDS = 50;

    private static final String OTHERS = "others";

    private final String phase;
    private final String operation;
    // They grow with their largest value: most are of short times.
    private final Histogram latency = new Histogram(DIGITS);
    private final Histogram service = new Histogram(DIGITS);
    private final Histogram delay = new Histogram(DIGITS);
    private final Map<String, Long> failures = new TreeMap<>();
    private long begun;
    private long ok;
    private long failed;
    private long dropped;

    LoadRecorder(String phase, String operation) {
        this.phase = phase;
        this.operation = operation;
    }

    synchronized void begun(long delayNanos) {
        begun++;
        delay.recordValue(Math.max(0, delayNanos));
    }

    synchronized void answered(long latencyNanos, long serviceNanos) {
        ok++;
        latency.recordValue(Math.max(0, latencyNanos));
        service.recordValue(Math.max(0, serviceNanos));
    }

    synchronized void failed(Throwable failure) {
        failed++;
        String kind = failure.getClass().getSimpleName();
        failures.merge(failures.size() < MAX_KINDS || failures.containsKey(kind) ? kind : OTHERS, 1L, Long::sum);
    }

    synchronized void dropped() {
        dropped++;
    }

    synchronized LoadReport.Part part() {
        return new LoadReport.Part(
                phase,
                operation,
                begun + dropped,
                ok,
                failed,
                dropped,
                begun - ok - failed,
                Map.copyOf(failures),
                Distribution.ofNanos(latency),
                Distribution.ofNanos(service),
                Distribution.ofNanos(delay));
    }
}
