package dev.vivarium.chaos.internal;

import dev.vivarium.WorkerState;
import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.Metric;
import dev.vivarium.chaos.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** One page with everything about a run, over one axis of time. Static: it loads nothing and runs nothing. */
final class Timeline {

    /** The file's name in a run's folder. */
    static final String FILE = "timeline.html";

    private static final int WIDTH = 1100;
    private static final int LEFT = 90;
    private static final int RIGHT = 20;
    private static final int LATENCY = 190;
    private static final int THROUGHPUT = 110;
    private static final int TRACK = 18;
    private static final int GAP = 34;
    private static final int BUCKET_MS = 250;
    /** More points than that say nothing more, and make the page slow. */
    private static final int MOST_POINTS = 6000;

    private static final double LEAST_SECONDS = 0.0005;
    private static final double MOST_SECONDS = 60;

    private final Facts facts;
    private final List<Finding> findings;
    private final Verdict verdict;
    private final String repeat;
    private final Figures figures;
    private final double begin;
    private final double end;
    private final StringBuilder out = new StringBuilder();

    Timeline(Facts facts, List<Finding> findings, Verdict verdict, String repeat) {
        this.facts = facts;
        this.findings = findings;
        this.verdict = verdict;
        this.repeat = repeat;
        figures = new Figures(facts, false);
        begin = seconds(facts.times().load());
        long last = facts.calls().stream().mapToLong(Call::ended).max().orElse(0);
        end = seconds(Math.max(
                        Math.max(last, facts.times().end()), facts.times().recovered()))
                + 0.2;
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    String html() {
        add(
                "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s %s</title>%s</head><body>",
                escape(facts.scenario().name()), verdict, STYLE);
        head();
        chart();
        phases();
        checks();
        faults();
        add("</body></html>%n");
        return out.toString();
    }

    private void add(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values));
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private void head() {
        add(
                "<h1>%s <span class=\"%s\">%s</span></h1><p>%s</p>",
                escape(facts.scenario().name()),
                verdict,
                verdict,
                escape(facts.scenario().title()));
        findings.stream()
                .filter(finding -> finding.verdict() != Verdict.VALID)
                .sorted(Comparator.comparing(Finding::verdict).reversed())
                .forEach(finding -> add(
                        "<p class=\"why\"><b class=\"%s\">%s</b> %s: %s</p>",
                        finding.verdict(), finding.verdict(), escape(finding.checker()), escape(finding.found())));
        add(
                "<dl class=\"sums\"><div><dt>to detect</dt><dd>%s</dd></div><div><dt>to recover</dt><dd>%s</dd></div>"
                        + "<div><dt>ok</dt><dd>%s</dd></div><div><dt>calls</dt><dd>%d</dd></div>"
                        + "<div><dt>restarts</dt><dd>%d</dd></div><div><dt>retries</dt><dd>%d</dd></div>"
                        + "<div><dt>indefinite</dt><dd>%d</dd></div></dl>",
                time(figures.of(Metric.DETECTION, "")),
                time(figures.of(Metric.RECOVERY, "")),
                share(figures.of(Metric.OK, "")),
                facts.calls().size(),
                facts.pool().restarts().size(),
                figures.retries(),
                facts.calls().stream().filter(Call::indefinite).count());
        add("<pre>%s</pre>", escape(repeat));
    }

    private double x(double at) {
        return LEFT + (at - begin) / (end - begin) * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double seconds, int top) {
        double clamped = Math.max(LEAST_SECONDS, Math.min(MOST_SECONDS, seconds));
        double share = Math.log(clamped / LEAST_SECONDS) / Math.log(MOST_SECONDS / LEAST_SECONDS);
        return top + LATENCY * (1 - share);
    }

    private void chart() {
        Lanes lanes = new Lanes(facts.struck(), this::x);
        int latencyTop = 14;
        int rateTop = latencyTop + LATENCY + GAP;
        int lanesTop = rateTop + THROUGHPUT + GAP / 2;
        int tracksTop = lanesTop + lanes.height() + GAP / 2;
        int bottom = tracksTop + TRACK * facts.scenario().workers();
        add("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"timeline\">", WIDTH, bottom + 30);
        out.append(lanes.bands(latencyTop, bottom));
        latencies(latencyTop);
        rates(rateTop);
        out.append(lanes.lanes(lanesTop, LEFT));
        tracks(tracksTop);
        axis(bottom);
        add(
                "</svg><p class=\"legend\"><i style=\"background:#2d7d46\"></i>ok <i style=\"background:#c0392b\"></i>failed "
                        + "<i style=\"background:#e08e0b\"></i>indefinite &nbsp; workers: <i class=\"s1\"></i>ready <i class=\"s2\"></i>busy "
                        + "<i class=\"s0\"></i>starting <i class=\"s3\"></i>degraded, gap: no process; faults: full when landed, "
                        + "dashed when not</p>");
    }

