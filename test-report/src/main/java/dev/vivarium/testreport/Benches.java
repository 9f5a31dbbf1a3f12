package dev.vivarium.testreport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the ratios of benches, from the JSON that {@code ./vivarium bench NAME --json FILE} writes. */
final class Benches {

    private Benches() {}

    /** Returns the median of each ratio's rounds, by bench and then as {@code OF / OVER}. */
    static Map<String, Map<String, Double>> read(List<Path> files) {
        Map<String, Map<String, Double>> benches = new LinkedHashMap<>();
        ObjectMapper json = new ObjectMapper();
        for (Path file : files) {
            JsonNode report;
            try {
                report = json.readTree(file.toFile());
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + file, e);
            }
            Map<String, Double> ratios =
                    benches.computeIfAbsent(report.path("benchmark").asText(), name -> new LinkedHashMap<>());
            for (JsonNode ratio : report.path("ratios")) {
                ratios.put(
                        ratio.path("of").asText() + " / " + ratio.path("over").asText(),
                        ratio.path("middle").asDouble());
            }
        }
        return benches;
    }
}
