package dev.vivarium.testkit.junit5;

import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.junit5.SeededRuns.Ending;
import dev.vivarium.testkit.junit5.TestClassification.Run;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Says of a failing test which {@linkplain TestFailureKind kind} its failure is of: it is run several times with one seed and
 * several times with new seeds; the seed that fails, and one that passes, are then repeated until each has had as many runs. Immutable; every
 * method returns another classifier.
 *
 * <p>It is a tool that one runs on a test that has failed, and turns no build green. Tests run in this JVM, through JUnit's
 * launcher, by the settings of {@code junit-platform.properties}; what one run leaves in static fields the next one finds.
 *
 * <p>A test that fails by chance looks like one of the other kinds when chance is uniform for long enough: one that fails every
 * second time is taken for seed-dependent, with five runs, about once in 250 times; one that fails nine times of ten is taken for
 * deterministic about once in three times. More runs make both rarer.
 */
public final class FlakyTestClassifier {

    /** How often a test is run with one seed, and with how many new ones, unless told otherwise. */
    public static final int RUNS = 5;

    /** The most runs with one seed. */
    public static final int MOST_RUNS = 1000;

    private final List<String> tests;
    private final int runs;
    private final @Nullable Long seed;
    private final Set<String> seedProperties;
    private final @Nullable Path failingSeeds;
    private final LongSupplier newSeeds;

    private FlakyTestClassifier(
            List<String> tests,
            int runs,
            @Nullable Long seed,
            Set<String> seedProperties,
            @Nullable Path failingSeeds,
            LongSupplier newSeeds) {
        this.tests = List.copyOf(tests);
        this.runs = runs;
        this.seed = seed;
        this.seedProperties = seedProperties;
        this.failingSeeds = failingSeeds;
        this.newSeeds = newSeeds;
    }

    /**
     * Returns a classifier of tests.
     *
     * @param tests classes such as {@code com.acme.PriceTest}, nested ones such as {@code com.acme.PriceTest$Sale}, or methods
     *     such as {@code com.acme.PriceTest#isRight}; at least one
     * @throws IllegalArgumentException if there is none
     */
    public static FlakyTestClassifier of(String... tests) {
        if (tests.length == 0) {
            throw new IllegalArgumentException("tests must be at least 1, got 0");
        }
        return new FlakyTestClassifier(
                List.of(tests), RUNS, null, Set.of(TestPoolSpec.SEED), null, new SecureRandom()::nextLong);
    }

    /**
     * Sets how often a test is run with one seed, and with how many new ones. Default: {@value #RUNS}.
     *
     * @throws IllegalArgumentException if it is not between 2 and {@value #MOST_RUNS}
     */
    public FlakyTestClassifier runs(int count) {
        if (count < 2 || count > MOST_RUNS) {
            throw new IllegalArgumentException("runs must be between 2 and " + MOST_RUNS + ", got " + count);
        }
        return new FlakyTestClassifier(tests, count, seed, seedProperties, failingSeeds, newSeeds);
    }

    /** Sets the seed that is tried first, such as that of a failure. Default: the newest one in the file of failing seeds, or a new one. */
    public FlakyTestClassifier seed(long first) {
        return new FlakyTestClassifier(tests, runs, first, seedProperties, failingSeeds, newSeeds);
    }

    /** Adds a system property that tests take their seed from, as {@code Long.getLong(name)}, beside the kit's own. */
    public FlakyTestClassifier seedProperty(String name) {
        Set<String> more = new LinkedHashSet<>(seedProperties);
        more.add(name);
        return new FlakyTestClassifier(tests, runs, seed, more, failingSeeds, newSeeds);
    }

    /** Sets the file of failing seeds: its newest seed of these tests is tried first, and seeds that always fail are added. Default: none. */
    public FlakyTestClassifier failingSeeds(Path file) {
        return new FlakyTestClassifier(tests, runs, seed, seedProperties, file, newSeeds);
    }

    /** Sets where new seeds come from. */
    FlakyTestClassifier newSeeds(LongSupplier source) {
        return new FlakyTestClassifier(tests, runs, seed, seedProperties, failingSeeds, source);
    }

