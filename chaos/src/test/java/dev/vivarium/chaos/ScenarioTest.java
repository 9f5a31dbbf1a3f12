package dev.vivarium.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Scenarios are one model, in Java and in YAML, and say everything that is wrong with them. */
class ScenarioTest {

    private static final List<String> SHIPPED = Scenarios.NAMES;

    private static final Scenario EVERYTHING = Scenario.builder("everything")
            .title("All there is")
            .workers(3)
            .options("queue-capacity = 50")
            .load(new LoadSpec(
                    "constant:50:20s,ramp:0:10:5s",
                    Map.of(LoadSpec.CALL, 1, LoadSpec.READ, 2),
                    Duration.ZERO,
                    Duration.ofMillis(1500),
                    3,
                    99))
            .steady(new SteadyState(Duration.ofMillis(300), 0.995, Duration.ofSeconds(2), 0.25, Duration.ofSeconds(3)))
            .step(new Step.Sequence(
                    Duration.ofMillis(1),
                    List.of(
                            fault(new ChaosFault.Signalled(Signal.STOP, KillPoint.ANY)),
                            fault(new ChaosFault.GuardianKilled()),
                            fault(new ChaosFault.PoolSignalled(PoolProcess.TEMPLATE, Signal.SEGV)),
                            fault(new ChaosFault.JvmPaused(Duration.ofMillis(70))),
                            fault(new ChaosFault.SharedMemoryFilled(7 << 20)),
                            fault(new ChaosFault.Exited(3)))))
            .step(new Step.Parallel(
                    Duration.ZERO,
                    List.of(
                            fault(new ChaosFault.Hung()),
                            fault(new ChaosFault.Sliced(Direction.TO_WORKER, 3, Duration.ofMillis(4), 0.5)),
                            fault(new ChaosFault.Throttled(Direction.TO_WORKER, 3 << 20)),
                            fault(new ChaosFault.Swizzled(Direction.TO_JVM)),
                            fault(new ChaosFault.HealthLied(HealthLie.NONSENSE)),
                            fault(new ChaosFault.SlowStarted(Duration.ofMillis(90))),
                            fault(new ChaosFault.Frames(FrameEffect.BELATE, Direction.TO_JVM, 1)),
                            fault(new ChaosFault.Delayed(
                                    Direction.TO_WORKER, Duration.ofMillis(70), Duration.ofMillis(7), 0.25, 0.125)),
                            fault(new ChaosFault.Frames(FrameEffect.FORGE, Direction.TO_JVM, 0.5)))))
            .step(new Step.Staged(
                    Duration.ofSeconds(2), 2, Duration.ofSeconds(1), fault(new ChaosFault.Partitioned(Direction.BOTH))))
            .step(new Step.Mix(
                    Duration.ZERO,
                    Duration.ofSeconds(1),
                    Duration.ofMillis(100),
                    List.of(
                            new Step.Choice(2, fault(new ChaosFault.Grown(1000, 2 << 20))),
                            new Step.Choice(1, fault(new ChaosFault.Burned(Duration.ofMillis(5)))),
                            new Step.Choice(1, fault(new ChaosFault.DiskFilled(100))),
                            new Step.Choice(1, fault(new ChaosFault.Threads(4))),
                            new Step.Choice(1, fault(new ChaosFault.Descriptors(5)))),
                    true))
            .step(new Step.When(
                    Duration.ofMillis(3), "degraded", fault(new ChaosFault.Signalled(Signal.CONT, KillPoint.OUTSIDE))))
            .recover(Duration.ofSeconds(3))
            .expect("ok(call) >= 99.5%", "p99(during) < 1.5s", "reached(circuit-open)", "amplification <= 1.25")
            .build();

    private static Step fault(ChaosFault fault) {
        return new Step.Inject(
                Duration.ofMillis(20),
                fault,
                Targets.percent(60).preferring(Targets.Preferred.BUSY),
                Duration.ofMillis(30),
                Duration.ofMillis(40),
                7);
    }