    private void latencies(int top) {
        add("<text x=\"4\" y=\"%d\" class=\"name\">latency</text>", top + 12);
        for (double mark : new double[] {0.001, 0.01, 0.1, 1, 10}) {
            double y = y(mark, top);
            add(
                    "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
                            + "text-anchor=\"end\">%s</text>",
                    LEFT, y, WIDTH - RIGHT, y, LEFT - 5, y + 4, LoadPlanText.text(Duration.ofNanos((long)
                            (mark * 1e9))));
        }
        List<Call> calls = facts.calls();
        int step = 1 + calls.size() / MOST_POINTS;
        for (int i = 0; i < calls.size(); i++) {
            Call call = calls.get(i);
            boolean ok = call.outcome() == Call.Outcome.OK;
            if (call.ended() == 0 || (ok && i % step != 0)) {
                continue;
            }
            String colour = ok ? "#2d7d46" : call.indefinite() ? "#e08e0b" : "#c0392b";
            add(
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\"%s/>",
                    x(seconds(call.due())),
                    y(seconds(call.latency()), top),
                    ok ? "1.4" : "2.6",
                    colour,
                    ok ? " opacity=\"0.5\"" : "");
        }
    }

    private void rates(int top) {
        int buckets = (int) ((end - begin) * 1000 / BUCKET_MS) + 1;
        int[][] counts = new int[buckets][2];
        for (Call call : facts.calls()) {
            int bucket = (int) ((seconds(call.ended()) - begin) * 1000 / BUCKET_MS);
            if (call.ended() > 0 && bucket >= 0 && bucket < buckets) {
                counts[bucket][call.outcome() == Call.Outcome.OK ? 0 : 1]++;
            }
        }
        int most = 1;
        for (int[] count : counts) {
            most = Math.max(most, count[0] + count[1]);
        }
        add(
                "<text x=\"4\" y=\"%d\" class=\"name\">ended/s</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d</text>",
                top + 12, LEFT - 5, top + 26, most * 1000 / BUCKET_MS);
        double width = x(begin + BUCKET_MS / 1000.0) - x(begin);
        for (int i = 0; i < buckets; i++) {
            double ok = THROUGHPUT * (double) counts[i][0] / most;
            double bad = THROUGHPUT * (double) counts[i][1] / most;
            double x = x(begin + i * BUCKET_MS / 1000.0);
            add(
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#2d7d46\"/>",
                    x, top + THROUGHPUT - ok, Math.max(0.5, width - 0.5), ok);
            add(
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#c0392b\"/>",
                    x, top + THROUGHPUT - ok - bad, Math.max(0.5, width - 0.5), bad);
        }
    }

