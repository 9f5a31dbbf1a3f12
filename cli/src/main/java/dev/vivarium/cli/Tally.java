package dev.vivarium.cli;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.WorkerId;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** Counts what a run does. Thread-safe. Inputs and outputs are counted apart, so that a loss between them shows. */
final class Tally {

    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong firstGivenUp = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong ok = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong killedInCall = new AtomicLong();
    private final Set<String> killed = ConcurrentHashMap.newKeySet();
    private final Recorder latencies = new Recorder(3);
    private final long started = System.nanoTime();

    /** Counts an input and returns its index, from 0. */
    long submit() {
        return calls.getAndIncrement();
    }

    /** Notes that an input was given up: it and all after it are no part of the run. */
    void gaveUp(long index) {
        firstGivenUp.accumulateAndGet(index, Math::min);
    }

    /** Counts an answer of a call. */
    void ended(boolean success, long tookNanos) {
        (success ? ok : failed).incrementAndGet();
        latencies.recordValue(Math.max(0, tookNanos) / 1000);
    }

    void malformed() {
        failed.incrementAndGet();
    }

    void written(int lines) {
        written.addAndGet(lines);
    }

    void kills(WorkerId worker, int incarnation) {
        killed.add(worker + ":" + incarnation);
    }

    void on(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerExited exited
                && exited.callId() != 0
                && killed.contains(exited.exit().worker() + ":" + exited.exit().incarnation())) {
            killedInCall.incrementAndGet();
        }
    }

    /** Returns how many inputs are part of the run. */
    private long calls() {
        return Math.min(calls.get(), firstGivenUp.get());
    }

    long done() {
        return written.get();
    }

    long failed() {
        return failed.get();
    }

    double seconds() {
        return (System.nanoTime() - started) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    /** Returns the summary, in the order in which it is shown. */
    Map<String, Object> summary(PoolSnapshot pool) {
        Histogram histogram = latencies.getIntervalHistogram();
        double wall = seconds();
        Map<String, Object> latency = new LinkedHashMap<>();
        latency.put("p50", millis(histogram.getValueAtPercentile(50)));
        latency.put("p90", millis(histogram.getValueAtPercentile(90)));
        latency.put("p99", millis(histogram.getValueAtPercentile(99)));
        latency.put("max", millis(histogram.getMaxValue()));
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("calls", calls());
        summary.put("ok", ok.get());
        summary.put("failed", failed.get());
        summary.put("retried", pool.retried());
        summary.put("restarts", pool.restarts());
        summary.put("killed_in_call", killedInCall.get());
        summary.put("lost", calls() - written.get());
        summary.put("wall_s", round(wall));
        summary.put("calls_per_s", round(calls() / Math.max(wall, 1e-9)));
        summary.put("latency_ms", latency);
        return summary;
    }

    private static double millis(long micros) {
        return micros / 1000.0;
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** Returns the summary for people. */
    static String describe(Map<String, Object> summary) {
        @SuppressWarnings("unchecked")
        Map<String, Object> latency = (Map<String, Object>) summary.get("latency_ms");
        return String.format(
                Locale.ROOT,
                "%s calls in %s s (%s/s): %s ok, %s failed, %s lost; %s retried, %s restarts, %s killed in a call; latency p50 %s ms, p99 %s ms, max %s ms",
                summary.get("calls"),
                summary.get("wall_s"),
                summary.get("calls_per_s"),
                summary.get("ok"),
                summary.get("failed"),
                summary.get("lost"),
                summary.get("retried"),
                summary.get("restarts"),
                summary.get("killed_in_call"),
                latency == null ? 0 : latency.get("p50"),
                latency == null ? 0 : latency.get("p99"),
                latency == null ? 0 : latency.get("max"));
    }
}