    @Test
    void isTheSameInYaml() {
        assertThat(Scenario.parse("x.yaml", EVERYTHING.toYaml())).isEqualTo(EVERYTHING);
    }

    @ParameterizedTest
    @FieldSource("SHIPPED")
    void isTheSameInYamlWhenItIsShipped(String name) throws IOException {
        Scenario scenario = Scenarios.find(name);

        assertThat(scenario.name()).isEqualTo(name);
        assertThat(Scenario.parse("x.yaml", scenario.toYaml())).isEqualTo(scenario);
    }

    @ParameterizedTest
    @FieldSource("SHIPPED")
    void takesTwentySecondsAtMostWithAnySeed(String name) throws IOException {
        Scenario scenario = Scenarios.find(name);

        assertThat(scenario.load().loadPlan().length()).isLessThanOrEqualTo(Duration.ofSeconds(20));
        for (long seed = 1; seed <= 500; seed++) {
            assertThat(ChaosRun.schedule(scenario, seed).faults()).isNotEmpty();
        }
    }

    @Test
    void isListedWhenItIsShipped() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("scenarios"))) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".yaml", "")))
                    .containsExactlyInAnyOrderElementsOf(SHIPPED);
        }
    }

    @Nested
    class WithProblems {

        @Test
        void saysAllOfThemWithTheirLines() {
            String yaml = """
                    title: Wrong
                    pool:
                      workers: many
                      options: ["no-such-option = 1"]
                    load: {plan: constant:10, mix: {dance: 1}}
                    methods: []
                    method:
                      - fault: {kind: explode}
                      - fault: {kind: frames, effect: drop, share: half}
                        targets: most
                      - {}
                    expect:
                      - ok >= 5
                      - luck > 1
                    """;

            InvalidScenario invalid =
                    catchThrowableOfType(InvalidScenario.class, () -> Scenario.parse("wrong.yaml", yaml));

            assertThat(invalid.problems())
                    .anyMatch(text -> text.startsWith("wrong.yaml:3: pool.workers must be a whole number, got 'many'"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:6: methods is nothing that there is here"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:8: method[0].fault.kind must be one of signal, "))
                    .anyMatch(
                            text -> text.startsWith("wrong.yaml:9: method[1].fault.share must be a share such as 25%"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:10: method[1].targets must be one, all, N or P%"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:11: method[2] must have one of: fault, sequence"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:13: expect[0] ok is compared with a share"))
                    .anyMatch(text ->
                            text.startsWith("wrong.yaml:14: expect[1] there is no metric 'luck'; there are: ok"));
        }

        @Test
        void saysWhatTheModelForbidsOnceTheTextCanBeRead() {
            String yaml = """
                    pool: {workers: 65, options: ["queue-capacity = 0"]}
                    load: {plan: constant:10, mix: {dance: 1}}
                    method:
                      - fault: {kind: frames, effect: forge, direction: to-worker}
                    """;

            InvalidScenario invalid =
                    catchThrowableOfType(InvalidScenario.class, () -> Scenario.parse("wrong.yaml", yaml));

            assertThat(invalid.problems())
                    .anyMatch(text -> text.equals("wrong.yaml:1: pool.workers must be 1 to 64, got 65"))
                    .anyMatch(text ->
                            text.startsWith("wrong.yaml:1: pool.options") && text.contains("queueCapacity must be"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:2: load.plan plan must be constant:RATE"))
                    .anyMatch(text -> text.startsWith("wrong.yaml:2: load.mix has no operation 'dance'"))
                    .anyMatch(text -> text.contains(":4: method[0].fault.direction must be to-jvm"))
                    .anyMatch(text -> text.contains("expect must say at least one thing"));
        }

        @Test
        void saysWhereTheTextIsNoYaml() {
            assertThatThrownBy(() -> Scenario.parse("torn.yaml", "title: [\n"))
                    .isInstanceOf(InvalidScenario.class)
                    .hasMessageContaining("torn.yaml:")
                    .hasMessageContaining("is no YAML");
        }

        @Test
        void saysAllOfThemInJavaToo() {
            ScenarioBuilder builder = Scenario.builder("Bad Name")
                    .workers(0)
                    .recover(Duration.ZERO)
                    .fault(Duration.ZERO, new ChaosFault.Threads(0), Targets.ONE);

            InvalidScenario invalid = catchThrowableOfType(InvalidScenario.class, builder::build);

            assertThat(invalid.problems())
                    .hasSize(5)
                    .anyMatch(text -> text.startsWith("name "))
                    .anyMatch(text -> text.startsWith("pool.workers "))
                    .anyMatch(text -> text.startsWith("method[0].fault.count "))
                    .anyMatch(text -> text.startsWith("recover "))
                    .anyMatch(text -> text.startsWith("expect "));
        }

        @Test
        void saysThatItsLoadIsTooShort() {
            Scenario scenario = Scenario.builder("short")
                    .load(new LoadSpec(
                            "constant:10:2s", Map.of(LoadSpec.CALL, 1), Duration.ZERO, Duration.ofSeconds(1), 1, 10))
                    .fault(Duration.ofSeconds(1), new ChaosFault.Hung(), Targets.ONE)
                    .expect("lost == 0")
                    .build();

            assertThatThrownBy(() -> ChaosRun.schedule(scenario, 1))
                    .isInstanceOf(InvalidScenario.class)
                    .hasMessageContaining("load.plan lasts 2s and must last 8s with this seed");
        }
    }

    @Nested
    class Expectations {

        @Test
        void ofAStepAreOfWhatThereIs() {
            Step.Inject kill = (Step.Inject) fault(new ChaosFault.Exited(1));
            Step nested = new Step.When(Duration.ZERO, "retry", new Step.When(Duration.ZERO, "moon", kill));

            assertThatThrownBy(() -> Scenario.builder("when")
                            .step(nested)
                            .expect("lost == 0")
                            .build())
                    .isInstanceOf(InvalidScenario.class)
                    .hasMessageContaining("method[0].when.step must have no when of its own")
                    .hasMessageContaining("method[0].when.step.when.reached must be one of retry, restart")
                    .hasMessageContaining("got 'moon'");
        }

        @Test
        void areComparedInTheirUnits() {
            assertThat(Expectation.parse("ok > 95%").holds(0.951)).isTrue();
            assertThat(Expectation.parse("ok > 95%").holds(0.95)).isFalse();
            assertThat(Expectation.parse("recovery <= 500ms").holds(0.5)).isTrue();
            assertThat(Expectation.parse("recovery <= 500ms").holds(0.501)).isFalse();
            assertThat(Expectation.parse("lost == 0").holds(1)).isFalse();
            assertThat(Expectation.parse("reached(retry)").holds(1)).isTrue();
        }

        @Test
        void areWrittenAsTheyAreRead() {
            for (String text : List.of("ok(safe) >= 50% over 2s", "p99(during) <= 1.5s over 500ms", "max < 2s")) {
                assertThat(Expectation.parse(text).toString()).isEqualTo(text);
            }
        }

        @Test
        void areRefusedWithWhatThereIs() {
            assertThatThrownBy(() -> Expectation.parse("p99(noon) <= 1s"))
                    .hasMessageContaining("before, during, after");
            assertThatThrownBy(() -> Expectation.parse("lost(x) == 0")).hasMessageContaining("takes no argument");
            assertThatThrownBy(() -> Expectation.parse("lost")).hasMessageContaining("needs a comparison");
            assertThatThrownBy(() -> Expectation.parse("reached(moon)")).hasMessageContaining("circuit-open");
            assertThatThrownBy(() -> Expectation.parse("recovery <= 5")).hasMessageContaining("is not a duration");
            assertThatThrownBy(() -> Expectation.parse("restarts <= 5 over 1s"))
                    .hasMessage("restarts is of the run, and not of windows of it");
            assertThatThrownBy(() -> Expectation.parse("ok >= 5% over 10ms"))
                    .hasMessage("a window must be 100ms or more, got 10ms");
            assertThatThrownBy(() -> Expectation.parse("ok >= 5% under 1s")).hasMessageContaining("over WINDOW");
        }
    }
}