    private void tracks(int top) {
        Map<Integer, List<Watch.Mark>> bySlot = new TreeMap<>();
        facts.pool()
                .marks()
                .forEach(mark -> bySlot.computeIfAbsent(mark.slot(), slot -> new ArrayList<>())
                        .add(mark));
        int row = 0;
        for (Map.Entry<Integer, List<Watch.Mark>> slot : bySlot.entrySet()) {
            int y = top + TRACK * row++;
            if (row > facts.scenario().workers()) {
                return; // Slots that were only there while others were replaced.
            }
            add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">worker %d</text>", LEFT - 5, y + 12, slot.getKey());
            track(slot.getValue(), y);
        }
    }

    private void track(List<Watch.Mark> marks, int y) {
        for (int i = 0; i < marks.size(); i++) {
            Watch.Mark mark = marks.get(i);
            double from = Math.max(begin, seconds(mark.at()));
            double to = i + 1 < marks.size() ? seconds(marks.get(i + 1).at()) : end;
            if (to <= begin || from >= end) {
                continue;
            }
            if (mark.state() == WorkerState.TERMINATED) {
                add(
                        "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#c0392b\" stroke-width=\"2\"><title>%s</title></line>",
                        x(from), y, x(from), y + TRACK - 3, escape("ended: " + mark.cause()));
            } else {
                add(
                        "<rect class=\"s%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>%s</title></rect>",
                        mark.state().ordinal(),
                        x(from),
                        y,
                        Math.max(0.3, x(to) - x(from)),
                        TRACK - 4,
                        escape("." + mark.incarnation() + " " + mark.state() + ": " + mark.cause()));
            }
        }
    }

    private void axis(int bottom) {
        for (int second = 0; second <= end - begin; second++) {
            double x = x(begin + second);
            add("<line class=\"grid\" x1=\"%.1f\" y1=\"14\" x2=\"%.1f\" y2=\"%d\"/>", x, x, bottom);
            add("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d s</text>", x, bottom + 16, second);
        }
    }

    private void phases() {
        add(
                "<h2>Phases</h2><table><tr><th>phase</th><th>calls</th><th>ok</th><th>p50</th><th>p90</th><th>p99</th><th>max</th></tr>");
        for (String phase : List.of("before", "during", "after", "")) {
            List<Call> calls = facts.in(phase);
            long ok = calls.stream()
                    .filter(call -> call.outcome() == Call.Outcome.OK)
                    .count();
            add(
                    "<tr><td>%s</td><td>%d</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>",
                    phase.isEmpty() ? "all" : phase,
                    calls.size(),
                    share(calls.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of((double) ok / calls.size())),
                    time(figures.quantile(phase, 0.5)),
                    time(figures.quantile(phase, 0.9)),
                    time(figures.quantile(phase, 0.99)),
                    time(figures.quantile(phase, 1)));
        }
        add("</table>");
    }

    private void checks() {
        add("<h2>Checks</h2><table><tr><th></th><th>checker</th><th>found</th><th>asked</th></tr>");
        for (Finding finding : findings) {
            add(
                    "<tr><td class=\"%s\">%s</td><td>%s</td><td>%s</td><td>%s</td></tr>",
                    finding.verdict(),
                    finding.verdict(),
                    escape(finding.checker()),
                    escape(finding.found()),
                    escape(finding.wanted()));
        }
        add(
                "</table><p>runner: %d pauses, the longest %d ms; machine load %.1f on %d processors</p>",
                facts.machine().pauses(),
                facts.machine().longestPause() / 1_000_000,
                facts.machine().load(),
                facts.machine().processors());
    }

    private void faults() {
        add("<h2>Faults</h2><table><tr><th>#</th><th>fault</th><th>worker</th><th>requested</th><th>landed</th>"
                + "<th>times</th><th>detected</th><th>healed</th></tr>");
        for (Struck target : facts.struck()) {
            add(
                    "<tr><td>%d</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%d</td><td>%s</td><td>%s</td></tr>",
                    target.planned().number(),
                    escape(ScenarioWriter.describe(target.planned().fault())),
                    target.slot() == 0 ? "pool" : Integer.toString(target.slot()),
                    at(target.requested()),
                    target.refusal().isEmpty() ? at(target.landed()) : "refused: " + escape(target.refusal()),
                    target.landings(),
                    target.detected() == 0 ? "" : "+" + (target.detected() - target.landed()) / 1_000_000 + " ms",
                    at(target.healed()));
        }
        add("</table>");
    }

    private String at(long nanos) {
        return nanos == 0 ? "never" : String.format(Locale.ROOT, "%.3f s", seconds(nanos) - begin);
    }

    private static String time(OptionalDouble seconds) {
        return seconds.isEmpty() ? "none" : String.format(Locale.ROOT, "%.1f ms", seconds.getAsDouble() * 1000);
    }

    private static String share(OptionalDouble share) {
        return share.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f %%", share.getAsDouble() * 100);
    }

    private static final String STYLE = """
            <style>
            body{font:14px/1.45 system-ui,sans-serif;max-width:1120px;margin:24px auto;padding:0 16px;color:#222;background:#fff}
            h1{font-size:24px;margin:0}h2{font-size:17px;margin:24px 0 6px}
            h1 span,.why b{color:#fff;padding:2px 10px;border-radius:4px;font-size:.8em}
            h1 .VALID{background:#2d7d46}h1 .INVALID,.why .INVALID{background:#c0392b}h1 .UNKNOWN,.why .UNKNOWN{background:#8a6d1b}
            .why{margin:6px 0}pre{background:#f3f3f0;padding:8px 12px;overflow:auto}
            .sums{display:flex;gap:28px;margin:14px 0;flex-wrap:wrap}.sums dt{color:#666;font-size:12px}.sums dd{margin:0;font-size:19px}
            svg{width:100%;height:auto;border:1px solid #ddd}svg text{font:11px system-ui,sans-serif;fill:#555}svg .name{font-weight:600}
            .grid{stroke:#e6e6e6;stroke-width:1}.s0{fill:#c9d6e8;background:#c9d6e8}.s1{fill:#bfe3c8;background:#bfe3c8}
            .s2{fill:#3f8f58;background:#3f8f58}.s3{fill:#f0c24b;background:#f0c24b}
            .legend{font-size:12px;color:#555}.legend i{display:inline-block;width:10px;height:10px;margin:0 4px 0 10px}
            table{border-collapse:collapse;width:100%;font-size:13px}td,th{border-bottom:1px solid #e4e4e4;padding:4px 8px;text-align:left;
            vertical-align:top;overflow-wrap:anywhere}
            td:first-child{white-space:nowrap}td.VALID{color:#2d7d46}td.INVALID{color:#c0392b;font-weight:700}td.UNKNOWN{color:#8a6d1b;font-weight:700}
            </style>""";
}