    /**
     * Runs the tests, and says what they are. Takes at least twice as many runs as {@link #runs(int)} says. The system
     * properties with the seed are changed meanwhile: nothing else should run tests in this JVM.
     *
     * @return the tests that failed, each with its kind; if none did, all of them as {@link TestFailureKind#PASSING}
     * @throws IllegalArgumentException if a class or method is not there, or has no tests
     */
    public List<TestClassification> classify() {
        SeededRuns launcher = new SeededRuns(tests, seedProperties);
        Optional<FailingSeeds> kept = Optional.ofNullable(failingSeeds).map(FailingSeeds::new);
        Experiment experiment = new Experiment(launcher::run, newSeeds, runs);
        experiment.carryOut(seed != null ? seed : recorded(kept).orElseGet(newSeeds::getAsLong));
        if (experiment.isEmpty()) {
            throw new IllegalArgumentException("no tests found in " + String.join(", ", tests));
        }
        kept.ifPresent(experiment::keep);
        return experiment.findings();
    }

    private Optional<Long> recorded(Optional<FailingSeeds> kept) {
        List<Long> seeds = kept.stream()
                .flatMap(file -> tests.stream().flatMap(test -> file.ofAny(test).stream()))
                .toList();
        return seeds.isEmpty() ? Optional.empty() : Optional.of(seeds.get(seeds.size() - 1));
    }

    /** The runs, and what follows from them. All tests are in all runs: one that needs another beside it to fail has it. */
    static final class Experiment {
        private final LongFunction<Map<String, Ending>> run;
        private final LongSupplier newSeed;
        private final int runs;
        private final Map<String, Seen> tests = new LinkedHashMap<>();

        /** What was seen of one test. */
        private static final class Seen {
            private final Ending first;
            private final List<Run> runs = new ArrayList<>();
            private String failure = "";

            Seen(Ending first) {
                this.first = first;
            }

            boolean failed() {
                return runs.stream().anyMatch(Run::failed);
            }

            long with(long seed) {
                return runs.stream().filter(each -> each.seed() == seed).count();
            }

            private List<Long> seeds(LongPredicate wanted) {
                return runs.stream()
                        .map(Run::seed)
                        .distinct()
                        .filter(wanted::test)
                        .toList();
            }

            private boolean ever(long seed, boolean failed) {
                return runs.contains(new Run(seed, failed));
            }

            /** Returns the seeds that failed whenever they were tried. */
            List<Long> failing() {
                return seeds(each -> !ever(each, false));
            }

            /** Returns the seeds that passed whenever they were tried. */
            List<Long> passing() {
                return seeds(each -> !ever(each, true));
            }

            TestFailureKind kind() {
                if (!failed()) {
                    return TestFailureKind.PASSING;
                }
                if (!seeds(each -> ever(each, true) && ever(each, false)).isEmpty()) {
                    return TestFailureKind.FLAKY;
                }
                return passing().isEmpty() ? TestFailureKind.DETERMINISTIC : TestFailureKind.SEED_DEPENDENT;
            }
        }

        Experiment(LongFunction<Map<String, Ending>> run, LongSupplier newSeed, int runs) {
            this.run = run;
            this.newSeed = newSeed;
            this.runs = runs;
        }

        void carryOut(long first) {
            for (int i = 0; i < runs; i++) {
                once(first);
            }
            for (int i = 0; i < runs; i++) {
                once(newSeed.getAsLong());
            }
            for (Seen test : List.copyOf(tests.values())) {
                if (test.kind() == TestFailureKind.SEED_DEPENDENT) {
                    repeat(test, test.failing().get(0));
                }
                if (test.kind() == TestFailureKind.SEED_DEPENDENT) {
                    repeat(test, test.passing().get(0));
                }
            }
        }

        private void repeat(Seen test, long seed) {
            for (long i = test.with(seed); i < runs && test.kind() == TestFailureKind.SEED_DEPENDENT; i++) {
                once(seed);
            }
        }

        private void once(long seed) {
            run.apply(seed).forEach((id, ending) -> {
                Seen test = tests.computeIfAbsent(id, key -> new Seen(ending));
                test.runs.add(new Run(seed, ending.failed()));
                if (test.failure.isEmpty()) {
                    test.failure = ending.failure();
                }
            });
        }

        boolean isEmpty() {
            return tests.values().stream().noneMatch(test -> test.first.isTest() || test.failed());
        }

        void keep(FailingSeeds file) {
            for (Seen test : tests.values()) {
                if (test.kind() == TestFailureKind.SEED_DEPENDENT) {
                    file.add(
                            test.first.test(),
                            test.first.layer(),
                            test.failing().get(0));
                }
            }
        }

        List<TestClassification> findings() {
            boolean anyFailed = tests.values().stream().anyMatch(Seen::failed);
            return tests.values().stream()
                    .filter(test -> anyFailed ? test.failed() : test.first.isTest())
                    .map(test -> new TestClassification(
                            test.first.test(), test.first.name(), test.kind(), test.runs, test.failure))
                    .toList();
        }
    }
}
