package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.Metric;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes what came of a run, for programs. */
final class Journal {

    /** The file's name in a run's folder. */
    static final String FILE = "journal.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private Journal() {}

    static void write(Path folder, Facts facts, List<Finding> findings, Verdict verdict, RunSettings settings)
            throws IOException {
        ObjectNode journal = JSON.createObjectNode();
        journal.put("scenario", facts.scenario().name());
        journal.put("title", facts.scenario().title());
        journal.put("seed", RunSettings.hex(facts.schedule().seed()));
        journal.put("verdict", verdict.name());
        journal.put("repeat", ReportText.repeat(facts, settings, folder));
        if (!settings.sabotage().isEmpty()) {
            journal.put("sabotage", settings.sabotageWords());
        }
        ArrayNode checks = journal.putArray("findings");
        for (Finding finding : findings) {
            checks.addObject()
                    .put("checker", finding.checker())
                    .put("verdict", finding.verdict().name())
                    .put("found", finding.found())
                    .put("wanted", finding.wanted());
        }
        figures(journal.putObject("figures"), new Figures(facts, false));
        ObjectNode times = journal.putObject("times");
        times.put("load", seconds(facts.times().load()));
        times.put("method", seconds(facts.times().method()));
        times.put("healed", seconds(facts.times().healed()));
        times.put("end", seconds(facts.times().end()));
        if (facts.times().recovered() >= 0) {
            times.put("recovered", seconds(facts.times().recovered()));
        }
        ArrayNode faults = journal.putArray("faults");
        for (Struck target : facts.struck()) {
            faults.addObject()
                    .put("number", target.planned().number())
                    .put("fault", ScenarioWriter.describe(target.planned().fault()))
                    .put("slot", target.slot())
                    .put("requested", seconds(target.requested()))
                    .put("landed", seconds(target.landed()))
                    .put("landings", target.landings())
                    .put("healed", seconds(target.healed()))
                    .put("detected", seconds(target.detected()))
                    .put("refused", target.refusal());
        }
        journal.putObject("machine")
                .put("processors", facts.machine().processors())
                .put("load", facts.machine().load())
                .put("pauses", facts.machine().pauses())
                .put("longestPause", seconds(facts.machine().longestPause()));
        JSON.writerWithDefaultPrettyPrinter().writeValue(folder.resolve(FILE).toFile(), journal);
    }

    private static void figures(ObjectNode to, Figures figures) {
        for (Metric metric : Metric.values()) {
            if (!metric.needsArgument()) {
                figures.of(metric, "").ifPresent(figure -> to.put(metric.word(), figure));
            }
            if (metric != Metric.REACHED) {
                for (String argument : metric.arguments()) {
                    figures.of(metric, argument)
                            .ifPresent(figure -> to.put(metric.word() + "(" + argument + ")", figure));
                }
            }
        }
    }

    private static double seconds(long nanos) {
        return Math.round(nanos / 1e3) / 1e6;
    }
}
