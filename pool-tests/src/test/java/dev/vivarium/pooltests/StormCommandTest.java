package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.testkit.junit5.CommandAudit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The short form of each program of {@code scripts/storm}, each in a JVM of its own, and each criterion made to fail. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("processes")
class StormCommandTest {

    private static final int HELD = 0;
    private static final int MISSED = 1;
    private static final int USAGE = 64;
    private static final int TROUBLE = 70;

    /** Nothing is to fail because the machine is busy: what these would catch is shown by the programs' long forms. */
    private static final List<String> PATIENT =
            List.of("--option", "connect-timeout=2m", "--option", "health-interval=1d");

    @RegisterExtension
    final CommandAudit audit = new CommandAudit();

    /** What a run said. */
    private record Said(int status, String output, String errors) {
        JsonNode json() throws Exception {
            return new ObjectMapper().readTree(output);
        }

        /** Returns the names of the criteria that held, or of those that were missed. */
        Set<String> checks(boolean held) throws Exception {
            Set<String> names = new TreeSet<>();
            json().get("checks").forEach(check -> {
                if (check.get("held").asBoolean() == held) {
                    names.add(check.get("name").asText());
                }
            });
            return names;
        }

        @Override
        public String toString() {
            return "status " + status + "\n" + output + errors;
        }
    }

    private Said storm(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + audit.folder(),
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.vivarium.pooltests.storm.Main"));
        command.addAll(List.of(words));
        Path errors = audit.folder().resolveSibling(audit.folder().getFileName() + ".err");
        Process process = audit.mark(new ProcessBuilder(command))
                .redirectError(errors.toFile())
                .start();
        process.getOutputStream().close();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Said(process.waitFor(), output, java.nio.file.Files.readString(errors));
        } finally {
            process.destroyForcibly();
            java.nio.file.Files.deleteIfExists(errors);
        }
    }

    private Said patiently(String... words) throws Exception {
        return storm(
                Stream.concat(Stream.of(words), Stream.concat(PATIENT.stream(), Stream.of("--seed", "1", "--json")))
                        .toArray(String[]::new));
    }

    @Nested
    class AShortStorm {

        @Test
        void holds() throws Exception {
            Said said = patiently("--landed", "1");

            assertThat(said.status()).as(said.toString()).isEqualTo(HELD);
        }

        @Test
        void missesEveryCriterionWhenItsWrongIsPlanted() throws Exception {
            Said said = patiently(
                    "--landed",
                    "1",
                    "--sabotage",
                    "unlanded,unsafe,lost,doubled,rerun,foreign,misreported,late,leases,capacity,threads,descriptors,"
                            + "children,heap,stray");

            assertThat(said.status()).as(said.toString()).isEqualTo(MISSED);
            assertThat(said.checks(true)).as(said.toString()).isEmpty();
        }
    }

    @Nested
    class AShortKillAll {

        @Test
        void holds() throws Exception {
            Said said = patiently("kill-all", "--rounds", "4");

            assertThat(said.status()).as(said.toString()).isEqualTo(HELD);
            assertThat(said.json().get("facts").get("first correct reply").asText())
                    .contains("n = 2");
        }

        @Test
        void missesWhatIsPlanted() throws Exception {
            Said said = patiently("kill-all", "--rounds", "2", "--sabotage", "capacity,stray");

            assertThat(said.status()).as(said.toString()).isEqualTo(MISSED);
            assertThat(said.checks(false)).as(said.toString()).contains("capacity not back");
        }
    }

    @Nested
    class ShortCancels {

        @Test
        void hold() throws Exception {
            Said said = patiently("cancels", "--count", "300", "--option", "cancel-grace=20s");

            assertThat(said.status()).as(said.toString()).isEqualTo(HELD);
        }

        @Test
        void missWhatIsPlanted() throws Exception {
            Said said = patiently("cancels", "--count", "100", "--sabotage", "stray,killed");

            assertThat(said.status()).as(said.toString()).isEqualTo(MISSED);
            assertThat(said.checks(false)).as(said.toString()).contains("others harmed", "workers replaced");
        }
    }

    @Nested
    class ShortRecycles {

        @Test
        void hold() throws Exception {
            Said said = patiently("recycles", "--count", "4", "--rolling", "1");

            assertThat(said.status()).as(said.toString()).isEqualTo(HELD);
        }

        @Test
        void missWhatIsPlanted() throws Exception {
            Said said = patiently("recycles", "--count", "1", "--rolling", "1", "--sabotage", "capacity,stray");

            assertThat(said.status()).as(said.toString()).isEqualTo(MISSED);
            assertThat(said.checks(false))
                    .as(said.toString())
                    .contains("recycles: capacity", "rolling: capacity", "rolling: failed calls");
        }
    }

    @Nested
    class TheCommand {

        @Test
        void saysWhatItCanDo() throws Exception {
            Said said = storm("cancels", "--help");

            assertThat(said.status()).as(said.toString()).isEqualTo(HELD);
            assertThat(said.output()).contains("scripts/storm recycles", "Exit status:");
        }

        @Test
        void refusesWhatItDoesNotKnow() throws Exception {
            assertThat(storm("--minuets", "1").errors()).contains("unknown flag '--minuets'");
            assertThat(storm("calm").status()).isEqualTo(USAGE);
            assertThat(storm("--landed", "0").status()).isEqualTo(USAGE);
            assertThat(storm("--sabotage", "everything").status()).isEqualTo(USAGE);
            assertThat(storm("--option", "no-such-key=1").status()).isEqualTo(USAGE);
        }

        @Test
        void tellsTroubleOfItsOwnFromAMissedCriterion() throws Exception {
            Said said = storm("kill-all", "--rounds", "1", "--python", "/surely/not/python");

            assertThat(said.status()).as(said.toString()).isEqualTo(TROUBLE);
            assertThat(said.errors()).contains("/surely/not/python");
        }
    }
}
