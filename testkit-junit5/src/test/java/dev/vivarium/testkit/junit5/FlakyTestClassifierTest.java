package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.junit5.FlakyTestClassifier.Experiment;
import dev.vivarium.testkit.junit5.SeededRuns.Ending;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** Failing tests of each kind are planted, and found to be what they are. */
@Isolated("the seed that planted tests get is a system property, which other tests would get too")
@ResourceLock("processes of this JVM") // Runs of tests within a test look for what this JVM has started.
class FlakyTestClassifierTest {

    private static final String SEED = "planted.seed";

    private final Optional<String> seedOfThisBuild = Optional.ofNullable(System.getProperty(TestPoolSpec.SEED));

    @BeforeEach
    void leavesTheSeedToThePlantedTests() {
        System.clearProperty(TestPoolSpec.SEED);
    }

    @AfterEach
    void restoresTheSeed() {
        seedOfThisBuild.ifPresent(seed -> System.setProperty(TestPoolSpec.SEED, seed));
    }

    private static LongSupplier counting() {
        AtomicLong last = new AtomicLong();
        return last::incrementAndGet;
    }

    private static FlakyTestClassifier planted(Class<?> tests) {
        return FlakyTestClassifier.of(tests.getName()).seedProperty(SEED).newSeeds(counting());
    }

    static class FailsAlways {
        @Test
        void doesNotHold() {
            throw new AssertionError("one is not two");
        }
    }

    static class FailsWithOddSeeds {
        @Test
        void doesNotHold() {
            assertThat(Long.getLong(SEED) % 2).as("rest").isZero();
        }

        @Test
        void holds() {
            assertThat(Long.getLong(SEED)).isNotNull();
        }
    }

    static class FailsEveryThirdTime {
        private static final AtomicInteger RUNS = new AtomicInteger();

        @Test
        void doesNotHold() {
            assertThat(RUNS.incrementAndGet() % 3).isNotZero();
        }
    }

    static class FailsWithPoolsOfOddSeeds {
        @VivariumTest
        void doesNotHold(TestPool kit) {
            assertThat(kit.seed() % 2).as("rest").isZero();
        }
    }

    static class FailsWithAPool {
        @VivariumTest
        void doesNotHold(TestPool kit) {
            throw new AssertionError("not with " + kit.seed());
        }
    }

    static class Holds {
        @Test
        void holds() {
            assertThat(1).isOne();
        }
    }

    static class CannotBePrepared {
        @BeforeAll
        static void needsADatabase() {
            assertThat(System.getProperty("planted.database")).isNotNull();
        }

        @Test
        void holds() {
            assertThat(1).isOne();
        }
    }

    static class HasNone {}

    @Nested
    class APlantedTest {

        @Test
        void thatFailsAlwaysIsDeterministic() {
            List<TestClassification> found = planted(FailsAlways.class).classify();

            assertThat(found).singleElement().satisfies(test -> {
                assertThat(test.kind()).isEqualTo(TestFailureKind.DETERMINISTIC);
                assertThat(test.test()).isEqualTo(FailsAlways.class.getName() + "#doesNotHold");
                assertThat(test.runs()).hasSize(10).allMatch(TestClassification.Run::failed);
                assertThat(test.failure()).contains("one is not two");
            });
        }

        @Test
        void thatFailsWithSomeSeedsIsSeedDependent() {
            List<TestClassification> found = planted(FailsWithOddSeeds.class).classify();

            assertThat(found).singleElement().satisfies(test -> {
                assertThat(test.kind()).isEqualTo(TestFailureKind.SEED_DEPENDENT);
                assertThat(test.failingSeeds()).containsExactly(1L, 3L, 5L);
                assertThat(test.text()).contains("seed 1: failed 5 of 5").contains("seed 2: failed 0 of 5");
            });
        }

        @Test
        void thatPassesAndFailsWithOneSeedIsFlaky() {
            List<TestClassification> found = planted(FailsEveryThirdTime.class).classify();

            assertThat(found)
                    .singleElement()
                    .extracting(TestClassification::kind)
                    .isEqualTo(TestFailureKind.FLAKY);
        }

