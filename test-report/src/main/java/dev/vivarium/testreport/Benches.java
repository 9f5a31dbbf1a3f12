package dev.vivarium.testreport;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the ratios of a bench, from the JSON that {@code ./vivarium bench NAME --json FILE} writes. */
final class Benches {

    private Benches() {}

    /** Returns whether a file is one of a bench. */
    static boolean isOne(JsonNode file) {
        return file.has("benchmark");
    }

    static String name(JsonNode report) {
        return report.path("benchmark").asText();
    }

    /** Returns the median of each ratio's rounds, as {@code OF / OVER}. */
    static Map<String, Double> ratios(JsonNode report) {
        Map<String, Double> ratios = new LinkedHashMap<>();
        for (JsonNode ratio : report.path("ratios")) {
            ratios.put(
                    ratio.path("of").asText() + " / " + ratio.path("over").asText(),
                    ratio.path("middle").asDouble());
        }
        return ratios;
    }
}
