package dev.vivarium.testkit.junit5;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a {@link FlakyTestClassifier} found of one test. Immutable.
 *
 * @param test the test, as {@code com.acme.PriceTest#isRight}
 * @param name what it is called, with its layer or arguments where it has some
 * @param kind what kind of failure it has
 * @param runs its runs, in their order
 * @param failure the first failure, in one line; empty if there was none
 */
public record TestClassification(String test, String name, TestFailureKind kind, List<Run> runs, String failure) {

    /** Makes the list unmodifiable. */
    public TestClassification {
        runs = List.copyOf(runs);
    }

    /**
     * A run of the test.
     *
     * @param seed the seed that it had
     * @param failed whether it failed
     */
    public record Run(long seed, boolean failed) {}

    /** Returns the seeds with which it failed at least once, the first first. */
    public List<Long> failingSeeds() {
        return runs.stream().filter(Run::failed).map(Run::seed).distinct().toList();
    }

    /** Returns the finding as lines of text: the kind, what was seen with each seed, and the failure. */
    public String text() {
        Map<Long, List<Run>> bySeed =
                runs.stream().collect(Collectors.groupingBy(Run::seed, LinkedHashMap::new, Collectors.toList()));
        StringBuilder text = new StringBuilder();
        text.append(kind.word()).append(": ").append(test);
        if (!name.isEmpty()) {
            text.append(", ").append(name);
        }
        bySeed.forEach((seed, each) -> text.append("\n  seed ")
                .append(seed)
                .append(": failed ")
                .append(each.stream().filter(Run::failed).count())
                .append(" of ")
                .append(each.size()));
        if (!failure.isEmpty()) {
            text.append("\n  ").append(failure);
        }
        return text.toString();
    }
}
