package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.testkit.junit5.CommandAudit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The short form of each program of {@code scripts/session-storm}, and its criteria made to fail. */
@Tag("processes")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SessionStormCommandTest {

    private static final int HELD = 0;
    private static final int MISSED = 1;
    private static final int USAGE = 64;
    private static final int TROUBLE = 70;

    @RegisterExtension
    final CommandAudit audit = new CommandAudit();

    @TempDir
    Path folder;

    /** What the command said. */
    private record Said(int status, String output, String errors) {}

    private ProcessBuilder command(String... words) {
        // A background job has SIGINT ignored, and a JVM leaves it so; as a user's foreground job it must be at its
        // default.
        List<String> command = new ArrayList<>(List.of(
                "python3",
                "-c",
                """
                import os, signal, sys
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.execv(sys.argv[1], sys.argv[1:])
                """,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + audit.folder(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.vivarium.pooltests.sessions.Main"));
        command.addAll(List.of(words));
        return audit.mark(new ProcessBuilder(command));
    }

    private Said run(String... words) throws Exception {
        Path errors = folder.resolve("errors");
        Process process = command(words).redirectError(errors.toFile()).start();
        process.getOutputStream().close();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Said(process.waitFor(), output, Files.readString(errors));
        } finally {
            process.destroyForcibly();
        }
    }

    private JsonNode report(int status, String... words) throws Exception {
        Path json = folder.resolve("report.json");
        Said said = run(Stream.concat(Stream.of(words), Stream.of("--seed", "1", "--json", json.toString()))
                .toArray(String[]::new));
        assertThat(said.status()).as(said.toString()).isEqualTo(status);
        return new ObjectMapper().readTree(json.toFile());
    }

    private static List<String> missed(JsonNode report) {
        List<String> missed = new ArrayList<>();
        report.get("checks").forEach(check -> {
            if (!check.get("held").asBoolean()) {
                missed.add(check.get("name").asText());
            }
        });
        return missed;
    }

    @Nested
    class AShortCount {

        @Test
        void holds() throws Exception {
            JsonNode report = report(HELD, "--sessions", "20", "--increments", "20", "--workers", "2");

            assertThat(report.get("facts").get("sessions").get("replayed").asInt())
                    .isEqualTo(40);
        }

        @Test
        void missesWhatTheStoreDoesWrong() throws Exception {
            assertThat(missed(report(
                            MISSED, "--sessions", "20", "--increments", "20", "--workers", "2", "--sabotage", "lost")))
                    .contains("counters not 20", "lost commit");
            assertThat(missed(report(
                            MISSED,
                            "--sessions",
                            "20",
                            "--increments",
                            "20",
                            "--workers",
                            "2",
                            "--sabotage",
                            "doubled")))
                    .contains("counters not 20", "doubled commit");
        }
    }

    @Nested
    class AShortJvmKill {

        @Test
        void holds() throws Exception {
            JsonNode report = report(HELD, "jvm-kill", "--rounds", "3", "--sessions", "10", "--relaxed", "1000");

            assertThat(report.get("facts").get("kills").size()).isEqualTo(3);
        }

        @Test
        void missesAStoreThatWritesNothingAndCallsThatAreMadeTwice() throws Exception {
            assertThat(missed(report(
                            MISSED, "jvm-kill", "--rounds", "1", "--sessions", "10", "--sabotage", "lost,doubled")))
                    .contains("lost commit", "keyed counters not exact");
        }
    }

    @Nested
    class AShortMeasurement {

        @Test
        void isMade() throws Exception {
            Path json = folder.resolve("report.json");
            Said said = run("bindings", "--count", "20000", "--seed", "1", "--json", json.toString());
            JsonNode report = new ObjectMapper().readTree(json.toFile());

            // How long a sweep pauses is for a quiet machine to say.
            assertThat(said.status()).as(said.toString()).isIn(HELD, MISSED);
            assertThat(missed(report)).isSubsetOf("longest pause of a sweep");
            assertThat(report.get("facts").has("lookups")).isTrue();
        }
    }

    @Nested
    class TheCommand {

        @Test
        void saysWhatItCanDo() throws Exception {
            Said said = run("jvm-kill", "--help");

            assertThat(said.status()).isEqualTo(HELD);
            assertThat(said.output()).contains("scripts/session-storm bindings", "Exit status:");
        }

        @Test
        void refusesWhatItDoesNotKnow() throws Exception {
            assertThat(run("--sesions", "1").errors()).contains("unknown flag '--sesions'");
            assertThat(run("calm").status()).isEqualTo(USAGE);
            assertThat(run("--sessions", "0").status()).isEqualTo(USAGE);
            assertThat(run("bindings", "--sessions", "5").status()).isEqualTo(USAGE);
            assertThat(run("--sabotage", "everything").status()).isEqualTo(USAGE);
        }

        @Test
        void tellsTroubleOfItsOwnFromAMissedCriterion() throws Exception {
            Said said = run("--python", "/surely/not/python");

            assertThat(said.status()).as(said.toString()).isEqualTo(TROUBLE);
            assertThat(said.errors()).contains("/surely/not/python");
        }

        @Test
        void leavesNothingWhenItIsInterrupted() throws Exception {
            Process process = command("--sessions", "1000", "--increments", "10000")
                    .redirectErrorStream(true)
                    .start();
            try {
                // It says how far it is once it counts.
                String said = process.inputReader(StandardCharsets.UTF_8).readLine();
                assertThat(said).contains("increments");

                new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                        .start()
                        .waitFor();

                assertThat(process.waitFor()).isEqualTo(130);
            } finally {
                process.destroyForcibly();
            }
        }
    }
}
