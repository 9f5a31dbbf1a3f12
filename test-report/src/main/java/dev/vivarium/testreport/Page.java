package dev.vivarium.testreport;

import dev.vivarium.testreport.BuildReport.Group;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** A build's report as one page that needs nothing but itself. */
final class Page {

    private static final String STYLE =
            "body{font:15px/1.45 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;"
                    + "color:#222;background:#fff}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}"
                    + "table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"
                    + "th{border-bottom:1px solid #bbb}.n{text-align:right;font-variant-numeric:tabular-nums}"
                    + ".bad{color:#a40000}.good{color:#1b6e20}.dim{color:#666}code{font-size:.92em}svg{color:#24527a}"
                    + ".scroll{overflow-x:auto}"
                    + "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.bad{color:#ff8a80}"
                    + ".good{color:#81c784}.dim{color:#999}svg{color:#90caf9}}";

    private final BuildReport report;
    private final StringBuilder html = new StringBuilder();

    private Page(BuildReport report) {
        this.report = report;
    }

    /** Returns the page. */
    static String of(BuildReport report) {
        return new Page(report).make();
    }

    private String make() {
        html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tests: ")
                .append(escaped(report.build().run()))
                .append("</title><meta name=\"viewport\" content=\"width=device-width\"><style>")
                .append(STYLE)
                .append("</style></head><body>\n");
        head();
        limits();
        failures();
        slower();
        groups("Tests by layer", "layer", BuildReport.byLayer(report.tests()));
        groups("Tests by module", "module", BuildReport.by(report.tests(), TestResult::module));
        shares("Coverage", "lines", report.build().coverage());
        shares("Mutants detected", "mutants", report.build().mutants());
        trend();
        slowest();
        seeds();
        return html.append("</body></html>\n").toString();
    }

    private void head() {
        BuildRecord build = report.build();
        boolean good = report.verdict().equals("passed");
        html.append(String.format(
                Locale.ROOT,
                "<h1>%s: <span class=\"%s\">%s</span></h1>\n<p>%d tests, %d failed; %.1f s of tests%s. "
                        + "<span class=\"dim\">%s%s</span></p>\n",
                escaped(build.run()),
                good ? "good" : "bad",
                report.verdict(),
                build.tests(),
                build.failed(),
                build.testSeconds(),
                build.wallSeconds() > 0 ? String.format(Locale.ROOT, ", %.0f s in all", build.wallSeconds()) : "",
                escaped(build.at()),
                build.commit().isEmpty() ? "" : ", commit " + escaped(build.commit())));
        report.notes()
                .forEach(note ->
                        html.append("<p class=\"bad\">").append(escaped(note)).append("</p>\n"));
    }

    private void limits() {
        if (!report.brokenLimits().isEmpty()) {
            html.append("<h2>Limits that do not hold</h2>\n<ul class=\"bad\">");
            report.brokenLimits()
                    .forEach(limit -> html.append("<li>").append(escaped(limit)).append("</li>"));
            html.append("</ul>\n");
        }
    }

    private void failures() {
        html.append("<h2>Failures</h2>\n");
        if (report.failures().isEmpty()) {
            html.append("<p>None.</p>\n");
            return;
        }
        table("test", "layer", "kind", "seed", "failure");
        for (TestResult test : report.failures()) {
            row(
                    code(test.test()) + " <span class=\"dim\">" + escaped(test.name()) + "</span>",
                    escaped(test.layer()),
                    escaped(report.kind(test)),
                    code(test.seed()),
                    escaped(test.headline()));
        }
        end();
    }

    private void slower() {
        html.append("<h2>What got slower</h2>\n");
        if (!report.knowsUsualTimes()) {
            html.append("<p>Not known before ")
                    .append(History.USUAL_FROM)
                    .append(" earlier builds of the kind are recorded.</p>\n");
        } else if (report.slower().isEmpty()) {
            html.append("<p>Nothing by much.</p>\n");
        } else {
            table("class", "#now, s", "#usually, s");
            report.slower().forEach(each -> row(code(each.type()), number(each.seconds()), number(each.usual())));
            end();
        }
    }

