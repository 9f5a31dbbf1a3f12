package dev.vivarium.testreport;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Everything that a report of a build says. Immutable.
 *
 * @param build what is kept of it
 * @param tests its tests
 * @param notes what could not be read
 * @param kinds what the classifier found, by {@link TestResult#test()} and name
 * @param seeds the lines of the file of failing seeds
 * @param slower the classes that got slower
 * @param knowsUsualTimes whether there are enough earlier builds to say what got slower
 * @param trend the last builds, this one as the last
 * @param brokenLimits the limits that do not hold, a sentence each
 */
record BuildReport(
        BuildRecord build,
        List<TestResult> tests,
        List<String> notes,
        Map<String, String> kinds,
        List<String> seeds,
        List<History.Slower> slower,
        boolean knowsUsualTimes,
        List<BuildRecord> trend,
        List<String> brokenLimits) {

    /** How many of the slowest tests are shown. */
    static final int SLOWEST = 20;

    static final String NO_LAYER = "none";

    static final String NOT_CLASSIFIED = "not classified";

    /**
     * Some tests together.
     *
     * @param tests how many
     * @param failed how many of them failed
     * @param skipped how many of them were skipped
     * @param seconds how long they took, added up
     */
    record Group(int tests, int failed, int skipped, double seconds) {
        private static final Group EMPTY = new Group(0, 0, 0, 0);

        private Group plus(TestResult test) {
            return new Group(
                    tests + 1,
                    failed + (test.failed() ? 1 : 0),
                    skipped + (test.status() == TestResult.Status.SKIPPED ? 1 : 0),
                    seconds + test.seconds());
        }
    }

    static Map<String, Group> by(List<TestResult> tests, Function<TestResult, String> key) {
        Map<String, Group> groups = new TreeMap<>();
        for (TestResult test : tests) {
            groups.put(
                    key.apply(test),
                    groups.getOrDefault(key.apply(test), Group.EMPTY).plus(test));
        }
        return groups;
    }

    static Map<String, Group> byLayer(List<TestResult> tests) {
        return by(tests, test -> test.layer().isEmpty() ? NO_LAYER : test.layer());
    }

    List<TestResult> failures() {
        return tests.stream().filter(TestResult::failed).toList();
    }

    List<TestResult> slowest() {
        return tests.stream()
                .sorted(Comparator.comparingDouble(TestResult::seconds).reversed())
                .limit(SLOWEST)
                .toList();
    }

    String kind(TestResult test) {
        String kind = kinds.get(kindKey(test.test(), test.name()));
        if (kind != null) {
            return kind;
        }
        // Surefire and JUnit have other names for what a test with arguments is called.
        Set<String> ofTest = kinds.entrySet().stream()
                .filter(each -> each.getKey().startsWith(kindKey(test.test(), "")))
                .map(Map.Entry::getValue)
                .collect(Collectors.toSet());
        return ofTest.size() == 1 ? ofTest.iterator().next() : NOT_CLASSIFIED;
    }

    /** Names a test with its layer or arguments, as the classifier does. */
    static String kindKey(String test, String name) {
        return test + " " + name;
    }

    /** Returns how the build ended, in a few words. */
    String verdict() {
        if (build.failed() > 0) {
            return "failed";
        } else if (build.status() != 0) {
            return "the build failed, with status " + build.status();
        }
        return brokenLimits.isEmpty() ? "passed" : "beyond a limit";
    }

    /** Returns the page's content as text, without the trend. */
    String text() {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "%s%s: %d tests, %d failed, %.1f s of tests%s",
                build.run(),
                build.commit().isEmpty() ? "" : " of " + build.commit(),
                build.tests(),
                build.failed(),
                build.testSeconds(),
                build.wallSeconds() > 0 ? String.format(Locale.ROOT, ", %.0f s in all", build.wallSeconds()) : "");
        if (build.status() != 0) {
            line(
                    text,
                    "the build ended with status %d: there may be tests that did not come to their end",
                    build.status());
        }
        notes.forEach(note -> line(text, "note: %s", note));
        brokenLimits.forEach(limit -> line(text, "limit: %s", limit));
        for (TestResult test : failures()) {
            line(
                    text,
                    "failed: %s, %s (%s)%s",
                    test.test(),
                    test.name(),
                    kind(test),
                    test.seed().isEmpty() ? "" : ", seed " + test.seed());
            line(text, "  %s", test.headline());
        }
        byLayer(tests)
                .forEach((layer, group) ->
                        line(text, "layer %-9s %5d tests %8.1f s", layer, group.tests(), group.seconds()));
        shares(text, "coverage", build.coverage());
        shares(text, "mutants detected", build.mutants());
        if (knowsUsualTimes) {
            slower.forEach(each ->
                    line(text, "slower: %s took %.1f s, usually %.1f", each.type(), each.seconds(), each.usual()));
        } else {
            line(text, "what got slower: not known before %d earlier builds of the kind", History.USUAL_FROM);
        }
        for (TestResult test : slowest().stream().limit(3).toList()) {
            line(text, "slowest: %.2f s %s, %s", test.seconds(), test.test(), test.name());
        }
        return text.toString();
    }

    private static void shares(StringBuilder text, String what, Map<String, Share> shares) {
        if (shares.isEmpty()) {
            line(text, "%s: not measured", what);
            return;
        }
        Map<String, Share> ordered = new LinkedHashMap<>(new TreeMap<>(shares));
        ordered.put("all", BuildRecord.sum(shares));
        ordered.forEach(
                (module, share) -> line(text, "%s %-16s %5.1f %% of %d", what, module, share.percent(), share.whole()));
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
