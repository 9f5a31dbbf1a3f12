package dev.vivarium.chaos.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Targets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The guide's example of a chaos test is the one below. */
class ChaosTestGuideTest {

    private static final Path GUIDE = Path.of("../docs/guide/chaos.md");
    private static final Path SOURCE = Path.of("src/test/java/dev/vivarium/chaos/junit5/ChaosTestGuideTest.java");

    private static String stripped(Path file) throws IOException {
        return Files.readAllLines(file).stream().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Test
    void theGuideHasTheExampleAsItStandsHere() throws Exception {
        String guide = stripped(GUIDE);
        int begin = guide.indexOf("class PricesUnderFaultsTest");

        assertThat(begin).isPositive();
        assertThat(stripped(SOURCE)).contains(guide.substring(begin, guide.indexOf("\n```", begin)));
        assertThat(guide).contains("`" + ChaosExtension.SEED + "`", "`" + ChaosExtension.REPORT + "`");
        assertThat(guide).contains("`" + ChaosExtension.PYTHON + "`", "`unknownPasses = true`");
    }

    @Test
    void theExampleHoldsInTheTwin() throws Exception {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(
                        PricesUnderFaultsTest.class, PricesUnderFaultsTest.class.getDeclaredMethod("holdsInTheTwin")))
                .execute()
                .testEvents()
                .assertStatistics(counts -> counts.started(3).succeeded(3));
    }

    static class PricesUnderFaultsTest {

        static Scenario scenario() {
            return Scenario.builder("kill-two")
                    .workers(3)
                    .fault(Duration.ZERO, new ChaosFault.Signalled(Signal.KILL, KillPoint.ANY), Targets.of(2))
                    .expect("lost == 0", "duplicated == 0")
                    .build();
        }

        /** In virtual time: a thousand would take less than a minute. */
        @ChaosTest(
                twin = true,
                seeds = {1, 2, 3})
        void holdsInTheTwin() {}

        /** On real processes, with what comes with the runner. */
        @ChaosTest("kill-60-percent")
        void holds(ChaosResult result) {
            assertThat(result.folder().resolve("timeline.html")).exists();
        }
    }
}
