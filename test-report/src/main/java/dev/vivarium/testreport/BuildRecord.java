package dev.vivarium.testreport;

import java.util.Map;

/**
 * What is kept of a build, as one line of JSON. Immutable.
 *
 * @param at when its last result was written, as ISO-8601; two records with the same are of the same build
 * @param run which tests were run: {@code unit}, {@code integration} or {@code all}
 * @param layers the layers that it was for, in order, with commas; empty where none were named
 * @param status what Maven ended with: of a build that did not end well, times and counts are of a part
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
        String layers,
        int status,
        String commit,
        double wallSeconds,
        double testSeconds,
        int tests,
        int failed,
        Map<String, Share> coverage,
        Map<String, Share> mutants,
        Map<String, Double> types) {

    BuildRecord {
        layers = layers == null ? "" : layers;
        coverage = coverage == null ? Map.of() : Map.copyOf(coverage);
        mutants = mutants == null ? Map.of() : Map.copyOf(mutants);
        types = types == null ? Map.of() : Map.copyOf(types);
    }

    /** Returns whether the other was of the same tests, so that their times can be compared. */
    boolean isOfKindOf(BuildRecord other) {
        return run.equals(other.run) && layers.equals(other.layers);
    }

    /** Returns whether both are of the same build. */
    boolean isSameAs(BuildRecord other) {
        return isOfKindOf(other) && at.equals(other.at);
    }

    static Share sum(Map<String, Share> shares) {
        return shares.values().stream().reduce(Share.NONE, Share::plus);
    }
}
