package dev.vivarium.chaos.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.ScenarioBuilder;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import dev.vivarium.chaos.TwinResult;
import dev.vivarium.chaos.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/** A scenario is a test that passes when its verdict is VALID, and says why when it is not. */
class ChaosExtensionTest {

    private static final List<Object> SEEN = new ArrayList<>();

    @TempDir
    Path folder;

    @BeforeEach
    void clear() {
        SEEN.clear();
    }

    private Events run(Class<?> tests, String... parameters) {
        EngineTestKit.Builder kit = EngineTestKit.engine("junit-jupiter")
                .configurationParameter(ChaosExtension.REPORT, folder.toString())
                .selectors(selectClass(tests));
        for (int i = 0; i < parameters.length; i += 2) {
            kit.configurationParameter(parameters[i], parameters[i + 1]);
        }
        return kit.execute().allEvents();
    }

    private static String failure(Events events) {
        return events.failed().stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class))
                .map(result -> String.valueOf(result.getThrowable().orElseThrow()))
                .findFirst()
                .orElse("nothing failed");
    }

    private static List<String> names(Events events) {
        return events.started().stream()
                .map(Event::getTestDescriptor)
                .filter(test -> test.isTest())
                .map(test -> test.getDisplayName())
                .toList();
    }

    private static ScenarioBuilder killOne() {
        return Scenario.builder("kill-one")
                .workers(2)
                .options("retry.budget = 1")
                .load(new LoadSpec(
                        "constant:40:1500ms", Map.of(LoadSpec.SAFE, 1), Duration.ZERO, Duration.ofSeconds(10), 1, 100))
                .steady(new SteadyState(Duration.ofMillis(300), 0.5, Duration.ofSeconds(5)))
                .step(new Step.Inject(
                        Duration.ZERO,
                        new ChaosFault.Signalled(Signal.KILL, KillPoint.OUTSIDE),
                        Targets.ONE,
                        Duration.ZERO,
                        Duration.ofMillis(500),
                        1))
                .recover(Duration.ofSeconds(20));
    }

    @Test
    void isATestOfEachSeedWithWhatCameOfIt() {
        Events events = run(InTheTwin.class);

        assertThat(failure(events)).isEqualTo("nothing failed");
        assertThat(names(events))
                .containsExactly("kill-one in the twin with seed 0x1", "kill-one in the twin with seed 0x2a");
        assertThat(SEEN).containsExactly(1L, 42L);
    }

    @Test
    void runsOnRealProcessesAndLeavesItsReport() {
        Events events = run(OnProcesses.class);

        assertThat(failure(events)).isEqualTo("nothing failed");
        assertThat(SEEN).singleElement().satisfies(seen -> {
            ChaosResult result = (ChaosResult) seen;
            assertThat(result.verdict()).isNotEqualTo(Verdict.INVALID);
            assertThat(result.folder()).startsWith(folder).isDirectoryContaining("glob:**timeline.html");
        });
        assertThat(events.reportingEntryPublished().count()).isEqualTo(1);
    }

    @Test
    void runsTheSeedThatIsAskedFor() {
        assertThat(names(run(InTheTwin.class, ChaosExtension.SEED, "0x7")))
                .containsExactly("kill-one in the twin with seed 0x7");
        assertThat(failure(run(InTheTwin.class, ChaosExtension.SEED, "seven")))
                .contains("vivarium.chaos.seed must be a number such as 7 or 0x2a, got \"seven\"");
    }

    @Test
    void runsOneThatComesWithTheRunnerWithAsManyWorkersAsAreAskedFor() {
        Events events = run(Shipped.class);

        assertThat(failure(events)).isEqualTo("nothing failed");
        assertThat(SEEN).containsExactly(6);
    }

    @Nested
    class Fails {

        @Test
        void withTheReportWhenTheVerdictIsInvalid() {
            Events events = run(Invalid.class);

            assertThat(failure(events))
                    .contains("the verdict on kill-one in the twin with seed 0x1 is INVALID:")
                    .contains("expect restarts == 0")
                    .contains("VERDICT  INVALID");
            assertThat(SEEN).isEmpty();
        }

        @Test
        void whenItIsUnknownUnlessThatMayBe() {
            Events events = run(Unknown.class);

            assertThat(failure(events)).contains("is UNKNOWN:").contains("reached(recycle)");
            assertThat(events.failed().count()).isEqualTo(1);
            assertThat(SEEN).containsExactly(Verdict.UNKNOWN);
        }

        @Test
        void whenThereIsNoScenario() {
            assertThat(failure(run(WithoutScenario.class)))
                    .contains("@ChaosTest needs a scenario: its value names one");
            assertThat(failure(run(WithoutFile.class))).contains("there is no scenario and no file no-such.yaml");
        }
    }

    static class InTheTwin {
        static Scenario scenario() {
            return killOne().expect("lost == 0", "restarts == 1").build();
        }

        @ChaosTest(
                twin = true,
                seeds = {1, 42})
        void holds(TwinResult result, Scenario scenario) {
            assertThat(result.scenario()).isEqualTo(scenario);
            SEEN.add(result.seed());
        }
    }

    static class OnProcesses {
        static Scenario scenario() {
            return killOne().expect("lost == 0", "duplicated == 0").build();
        }

        @ChaosTest(unknownPasses = true)
        void holds(ChaosResult result) {
            SEEN.add(result);
        }
    }

    static class Shipped {
        @ChaosTest(value = "variable-delay", workers = 6, twin = true)
        void holds(Scenario scenario) {
            SEEN.add(scenario.workers());
        }
    }

    static class Invalid {
        static Scenario scenario() {
            return killOne().expect("restarts == 0").build();
        }

        @ChaosTest(twin = true)
        void neverRuns() {
            SEEN.add("ran");
        }
    }

    static class Unknown {
        static Scenario scenario() {
            return killOne().expect("reached(recycle)").build();
        }

        @ChaosTest(twin = true)
        void neverRuns() {
            SEEN.add("ran");
        }

        @ChaosTest(twin = true, unknownPasses = true)
        void runs(TwinResult result) {
            SEEN.add(result.verdict());
        }
    }

    static class WithoutScenario {
        @ChaosTest
        void neverRuns() {}
    }

    static class WithoutFile {
        @ChaosTest("no-such.yaml")
        void neverRuns() {}
    }
}
