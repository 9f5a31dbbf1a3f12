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

    private final BuildReport report;
    private final Html html;

    private Page(BuildReport report) {
        this.report = report;
        this.html = new Html("Tests: " + report.build().run());
    }

    /** Returns the page. */
    static String of(BuildReport report) {
        return new Page(report).make();
    }

    private String make() {
        head();
        html.limits(report.brokenLimits());
        failures();
        slower();
        groups("Tests by layer", "layer", BuildReport.byLayer(report.tests()));
        groups("Tests by module", "module", BuildReport.by(report.tests(), TestResult::module));
        shares("Coverage", "lines", report.build().coverage());
        shares("Mutants detected", "mutants", report.build().mutants());
        trend();
        slowest();
        seeds();
        return html.end();
    }

    private void head() {
        BuildRecord build = report.build();
        boolean good = report.verdict().equals("passed");
        html.add(String.format(
                Locale.ROOT,
                "<h1>%s: <span class=\"%s\">%s</span></h1>\n<p>%d tests, %d failed; %.1f s of tests%s. "
                        + "<span class=\"dim\">%s%s</span></p>\n",
                Html.escaped(build.run()),
                good ? "good" : "bad",
                report.verdict(),
                build.tests(),
                build.failed(),
                build.testSeconds(),
                build.wallSeconds() > 0 ? String.format(Locale.ROOT, ", %.0f s in all", build.wallSeconds()) : "",
                Html.escaped(build.at()),
                build.commit().isEmpty() ? "" : ", commit " + Html.escaped(build.commit())));
        report.notes().forEach(html::warning);
    }

    private void failures() {
        html.heading("Failures");
        if (report.failures().isEmpty()) {
            html.add("<p>None.</p>\n");
            return;
        }
        html.table("test", "layer", "kind", "seed", "failure");
        for (TestResult test : report.failures()) {
            html.row(
                    Html.code(test.test()) + " <span class=\"dim\">" + Html.escaped(test.name()) + "</span>",
                    Html.escaped(test.layer()),
                    Html.escaped(report.kind(test)),
                    Html.code(test.seed()),
                    Html.escaped(test.headline()));
        }
        html.endTable();
    }

    private void slower() {
        html.heading("What got slower");
        if (!report.knowsUsualTimes()) {
            html.add("<p>Not known before " + History.USUAL_FROM + " earlier builds of the kind are recorded.</p>\n");
        } else if (report.slower().isEmpty()) {
            html.add("<p>Nothing by much.</p>\n");
        } else {
            html.table("class", "#now, s", "#usually, s");
            report.slower()
                    .forEach(each ->
                            html.row(Html.code(each.type()), Html.number(each.seconds()), Html.number(each.usual())));
            html.endTable();
        }
    }

    private void groups(String title, String key, Map<String, Group> groups) {
        html.heading(title);
        html.table(key, "#tests", "#failed", "#skipped", "#seconds");
        groups.forEach((name, group) -> html.row(
                Html.escaped(name),
                Integer.toString(group.tests()),
                Integer.toString(group.failed()),
                Integer.toString(group.skipped()),
                Html.number(group.seconds())));
        html.endTable();
    }

    private void shares(String title, String unit, Map<String, Share> shares) {
        html.heading(title);
        if (shares.isEmpty()) {
            html.add("<p>Not measured in this build.</p>\n");
            return;
        }
        html.table("module", "#%", "#of " + unit);
        new TreeMap<>(shares).forEach(this::share);
        share("all", BuildRecord.sum(shares));
        html.endTable();
    }

    private void share(String name, Share share) {
        html.row(Html.escaped(name), Html.number(share.percent()), Long.toString(share.whole()));
    }

    private void trend() {
        html.heading("Trend");
        if (report.trend().size() < 2) {
            html.add("<p>No earlier build of the kind is recorded.</p>\n");
            return;
        }
        html.add("<p>" + report.trend().size() + " builds, this one as the last.</p>\n");
        html.table("what", "trend", "#first", "#last");
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
        html.endTable();
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
        html.row(
                Html.escaped(what),
                Trend.svg(values),
                Html.number(values.get(0)),
                Html.number(values.get(values.size() - 1)));
    }

    private void slowest() {
        html.heading("Slowest tests");
        html.table("test", "layer", "#seconds");
        for (TestResult test : report.slowest()) {
            html.row(
                    Html.code(test.test()) + " <span class=\"dim\">" + Html.escaped(test.name()) + "</span>",
                    Html.escaped(test.layer()),
                    Html.number(test.seconds()));
        }
        html.endTable();
    }

    private void seeds() {
        html.heading("Failing seeds that are kept");
        if (report.seeds().isEmpty()) {
            html.add("<p>None.</p>\n");
            return;
        }
        html.add("<ul>");
        report.seeds().forEach(seed -> html.add("<li>").add(Html.code(seed)).add("</li>"));
        html.add("</ul>\n");
    }
}
