package dev.vivarium.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class TwinTest {

    private static List<String> scenarios() {
        return Scenarios.NAMES;
    }

    private static ScenarioBuilder small() {
        return Scenario.builder("small")
                .workers(2)
                .load(new LoadSpec(
                        "constant:40:2s", LoadSpec.DEFAULT.mix(), Duration.ofMillis(5), Duration.ofSeconds(1), 2, 100))
                .steady(new SteadyState(Duration.ofMillis(300), 1, Duration.ofMillis(500)))
                .expect("lost == 0");
    }

    private static Step.Inject inject(ChaosFault fault) {
        return new Step.Inject(Duration.ZERO, fault, Targets.ONE, Duration.ZERO, Duration.ofMillis(500), 1);
    }

    @Nested
    class ASeed {

        @Test
        void isTheSameRunToTheLastEvent() throws IOException {
            // Given a scenario whose seed draws nearly everything
            Scenario scenario = Scenarios.find("combined");

            // When
            TwinResult one = Twin.runWithHistory(scenario, 7);
            TwinResult again = Twin.runWithHistory(scenario, 7);

            // Then
            assertThat(again.trace()).isEqualTo(one.trace());
            assertThat(again.events()).isEqualTo(one.events());
            assertThat(again.findings()).isEqualTo(one.findings());
            assertThat(again.history()).hasSizeGreaterThan(1000).isEqualTo(one.history());
        }

        @Test
        void isAnotherRunThanEveryOther() {
            Scenario scenario = small().build();

            Set<String> traces = new HashSet<>();
            for (long seed = 1; seed <= 20; seed++) {
                traces.add(Twin.run(scenario, seed).trace());
            }

            assertThat(traces).hasSize(20);
        }
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void whatComesWithTheRunnerHoldsInTheTwin(String name) throws IOException {
        TwinResult result = Twin.run(Scenarios.find(name), 1);

        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
        // What the twin has nothing like is left out, and said.
        boolean simulated = !name.equals("full-disk");
        assertThat(result.schedule().faults().isEmpty()).isNotEqualTo(simulated);
        assertThat(simulated || !result.notSimulated().isEmpty())
                .as("%s says so", name)
                .isTrue();
    }

    @Test
    void aCallThatIsGivenToOneDeadWorkerAfterAnotherIsNotGivenUp() throws IOException {
        // Given a seed by which a call meets all four workers after they were killed and before the pool has heard of
        // it
        TwinResult result = Twin.run(Scenarios.find("thundering-herd"), 0x140c);

        // Then
        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
    }

    @Test
    void aFaultBefallsTheWorkerAndIsHealed() {
        // Given
        Scenario scenario = small().step(inject(new ChaosFault.Signalled(Signal.KILL, KillPoint.STARTED)))
                .expect("restarts == 1", "landed == 1", "reached(restart)")
                .build();

        // When
        TwinResult result = Twin.run(scenario, 1);

        // Then
        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
        assertThat(result.coverage().landings()).containsOnlyKeys("signal KILL");
        assertThat(result.coverage().neverHit())
                .contains("signal KILL in starting")
                .doesNotContain("signal KILL in busy");
    }

    @Test
    void aFaultThatWaitsForSomethingComesWhenThatHasHappenedAndIsLeftOutOtherwise() {
        Step.Inject kill = inject(new ChaosFault.Signalled(Signal.KILL, KillPoint.OUTSIDE));
        Scenario waits = small().step(new Step.When(Duration.ZERO, "retry", kill))
                .step(kill)
                .step(new Step.When(Duration.ofMillis(500), "restart", kill))
                .expect("restarts == 2")
                .build();

        TwinResult result = Twin.run(waits, 1);

        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
        assertThat(result.schedule().text()).contains("#1 signal signal=kill at=outside when retry; targets one");
    }

    @Nested
    class ALieAboutHealth {

        private TwinResult resultOf(HealthLie lie) {
            return Twin.run(
                    small().options(
                                    "health-interval = 20ms\nhealth-timeout = 15ms\nmax-health-failures = 1\ncancel-grace = 50ms\nstack-dump = 0ms")
                            .step(new Step.Inject(
                                    Duration.ZERO,
                                    new ChaosFault.HealthLied(lie),
                                    Targets.ONE,
                                    Duration.ZERO,
                                    Duration.ofMillis(800),
                                    100))
                            .expect("landed >= 1", "restarts >= 1")
                            .build(),
                    1);
        }

        @ParameterizedTest
        @EnumSource(
                value = HealthLie.class,
                names = {"SILENT", "NONSENSE"})
        void isFoundByTheChecksWhenNoneIsAnswered(HealthLie lie) {
            TwinResult result = resultOf(lie);

            assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
        }

        @Test
        void isFoundByTheDeadlinesOfCallsWhenChecksAreAnswered() {
            TwinResult result = resultOf(HealthLie.WELL);

            assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
        }
    }

    @Test
    void anAnswerThatComesAfterItsCallWasCancelledIsCountedAndNothingElse() {
        // Given calls that have less time than the fault lasts
        Scenario scenario = small().options("cancel-grace = 400ms")
                .step(new Step.Inject(
                        Duration.ZERO,
                        new ChaosFault.Frames(FrameEffect.BELATE, Direction.TO_JVM, 1),
                        Targets.ONE,
                        Duration.ZERO,
                        Duration.ofMillis(1300),
                        1))
                .expect("landed == 1", "reached(late-reply)", "restarts == 0")
                .build();

        TwinResult result = Twin.run(scenario, 3);

        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
    }

    @Test
    void anAnswerUnderAnotherCallsIdCostsTheWorkerAndNoCallItsAnswer() {
        Scenario scenario = small().step(inject(new ChaosFault.Frames(FrameEffect.CROSS, Direction.TO_JVM, 1)))
                .expect("landed == 1", "reached(protocol-violation)", "restarts == 1", "foreign == 0")
                .build();

        TwinResult result = Twin.run(scenario, 3);

        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
    }

    @Test
    void aScenarioOfOnesOwnHolds() {
        Scenario scenario = small().step(inject(new ChaosFault.Signalled(Signal.TERM, KillPoint.ANY)))
                .build();

        TwinResult result = Twin.run(scenario, 7);
        assertThat(result.failed()).isEmpty();
    }

    @Test
    void whatItCannotSimulateIsSaidAloud() {
        Scenario scenario = small().step(inject(new ChaosFault.Threads(5)))
                .step(inject(new ChaosFault.Hung()))
                .options("overflow = 1")
                .build();

        TwinResult result = Twin.run(scenario, 1);

        assertThat(result.notSimulated()).containsExactly("fault threads", "option overflow");
        assertThat(result.schedule().faults()).hasSize(1);
        assertThat(result.text()).contains("not simulated", "fault threads");
    }

    @Test
    void whatIsExpectedAndDoesNotHoldIsInvalid() {
        Scenario scenario = small().step(inject(new ChaosFault.Signalled(Signal.KILL, KillPoint.STARTED)))
                .expect("restarts == 0")
                .build();

        TwinResult result = Twin.run(scenario, 1);

        assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(result.failed()).containsExactly("expect restarts == 0");
    }
}
