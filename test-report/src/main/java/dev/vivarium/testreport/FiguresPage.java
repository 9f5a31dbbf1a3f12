package dev.vivarium.testreport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The page of a run that measures: what became of each run of chaos, and each figure with its trend. */
final class FiguresPage {

    private FiguresPage() {}

    /**
     * Returns the page.
     *
     * @param runs those of chaos
     * @param figures what was measured, in order
     * @param earlier what is kept of earlier runs of the kind, the oldest first
     * @param notes what else there is to say
     * @param broken the limits that do not hold
     * @param folder where the page will be
     */
    static String of(
            FigureRecord record,
            List<ChaosRuns.Run> runs,
            Map<String, Double> figures,
            List<FigureRecord> earlier,
            List<String> notes,
            List<String> broken,
            Path folder) {
        Html html = new Html(record.run());
        html.add(String.format(
                Locale.ROOT,
                "<h1>%s: <span class=\"%s\">%s</span></h1>\n<p>%.0f s. <span class=\"dim\">%s%s</span></p>\n",
                record.run(),
                record.status() == 0 && broken.isEmpty() ? "good" : "bad",
                verdict(record, runs, broken),
                record.wallSeconds(),
                Html.escaped(record.at()),
                record.commit().isEmpty() ? "" : ", commit " + Html.escaped(record.commit())));
        notes.forEach(html::warning);
        html.limits(broken);
        chaos(html, runs, folder);
        figures(html, record, figures, earlier);
        return html.end();
    }

    private static String verdict(FigureRecord record, List<ChaosRuns.Run> runs, List<String> broken) {
        for (String worst : List.of("INVALID", "UNKNOWN")) {
            if (runs.stream().anyMatch(run -> run.verdict().equals(worst))) {
                return worst;
            }
        }
        if (record.status() != 0) {
            return "ended with status " + record.status();
        }
        return broken.isEmpty() ? "passed" : "beyond a limit";
    }

    private static void chaos(Html html, List<ChaosRuns.Run> runs, Path folder) {
        if (runs.isEmpty()) {
            return;
        }
        html.heading("Runs");
        html.table("run", "verdict", "seed", "found");
        for (ChaosRuns.Run run : runs) {
            String report = folder.toAbsolutePath()
                    .relativize(run.report().toAbsolutePath())
                    .toString();
            html.row(
                    "<a href=\"" + Html.escaped(report) + "\">" + Html.escaped(run.name()) + "</a>",
                    "<span class=\"" + (run.verdict().equals("VALID") ? "good" : "bad") + "\">"
                            + Html.escaped(run.verdict()) + "</span>",
                    Html.code(run.seed()),
                    Html.escaped(String.join("; ", run.troubles())));
        }
        html.endTable();
    }

    private static void figures(
            Html html, FigureRecord record, Map<String, Double> figures, List<FigureRecord> earlier) {
        html.heading("Figures");
        if (figures.isEmpty()) {
            html.add("<p>None.</p>\n");
            return;
        }
        html.add("<p>Each with the last " + (History.TREND_LENGTH - 1) + " runs of the kind that ended well.</p>\n");
        html.table("figure", "#value", "trend");
        figures.forEach((figure, value) -> {
            List<Double> values = new ArrayList<>(earlier.stream()
                    .filter(each -> each.status() == 0)
                    .map(each -> each.figures().get(figure))
                    .filter(Objects::nonNull)
                    .toList());
            values.add(value);
            List<Double> last = values.subList(Math.max(0, values.size() - History.TREND_LENGTH), values.size());
            html.row(Html.escaped(figure), Html.number(value), last.size() < 2 ? "" : Trend.svg(last));
        });
        html.endTable();
        html.add("<p class=\"dim\">"
                + (record.run().equals("chaos")
                        ? "Of several runs of a scenario, the worst."
                        : "Medians over the rounds.")
                + "</p>\n");
    }
}