        @Test
        void withAPoolGetsItsSeedFromTheClassifier() {
            List<TestClassification> found = FlakyTestClassifier.of(FailsWithPoolsOfOddSeeds.class.getName())
                    .newSeeds(counting())
                    .runs(2)
                    .classify();

            assertThat(found).singleElement().satisfies(test -> {
                assertThat(test.kind()).isEqualTo(TestFailureKind.SEED_DEPENDENT);
                assertThat(test.name()).isEqualTo("on layer FAKE");
                assertThat(test.failingSeeds()).containsExactly(1L, 3L);
            });
            assertThat(System.getProperty(TestPoolSpec.SEED)).isNull();
        }

        @Test
        void thatDoesNotFailIsPassing() {
            List<TestClassification> found = planted(Holds.class).classify();

            assertThat(found)
                    .singleElement()
                    .extracting(TestClassification::kind)
                    .isEqualTo(TestFailureKind.PASSING);
        }

        @Test
        void whoseClassCannotBePreparedIsClassifiedByItsClass() {
            List<TestClassification> found = planted(CannotBePrepared.class).classify();

            assertThat(found).singleElement().satisfies(test -> {
                assertThat(test.test()).isEqualTo(CannotBePrepared.class.getName());
                assertThat(test.kind()).isEqualTo(TestFailureKind.DETERMINISTIC);
            });
        }

        @Test
        void isFoundByItsMethodWhateverItsParameters() {
            List<TestClassification> found = FlakyTestClassifier.of(
                            FailsWithPoolsOfOddSeeds.class.getName() + "#doesNotHold")
                    .seed(7)
                    .newSeeds(counting())
                    .runs(2)
                    .classify();

            assertThat(found)
                    .singleElement()
                    .satisfies(test -> assertThat(test.failingSeeds()).containsExactly(7L, 1L));
        }
    }

    @Nested
    class WhatSeedsShow {

        private static final long FIRST = 100;

        /** Runs 1, 2 and so on of a test fail as told; the first seed is {@value #FIRST}, new ones are 1, 2 and so on. */
        private static TestFailureKind kind(FailsIn failsIn) {
            AtomicInteger runs = new AtomicInteger();
            Experiment experiment = new Experiment(
                    seed -> Map.of(
                            "id", new Ending("T#t", "t()", "-", true, failsIn.run(runs.incrementAndGet(), seed), "")),
                    counting(),
                    5);
            experiment.carryOut(FIRST);
            return experiment.findings().get(0).kind();
        }

        private interface FailsIn {
            boolean run(int number, long seed);
        }

        @Test
        void isThatANewSeedFailsAlways() {
            assertThat(kind((number, seed) -> seed == 4)).isEqualTo(TestFailureKind.SEED_DEPENDENT);
        }

        @Test
        void isThatTheFirstSeedFailsAlwaysAndNoOther() {
            assertThat(kind((number, seed) -> seed == FIRST)).isEqualTo(TestFailureKind.SEED_DEPENDENT);
        }

        @Test
        void isThatANewSeedThatFailedPassesWhenItIsRepeated() {
            assertThat(kind((number, seed) -> number == 8)).isEqualTo(TestFailureKind.FLAKY);
        }

        @Test
        void isThatASeedThatPassedFailsWhenItIsRepeated() {
            assertThat(kind((number, seed) -> number <= 5 || number == 13)).isEqualTo(TestFailureKind.FLAKY);
        }

        @Test
        void isThatTheFirstSeedPassedOnce() {
            assertThat(kind((number, seed) -> number != 3)).isEqualTo(TestFailureKind.FLAKY);
        }

        @Test
        void isThatEverySeedFailed() {
            assertThat(kind((number, seed) -> true)).isEqualTo(TestFailureKind.DETERMINISTIC);
        }
    }

    @Nested
    class TheFileOfFailingSeeds {

        @TempDir
        Path folder;

        private Events run(Class<?> tests) {
            return EngineTestKit.engine("junit-jupiter")
                    .configurationParameter(FailingSeeds.FILE, file().toString())
                    .selectors(selectClass(tests))
                    .execute()
                    .testEvents();
        }

