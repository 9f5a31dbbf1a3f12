package dev.vivarium.testkit.junit5.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** JUnit finds the journal by itself, and it has what other reports leave out. */
@ResourceLock("processes of this JVM") // Runs of tests within a test look for what this JVM has started.
class TestJournalTest {

    @TempDir
    Path folder;

    static class Tests {
        @Test
        void aHolds() {
            assertThat(1).isOne();
        }

        @VivariumTest
        void bFails(TestPool kit) {
            throw new AssertionError(kit.seed() + "x".repeat(2 * TestJournal.FAILURE_LENGTH));
        }

        @Test
        @Disabled
        void cIsNotRun() {}
    }

    private List<JsonNode> journal() throws IOException {
        Path file = folder.resolve("target/journal.jsonl");
        LauncherFactory.create()
                .execute(LauncherDiscoveryRequestBuilder.request()
                        .selectors(DiscoverySelectors.selectClass(Tests.class))
                        .configurationParameter(TestJournal.FILE, file.toString())
                        .configurationParameter(
                                "vivarium.testkit.failing-seeds", "") // The planted failure is none of the build's.
                        .configurationParameter("junit.jupiter.testmethod.order.default", METHOD_NAMES)
                        .build());
        ObjectMapper json = new ObjectMapper();
        try (var lines = Files.lines(file)) {
            return lines.map(line -> {
                        try {
                            return json.readTree(line);
                        } catch (IOException e) {
                            throw new AssertionError(line, e);
                        }
                    })
                    .toList();
        }
    }

    private static final String METHOD_NAMES = "org.junit.jupiter.api.MethodOrderer$MethodName";

    @Test
    void hasALineForEachTestWithLayerSeedAndTime() throws Exception {
        List<JsonNode> tests = journal();

        assertThat(tests)
                .extracting(test -> test.get("status").asText())
                .containsExactly("passed", "failed", "skipped");
        assertThat(tests)
                .extracting(test -> test.get("method").asText())
                .containsExactly("aHolds", "bFails", "cIsNotRun");
        assertThat(tests)
                .allSatisfy(test -> assertThat(test.get("class").asText()).isEqualTo(Tests.class.getName()));
        assertThat(tests).extracting(test -> test.get("layer").asText()).containsExactly("", "FAKE", "");
        JsonNode failed = tests.get(1);
        String seed = failed.get("seed").asText();
        assertThat(seed).isNotEmpty();
        assertThat(failed.get("ms").asDouble()).isPositive();
        assertThat(failed.get("failure").asText())
                .startsWith("java.lang.AssertionError: " + seed)
                .hasSize(TestJournal.FAILURE_LENGTH);
    }
}