    private void groups(String title, String key, Map<String, Group> groups) {
        html.append("<h2>").append(title).append("</h2>\n");
        table(key, "#tests", "#failed", "#skipped", "#seconds");
        groups.forEach((name, group) -> row(
                escaped(name),
                Integer.toString(group.tests()),
                Integer.toString(group.failed()),
                Integer.toString(group.skipped()),
                number(group.seconds())));
        end();
    }

    private void shares(String title, String unit, Map<String, Share> shares) {
        html.append("<h2>").append(title).append("</h2>\n");
        if (shares.isEmpty()) {
            html.append("<p>Not measured in this build.</p>\n");
            return;
        }
        table("module", "#%", "#of " + unit);
        new TreeMap<>(shares).forEach(this::share);
        share("all", BuildRecord.sum(shares));
        end();
    }

    private void share(String name, Share share) {
        row(escaped(name), number(share.percent()), Long.toString(share.whole()));
    }

    private void trend() {
        html.append("<h2>Trend</h2>\n");
        if (report.trend().size() < 2) {
            html.append("<p>No earlier build of the kind is recorded.</p>\n");
            return;
        }
        html.append("<p>").append(report.trend().size()).append(" builds, this one as the last.</p>\n");
        table("what", "trend", "#first", "#last");
        drawn("seconds of tests", report.trend(), BuildRecord::testSeconds);
        drawn("seconds in all", having(build -> build.wallSeconds() > 0), BuildRecord::wallSeconds);
        drawn("tests", report.trend(), BuildRecord::tests);
        drawn(
                "lines covered, %",
                having(build -> !build.coverage().isEmpty()),
                build -> BuildRecord.sum(build.coverage()).percent());
        drawn(
                "mutants detected, %",
                having(build -> !build.mutants().isEmpty()),
                build -> BuildRecord.sum(build.mutants()).percent());
        end();
    }

    private List<BuildRecord> having(Predicate<BuildRecord> figure) {
        return report.trend().stream().filter(figure).toList();
    }

    private void drawn(String what, List<BuildRecord> builds, ToDoubleFunction<BuildRecord> figure) {
        if (builds.isEmpty()) {
            return;
        }
        List<Double> values = new ArrayList<>();
        builds.forEach(build -> values.add(figure.applyAsDouble(build)));
        row(escaped(what), Trend.svg(values), number(values.get(0)), number(values.get(values.size() - 1)));
    }

    private void slowest() {
        html.append("<h2>Slowest tests</h2>\n");
        table("test", "layer", "#seconds");
        for (TestResult test : report.slowest()) {
            row(
                    code(test.test()) + " <span class=\"dim\">" + escaped(test.name()) + "</span>",
                    escaped(test.layer()),
                    number(test.seconds()));
        }
        end();
    }

    private void seeds() {
        html.append("<h2>Failing seeds that are kept</h2>\n");
        if (report.seeds().isEmpty()) {
            html.append("<p>None.</p>\n");
            return;
        }
        html.append("<ul>");
        report.seeds().forEach(seed -> html.append("<li>").append(code(seed)).append("</li>"));
        html.append("</ul>\n");
    }

    /** Begins a table; a column of numbers has a hash before its name. */
    private void table(String... columns) {
        html.append("<div class=\"scroll\"><table><tr>");
        for (String column : columns) {
            html.append(column.startsWith("#") ? "<th class=\"n\">" : "<th>")
                    .append(escaped(column.startsWith("#") ? column.substring(1) : column))
                    .append("</th>");
        }
        html.append("</tr>\n");
    }

    private void row(String... cells) {
        html.append("<tr>");
        for (String cell : cells) {
            html.append(cell.matches("-?[\\d.]+") ? "<td class=\"n\">" : "<td>")
                    .append(cell)
                    .append("</td>");
        }
        html.append("</tr>\n");
    }

    private void end() {
        html.append("</table></div>\n");
    }

    private static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.2f", value);
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "<code>" + escaped(text) + "</code>";
    }

    /** What tests are called and fail with is theirs, and may be anything. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
