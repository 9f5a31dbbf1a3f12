package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.Metric;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Scenarios;
import dev.vivarium.chaos.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Writes what came of a run, for people. */
final class ReportText {

    private final Facts facts;
    private final List<Finding> findings;
    private final RunSettings settings;
    private final Path folder;
    private final Figures figures;

    ReportText(Facts facts, List<Finding> findings, RunSettings settings, Path folder) {
        this.facts = facts;
        this.findings = findings;
        this.settings = settings;
        this.folder = folder;
        figures = new Figures(facts, false);
    }

    /** Returns the command that has the same happen again: by the scenario's name, if it is one of those that come with the runner. */
    static String repeat(Facts facts, RunSettings settings, Path folder) {
        return "./vivarium chaos run "
                + (isShipped(facts.scenario()) ? facts.scenario().name() : folder.resolve(Runner.SCENARIO))
                + " --seed " + RunSettings.hex(facts.schedule().seed()) + " --workers "
                + facts.scenario().workers()
                + (settings.sabotage().isEmpty() ? "" : " --sabotage " + settings.sabotageWords());
    }

    private static boolean isShipped(Scenario scenario) {
        try {
            return Scenarios.NAMES.contains(scenario.name())
                    && Scenarios.find(scenario.name())
                            .withWorkers(scenario.workers())
                            .equals(scenario);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String text(Verdict verdict) {
        StringBuilder text = new StringBuilder();
        // What makes a verdict bad comes first.
        List<Finding> sorted = findings.stream()
                .sorted(Comparator.comparing(Finding::verdict).reversed())
                .toList();
        for (Finding finding : sorted) {
            text.append(
                    String.format(Locale.ROOT, "%-8s %s: %s", finding.verdict(), finding.checker(), finding.found()));
            if (finding.verdict() != Verdict.VALID && !finding.wanted().isEmpty()) {
                text.append(" (asked: ").append(finding.wanted()).append(')');
            }
            text.append('\n');
        }
        text.append(String.format(
                Locale.ROOT,
                "ledger   due=%d ok=%d failed=%d indefinite=%d dropped=%d wrong=%d forged=%d%n",
                facts.calls().size(),
                count(Call.Outcome.OK),
                count(Call.Outcome.FAILED),
                facts.calls().stream().filter(Call::indefinite).count(),
                count(Call.Outcome.DROPPED),
                count(Call.Outcome.WRONG),
                count(Call.Outcome.FORGED)));
        text.append("latency ");
        for (String phase : Metric.phases()) {
            text.append(String.format(
                    Locale.ROOT,
                    " %s p50=%s p99=%s n=%d;",
                    phase,
                    millis(figures.quantile(phase, 0.5)),
                    millis(figures.quantile(phase, 0.99)),
                    facts.in(phase).size()));
        }
        text.append(String.format(
                Locale.ROOT,
                "%ntimes    detection=%s recovery=%s drain=%s restarts=%d amplification=%.3f%n",
                millis(figures.of(Metric.DETECTION, "")),
                millis(figures.of(Metric.RECOVERY, "")),
                millis(figures.of(Metric.DRAIN, "")),
                facts.pool().restarts().size(),
                figures.of(Metric.AMPLIFICATION, "").orElse(0)));
        text.append(String.format(
                Locale.ROOT,
                "runner   pauses=%d longest=%d ms, machine load %.1f on %d processors%n",
                facts.machine().pauses(),
                facts.machine().longestPause() / 1_000_000,
                facts.machine().load(),
                facts.machine().processors()));
        text.append("VERDICT  ").append(verdict).append("  ").append(folder).append('\n');
        return text.append("repeat:  ")
                .append(repeat(facts, settings, folder))
                .append('\n')
                .toString();
    }

    private long count(Call.Outcome outcome) {
        return facts.calls().stream().filter(call -> call.outcome() == outcome).count();
    }

    private static String millis(OptionalDouble seconds) {
        return seconds.isEmpty() ? "none" : Math.round(seconds.getAsDouble() * 1000) + "ms";
    }
}
