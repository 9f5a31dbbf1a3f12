package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vivarium.testkit.MonitorReport;
import dev.vivarium.testkit.MonitorReport.Calls;
import dev.vivarium.testkit.MonitorReport.Overhead;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.MonitorReport.Spread;
import dev.vivarium.testkit.MonitorReport.Workers;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes a report down. */
public final class ReportText {

    private ReportText() {}

    /** Returns the report for a human. */
    public static String of(MonitorReport report) {
        Overhead overhead = report.overhead();
        StringBuilder text = new StringBuilder();
        line(
                text,
                String.format(
                        Locale.ROOT,
                        "pool %s, in ms; the monitor took %s for %d events and %d calls, %.2f %% of the %s that it has watched",
                        report.pool(),
                        ms(overhead.spent()),
                        overhead.events(),
                        overhead.calls(),
                        100 * overhead.share(),
                        ms(overhead.since())));
        report.phases().forEach(phase -> phase(text, phase));
        return text.toString();
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }

    private static String ms(Duration time) {
        return String.format(Locale.ROOT, "%.3f", time.toNanos() / 1e6);
    }

    private static void phase(StringBuilder text, Phase phase) {
        Calls calls = phase.calls();
        Workers workers = phase.workers();
        text.append('\n');
        line(text, String.format(Locale.ROOT, "%s: %s from %s", phase.name(), ms(phase.lasted()), phase.began()));
        line(
                text,
                String.format(
                        Locale.ROOT,
                        "  calls: %d accepted, %d succeeded, %d failed, %d retried, %d late answers, %d open; %d watched",
                        calls.accepted(),
                        calls.succeeded(),
                        calls.failed(),
                        calls.retried(),
                        calls.late(),
                        calls.open(),
                        calls.watched()));
        line(
                text,
                String.format(
                        Locale.ROOT,
                        "  workers: busy for %.1f %% of %s, %d restarts%s",
                        100 * workers.utilisation(),
                        ms(workers.up()),
                        workers.restarts(),
                        workers.ends().isEmpty() ? "" : "; ended by " + counts(workers.ends())));
        workers.busy()
                .forEach((worker, busy) ->
                        line(text, String.format(Locale.ROOT, "    %s busy for %s", worker, ms(busy))));
        if (!phase.errors().isEmpty()) {
            line(text, String.format(Locale.ROOT, "  errors of watched calls: %s", counts(phase.errors())));
        }
        if (!phase.steps().isEmpty() || !phase.handlers().isEmpty()) {
            line(
                    text,
                    String.format(
                            Locale.ROOT,
                            "  %-20s %8s %10s %10s %10s %10s %10s %10s %10s",
                            "",
                            "count",
                            "min",
                            "p50",
                            "p90",
                            "p99",
                            "p99.9",
                            "max",
                            "mean"));
        }
        phase.steps().forEach((step, spread) -> spread(text, step.toString(), spread));
        phase.handlers().forEach((name, handler) -> spread(text, "of '" + name + "'", handler.took()));
        line(
                text,
                String.format(Locale.ROOT, "  events: %s", phase.events().isEmpty() ? "none" : counts(phase.events())));
        line(
                text,
                String.format(
                        Locale.ROOT,
                        "  the pool at the end: %s, %s",
                        phase.end().state(),
                        phase.end().summary()));
    }

    private static void spread(StringBuilder text, String name, Spread spread) {
        line(
                text,
                String.format(
                        Locale.ROOT,
                        "  %-20s %8d %10s %10s %10s %10s %10s %10s %10s",
                        name,
                        spread.count(),
                        ms(spread.min()),
                        ms(spread.p50()),
                        ms(spread.p90()),
                        ms(spread.p99()),
                        ms(spread.p999()),
                        ms(spread.max()),
                        ms(spread.mean())));
    }

    private static String counts(Map<?, Long> counts) {
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    /** Returns the report for a machine. */
    public static String json(MonitorReport report) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("pool", report.pool());
        Overhead overhead = report.overhead();
        root.putObject("overhead")
                .put("events", overhead.events())
                .put("calls", overhead.calls())
                .put("spentNanos", overhead.spent().toNanos())
                .put("sinceNanos", overhead.since().toNanos());
        var phases = root.putArray("phases");
        report.phases().forEach(phase -> json(phases.addObject(), phase));
        return root.toString();
    }

    private static void json(ObjectNode node, Phase phase) {
        Calls calls = phase.calls();
        Workers workers = phase.workers();
        node.put("name", phase.name())
                .put("began", phase.began().toString())
                .put("lastedNanos", phase.lasted().toNanos());
        node.putObject("calls")
                .put("accepted", calls.accepted())
                .put("succeeded", calls.succeeded())
                .put("failed", calls.failed())
                .put("retried", calls.retried())
                .put("late", calls.late())
                .put("watched", calls.watched())
                .put("open", calls.open());
        ObjectNode steps = node.putObject("steps");
        phase.steps().forEach((step, spread) -> json(steps.putObject(step.toString()), spread));
        json(node.putObject("errors"), phase.errors());
        ObjectNode handlers = node.putObject("handlers");
        phase.handlers().forEach((name, handler) -> {
            ObjectNode one = handlers.putObject(name).put("failed", handler.failed());
            json(one.putObject("took"), handler.took());
        });
        ObjectNode up = node.putObject("workers")
                .put("utilisation", workers.utilisation())
                .put("upNanos", workers.up().toNanos())
                .put("restarts", workers.restarts());
        ObjectNode busy = up.putObject("busyNanos");
        workers.busy().forEach((worker, time) -> busy.put(worker.toString(), time.toNanos()));
        ObjectNode exchanges = up.putObject("exchanges");
        workers.exchanges().forEach((worker, spread) -> json(exchanges.putObject(worker.toString()), spread));
        json(up.putObject("ends"), workers.ends());
        json(node.putObject("events"), phase.events());
        node.put("end", phase.end().summary());
    }

    private static void json(ObjectNode node, Map<?, Long> counts) {
        counts.forEach((name, count) -> node.put(name.toString(), count));
    }

    private static void json(ObjectNode node, Spread spread) {
        node.put("count", spread.count())
                .put("minNanos", spread.min().toNanos())
                .put("meanNanos", spread.mean().toNanos())
                .put("deviationNanos", spread.deviation().toNanos())
                .put("p50Nanos", spread.p50().toNanos())
                .put("p90Nanos", spread.p90().toNanos())
                .put("p99Nanos", spread.p99().toNanos())
                .put("p999Nanos", spread.p999().toNanos())
                .put("maxNanos", spread.max().toNanos());
    }
}
