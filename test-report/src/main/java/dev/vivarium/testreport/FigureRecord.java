package dev.vivarium.testreport;

import java.util.Map;

/**
 * What is kept of a run that measures instead of testing, as one line of JSON. Immutable.
 *
 * @param at when it was reported, as ISO-8601
 * @param run {@code performance} or {@code chaos}
 * @param commit what was run; empty where it is not known
 * @param status what it ended with; 0 when all went well
 * @param wallSeconds how long it took, 0 where it is not known
 * @param figures what was measured, by what {@link Limits#key} calls it
 */
record FigureRecord(String at, String run, String commit, int status, double wallSeconds, Map<String, Double> figures) {

    FigureRecord {
        figures = figures == null ? Map.of() : Map.copyOf(figures);
    }
}
