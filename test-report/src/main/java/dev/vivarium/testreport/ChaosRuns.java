package dev.vivarium.testreport;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads what runs of chaos have left: the {@code journal.json} of a scenario, and the {@code swarm.json} of a swarm. */
final class ChaosRuns {

    static final String SWARM = "swarm";

    /**
     * A run.
     *
     * @param name the scenario's, or {@link #SWARM}
     * @param verdict VALID, INVALID or UNKNOWN
     * @param seed of the run; of a swarm, of the run that failed, or empty
     * @param troubles what its checkers found that is not VALID
     * @param figures what was measured, by name
     * @param report where more is to be read, or the file itself
     */
    record Run(
            String name,
            String verdict,
            String seed,
            List<String> troubles,
            Map<String, Double> figures,
            Path report) {}

    private ChaosRuns() {}

    /** Returns whether a file is one of a run of chaos. */
    static boolean isOne(JsonNode file) {
        return file.has("verdict") && (file.has("scenario") || file.has("runsPerMinute"));
    }

    static Run read(Path file, JsonNode journal) {
        return journal.has("scenario") ? scenario(file, journal) : swarm(file, journal);
    }

    private static Run scenario(Path file, JsonNode journal) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (String figure : List.of("detection", "recovery")) {
            if (journal.path("figures").path(figure).isNumber()) {
                figures.put(figure + ", s", journal.path("figures").path(figure).asDouble());
            }
        }
        List<String> troubles = new ArrayList<>();
        for (JsonNode finding : journal.path("findings")) {
            if (!finding.path("verdict").asText().equals("VALID")) {
                troubles.add(troubles(finding));
            }
        }
        return new Run(
                journal.path("scenario").asText(),
                journal.path("verdict").asText(),
                journal.path("seed").asText(),
                troubles,
                figures,
                file.resolveSibling("timeline.html"));
    }

    private static Run swarm(Path file, JsonNode report) {
        JsonNode failure = report.path("failure");
        List<String> troubles = new ArrayList<>();
        failure.path("findings").forEach(finding -> troubles.add(troubles(finding)));
        return new Run(
                SWARM,
                report.path("verdict").asText(),
                failure.path("seed").asText(""),
                troubles,
                Map.of(
                        "runs",
                        report.path("runs").asDouble(),
                        "runs a minute",
                        report.path("runsPerMinute").asDouble()),
                file);
    }

    private static String troubles(JsonNode finding) {
        return finding.path("checker").asText() + ": " + finding.path("found").asText();
    }
}
