package dev.vivarium.testkit.internal;

import dev.vivarium.testkit.PerformanceAnalysis;
import dev.vivarium.testkit.PerformanceAnalysis.Finding;
import dev.vivarium.testkit.PerformanceAnalysis.Limit;
import dev.vivarium.testkit.PerformanceAnalysis.Part;
import dev.vivarium.testkit.PerformanceComparison;
import dev.vivarium.testkit.PerformanceComparison.Change;
import dev.vivarium.testkit.PerformanceComparison.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Writes analyses down. */
public final class AnalysisText {

    private AnalysisText() {}

    /** Returns an analysis for a human. */
    public static String of(PerformanceAnalysis analysis) {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "%s: %d calls, %s ms each; workers up for %.0f %% of the time, busy for %.0f %% of that",
                analysis.phase(),
                analysis.calls(),
                ms(analysis.mean()),
                100 * analysis.available(),
                100 * analysis.utilisation());
        if (analysis.calls() == 0) {
            line(text, "  no watched call has ended, so that nothing can be said");
            return text.toString();
        }
        line(text, "  %-12s %6s %10s %10s %10s", "", "share", "mean", "p50", "p99");
        for (Part part : analysis.parts()) {
            line(
                    text,
                    "  %-12s %4.0f %% %10s %10s %10s",
                    part.where().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    100 * part.share(),
                    ms(part.mean()),
                    ms(part.p50()),
                    ms(part.p99()));
        }
        if (analysis.findings().isEmpty()) {
            line(text, "  nothing stands out");
        }
        analysis.findings().forEach(found -> line(text, "  %s", found));
        return text.toString();
    }

    /** Returns a comparison for a human. */
    public static String of(PerformanceComparison comparison) {
        StringBuilder text = new StringBuilder();
        line(text, "'%s' against '%s'", comparison.now(), comparison.baseline());
        list(text, "worse", comparison, Verdict.WORSE);
        list(text, "better", comparison, Verdict.BETTER);
        long same = count(comparison, Verdict.SAME);
        long few = count(comparison, Verdict.TOO_FEW);
        line(text, "  the same: %d; too few values: %d", same, few);
        limits(text, "limits now, and did not", comparison.after(), comparison.before());
        limits(text, "limited, and does not now", comparison.before(), comparison.after());
        return text.toString();
    }

    private static long count(PerformanceComparison comparison, Verdict verdict) {
        return comparison.changes().stream()
                .filter(change -> change.verdict() == verdict)
                .count();
    }

    private static void list(StringBuilder text, String heading, PerformanceComparison comparison, Verdict verdict) {
        for (Change change : comparison.changes()) {
            if (change.verdict() == verdict) {
                line(text, "  %s: %s: %.3f, was %.3f", heading, change.what(), change.after(), change.before());
            }
        }
    }

    private static void limits(
            StringBuilder text, String heading, PerformanceAnalysis here, PerformanceAnalysis notThere) {
        List<Limit> there = notThere.findings().stream().map(Finding::limit).toList();
        for (Finding found : here.findings()) {
            if (!there.contains(found.limit())) {
                line(text, "  %s: %s", heading, found);
            }
        }
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static String ms(Duration time) {
        return String.format(Locale.ROOT, "%.3f", time.toNanos() / 1e6);
    }
}
