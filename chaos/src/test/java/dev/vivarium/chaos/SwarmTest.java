package dev.vivarium.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.Signal;
import dev.vivarium.chaos.internal.twin.Shrinker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwarmTest {

    @TempDir
    private Path folder;

    @Test
    void findsNothingInThePoolAsItIs() throws Exception {
        SwarmReport report = Swarm.run(SwarmSettings.of(1, 40));
        assertThat(report.failure()).as(report::text).isEmpty();

        assertThat(report.runs()).isEqualTo(40);
        assertThat(report.coverage().landings()).hasSizeGreaterThan(10);
        assertThat(report.text()).contains("40 runs", "never hit: ", "VERDICT  VALID");
        assertThat(report.json()).contains("\"verdict\" : \"VALID\"", "\"neverHit\"");
    }

    @Test
    void drawsTheSameScenarioFromTheSameSeedAndAnotherFromAnother() {
        assertThat(Swarm.scenario(5)).isEqualTo(Swarm.scenario(5)).isNotEqualTo(Swarm.scenario(6));
        // What is kept on disk is the same scenario.
        assertThat(Scenario.parse("swarm-5.yaml", Swarm.scenario(5).toYaml())).isEqualTo(Swarm.scenario(5));
    }

    @Nested
    class ACorpus {

        @Test
        void isReplayedFirst() throws Exception {
            Path file = folder.resolve("corpus.ndjson");
            Files.writeString(file, """
                    {"seed":"0x2a","generation":2,"failed":["outcomes"]}
                    {"seed":"0x2b","generation":1,"failed":["outcomes"]}
                    """);

            SwarmReport report = Swarm.run(SwarmSettings.of(1, 2).withCorpus(file));

            assertThat(report.replayed()).isEqualTo(1);
            assertThat(report.outdated()).containsExactly(0x2bL);
            assertThat(report.runs()).isEqualTo(3);
        }

        @Test
        void thatCannotBeReadIsRefusedWithItsLine() throws Exception {
            Path file = Files.writeString(folder.resolve("corpus.ndjson"), "\nnonsense\n");

            assertThatThrownBy(() -> Swarm.run(SwarmSettings.of(1, 1).withCorpus(file)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("corpus.ndjson:2 is no entry of a corpus");
        }
    }

    private static Step fault(long millis, ChaosFault fault) {
        return new Step.Inject(
                Duration.ofMillis(millis), fault, Targets.of(2), Duration.ZERO, Duration.ofMillis(300), 1);
    }

    @Test
    void aScenarioThatFailsIsMadeSmallAndFailsStill() {
        // Given one that fails whenever a worker is killed, and much that has nothing to do with it
        Scenario failing = Scenario.builder("failing")
                .workers(4)
                .options("poison.deaths = 2", "recovery.max-concurrent = 2")
                .load(new LoadSpec(
                        "constant:60:3s", LoadSpec.DEFAULT.mix(), Duration.ofMillis(5), Duration.ofSeconds(1), 2, 100))
                .steady(new SteadyState(Duration.ofMillis(200), 0.5, Duration.ofSeconds(1)))
                .step(fault(300, new ChaosFault.Burned(Duration.ofMillis(50))))
                .step(fault(600, new ChaosFault.Frames(FrameEffect.DUPLICATE, Direction.TO_WORKER, 0.001)))
                .step(fault(700, new ChaosFault.Signalled(Signal.KILL, KillPoint.OUTSIDE)))
                .step(fault(800, new ChaosFault.Signalled(Signal.STOP, KillPoint.OUTSIDE)))
                .step(fault(900, new ChaosFault.Hung()))
                .expect("restarts == 0")
                .build();
        TwinResult before = Twin.run(failing, 3);
        assertThat(before.failed()).as(before.text()).contains("expect restarts == 0");

        // When
        Shrinker.Shrunk shrunk = new Shrinker(failing, 3, before.failed(), line -> {}).shrink();

        // Then
        assertThat(shrunk.scenario().method()).as(shrunk.scenario().toYaml()).hasSize(1);
        assertThat(shrunk.scenario().workers()).isEqualTo(1);
        assertThat(shrunk.scenario().load().loadPlan().calls())
                .isLessThan(failing.load().loadPlan().calls());
        assertThat(Twin.run(shrunk.scenario(), shrunk.seed()).failed()).isEqualTo(shrunk.failed());
        // And it is a scenario like any other.
        assertThat(Scenario.parse("failing.yaml", shrunk.scenario().toYaml())).isEqualTo(shrunk.scenario());
    }

    @Test
    void refusesSettingsThatCannotBe() {
        assertThatThrownBy(() -> SwarmSettings.of(1, 0)).hasMessage("runs must be >= 1, got 0");
        assertThatThrownBy(() -> SwarmSettings.of(1, 1).withLength(Duration.ZERO))
                .hasMessage("the length must be positive, got PT0S");
    }
}
