package dev.vivarium.testreport;

import java.util.Map;

/**
 * What is kept of a build, as one line of JSON. Immutable.
 *
 * @param at when its last result was written, as ISO-8601; two records with the same are of the same build
 * @param run which tests were run: {@code unit}, {@code integration} or {@code all}
 * @param commit what was built; empty where it is not known
 * @param wallSeconds how long the run took, 0 where it is not known
 * @param testSeconds how long its tests took, added up
 * @param tests how many tests there were
 * @param failed how many of them failed
 * @param coverage the lines covered, by module
 * @param mutants the mutants detected, by module
 * @param types how many seconds the tests of each class took
 */
record BuildRecord(
        String at,
        String run,
        String commit,
        double wallSeconds,
        double testSeconds,
        int tests,
        int failed,
        Map<String, Share> coverage,
        Map<String, Share> mutants,
        Map<String, Double> types) {

    BuildRecord {
        coverage = coverage == null ? Map.of() : Map.copyOf(coverage);
        mutants = mutants == null ? Map.of() : Map.copyOf(mutants);
        types = types == null ? Map.of() : Map.copyOf(types);
    }

    static Share sum(Map<String, Share> shares) {
        return shares.values().stream().reduce(Share.NONE, Share::plus);
    }
}
