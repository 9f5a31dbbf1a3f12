package dev.vivarium.testkit;

import dev.vivarium.testkit.internal.AnalysisText;
import java.util.List;

/**
 * What differs between two phases.
 *
 * @param baseline the name of the earlier
 * @param now the name of the later
 * @param changes each thing that was compared, those in which calls take their way first
 * @param before the analysis of the earlier
 * @param after the analysis of the later
 */
public record PerformanceComparison(
        String baseline, String now, List<Change> changes, PerformanceAnalysis before, PerformanceAnalysis after) {

    /** Values that differ by less than this share of the baseline count as the same. */
    public static final double TOLERANCE = 0.2;

    /** Times that differ by less than this, in milliseconds, count as the same: so much is chance. */
    public static final double TOLERANCE_MS = 0.05;

    /** With fewer values on one side, a median says nothing. */
    public static final int LEAST_FOR_MEDIAN = 10;

    /** With fewer values on one side, a 99th percentile says nothing. */
    public static final int LEAST_FOR_P99 = 200;

    /** Copies the list. */
    public PerformanceComparison {
        changes = List.copyOf(changes);
    }

    /** How two values compare. */
    public enum Verdict {
        /** It has improved by more than the tolerance. */
        BETTER,
        /** It has got worse by more than the tolerance. */
        WORSE,
        /** It differs by no more than the tolerance. */
        SAME,
        /** There are too few values on one side. */
        TOO_FEW
    }

    /**
     * One value on both sides.
     *
     * @param what what it is, with its unit, such as {@code run p50, ms}
     */
    public record Change(String what, double before, double after, Verdict verdict) {}

    /** Returns the changes that are {@link Verdict#WORSE}. */
    public List<Change> worse() {
        return changes.stream()
                .filter(change -> change.verdict() == Verdict.WORSE)
                .toList();
    }

    /** Returns it for a human: what is worse, what is better, what limits now and did not before. */
    public String text() {
        return AnalysisText.of(this);
    }
}
