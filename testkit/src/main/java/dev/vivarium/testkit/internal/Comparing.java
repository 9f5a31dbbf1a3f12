package dev.vivarium.testkit.internal;

import dev.vivarium.testkit.CallStep;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.MonitorReport.Spread;
import dev.vivarium.testkit.PerformanceComparison;
import dev.vivarium.testkit.PerformanceComparison.Change;
import dev.vivarium.testkit.PerformanceComparison.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Compares two phases. */
public final class Comparing {

    /** Shares of failures that differ by less count as the same, in percent. */
    private static final double TOLERANCE_FAILED = 1;

    private Comparing() {}

    /** Compares. */
    public static PerformanceComparison of(Phase baseline, Phase now) {
        List<Change> changes = new ArrayList<>();
        for (CallStep step : CallStep.values()) {
            Spread before = baseline.steps().get(step);
            Spread after = now.steps().get(step);
            if (before != null && after != null) {
                long fewest = Math.min(before.count(), after.count());
                changes.add(time(
                        step + " p50, ms",
                        before.p50(),
                        after.p50(),
                        fewest >= PerformanceComparison.LEAST_FOR_MEDIAN));
                changes.add(time(
                        step + " p99, ms", before.p99(), after.p99(), fewest >= PerformanceComparison.LEAST_FOR_P99));
            }
        }
        changes.add(failed(baseline, now));
        return new PerformanceComparison(
                baseline.name(),
                now.name(),
                changes,
                Bottlenecks.of(baseline, List.of()),
                Bottlenecks.of(now, List.of()));
    }

    private static Change time(String what, Duration before, Duration after, boolean enough) {
        double was = before.toNanos() / 1e6;
        double is = after.toNanos() / 1e6;
        double tolerance = Math.max(PerformanceComparison.TOLERANCE_MS, PerformanceComparison.TOLERANCE * was);
        return new Change(what, was, is, enough ? verdict(is - was, tolerance) : Verdict.TOO_FEW);
    }

    private static Change failed(Phase baseline, Phase now) {
        double was = failedPercent(baseline);
        double is = failedPercent(now);
        return new Change("calls that failed, %", was, is, verdict(is - was, TOLERANCE_FAILED));
    }

    private static double failedPercent(Phase phase) {
        long ended = phase.calls().succeeded() + phase.calls().failed();
        return ended == 0 ? 0 : 100.0 * phase.calls().failed() / ended;
    }

    private static Verdict verdict(double more, double tolerance) {
        return Math.abs(more) <= tolerance ? Verdict.SAME : more > 0 ? Verdict.WORSE : Verdict.BETTER;
    }
}