        private Path file() {
            return folder.resolve("kept/failing-seeds");
        }

        private List<Long> kept(Class<?> tests, String layer) {
            return new FailingSeeds(file()).of(tests.getName() + "#doesNotHold", layer);
        }

        @Test
        void hasTheSeedOfAFailureWhichIsRunAgainFirstAndFailsAgain() {
            run(FailsWithAPool.class);
            List<Long> seeds = kept(FailsWithAPool.class, "FAKE");
            Events second = run(FailsWithAPool.class);

            assertThat(seeds).hasSize(1);
            assertThat(second.started().list())
                    .extracting(event -> event.getTestDescriptor().getDisplayName())
                    .containsExactly("on layer FAKE, again with seed " + seeds.get(0), "on layer FAKE");
            assertThat(second.failed().count()).isEqualTo(2);
            assertThat(kept(FailsWithAPool.class, "FAKE")).hasSize(2).startsWith(seeds.get(0));
        }

        @Test
        void isNotReplayedWhenASeedIsSet() {
            new FailingSeeds(file()).add(FailsWithAPool.class.getName() + "#doesNotHold", "FAKE", 3);
            System.setProperty(TestPoolSpec.SEED, "9");

            Events events;
            try {
                events = run(FailsWithAPool.class);
            } finally {
                System.clearProperty(TestPoolSpec.SEED);
            }

            assertThat(events.started().count()).isEqualTo(1);
        }

        @Test
        void givesTheClassifierItsFirstSeedAndTakesTheOneThatFails() {
            new FailingSeeds(file()).add(FailsWithOddSeeds.class.getName() + "#doesNotHold", "-", 41);

            List<TestClassification> found =
                    planted(FailsWithOddSeeds.class).failingSeeds(file()).classify();
            var unused = planted(FailsWithOddSeeds.class)
                    .failingSeeds(file())
                    .seed(77)
                    .classify();

            assertThat(found.get(0).failingSeeds()).startsWith(41L);
            assertThat(kept(FailsWithOddSeeds.class, "-")).containsExactly(41L, 77L);
        }
    }

    @Nested
    class TheProgram {

        @TempDir
        Path folder;

        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final ByteArrayOutputStream err = new ByteArrayOutputStream();

        private int run(String... arguments) {
            return ClassifyTests.run(
                    arguments,
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8));
        }

        @Test
        void printsAndWritesWhatItFoundAndIsNeverGreenForAFailure() throws Exception {
            Path json = folder.resolve("found/flaky.json");

            int status = run("--runs", "2", "--json", json.toString(), FailsAlways.class.getName());

            assertThat(status).isEqualTo(1);
            assertThat(out.toString(StandardCharsets.UTF_8))
                    .startsWith("deterministic: " + FailsAlways.class.getName());
            assertThat(Files.readString(json)).contains("\"kind\" : \"deterministic\"");
        }

        @Test
        void isGreenWhenNothingFailed() {
            assertThat(run("--runs", "2", Holds.class.getName())).isZero();
        }

        @Test
        void refusesWhatItDoesNotUnderstand() {
            assertThat(run()).isEqualTo(64);
            assertThat(run("--runs", "many", Holds.class.getName())).isEqualTo(64);
            assertThat(run("--runs", "1", Holds.class.getName())).isEqualTo(64);
            assertThat(run("--loud", "1", Holds.class.getName())).isEqualTo(64);
            assertThat(run("--seed")).isEqualTo(64);
            assertThat(run("com.acme.Nowhere")).isEqualTo(64);
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .contains("tests must be at least 1, got 0")
                    .contains("not a number")
                    .contains("runs must be between 2 and 1000, got 1")
                    .contains("unknown option --loud")
                    .contains("--seed needs a value")
                    .contains("no class com.acme.Nowhere on the class path");
        }

        @Test
        void refusesAClassWithoutTests() {
            assertThatThrownBy(() -> planted(HasNone.class).classify())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no tests found in");
        }
    }
}
