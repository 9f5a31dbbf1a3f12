package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.chaos.Scenarios;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ChaosCommandTest extends CommandFixture {

    /** Its steady state is one that any machine has. */
    private static final String SMALL = """
            title: One worker is killed
            pool: {workers: 2}
            load: {plan: "constant:20:1500ms", mix: {safe: 1}, timeout: 20s}
            steady: {window: 300ms, ok: 10%, p99: 20s}
            method:
              - fault: {kind: signal, signal: KILL, at: outside}
                targets: one
                ttl: 300ms
            recover: 20s
            expect: [lost == 0, restarts <= 1]
            """;

    @Test
    void listsTheScenarios() throws Exception {
        Result result = run("chaos", "list");

        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out().lines()).hasSize(Scenarios.NAMES.size()).allMatch(line -> line.length() > 30);
        assertThat(result.out()).contains(Scenarios.NAMES);
    }

    @Test
    void explainsAScenarioAndDraws() throws Exception {
        Result explained = run("chaos", "explain", "kill-60-percent", "--seed", "0x51f2", "--workers", "10");
        Result dry = run("chaos", "run", "kill-60-percent", "--seed", "20978", "--workers", "10", "--dry");

        assertThat(explained.status()).as(explained.err()).isZero();
        assertThat(explained.out())
                .contains("workers: 10", "expect:", "SEED=0x51f2", "at most 6 of 10 workers by one")
                .endsWith(dry.out());
        assertThat(dry.status()).as(dry.err()).isZero();
        assertThat(folder.resolve("chaos-report")).doesNotExist();
    }

    @Test
    void runsAScenarioAndRunsItAgain() throws Exception {
        Path small = file("small.yaml", SMALL);

        Result first = run("chaos", "run", small.toString(), "--seed", "5", "--report", "reports");

        // 2, UNKNOWN, is what a machine that has nothing to spare makes of it.
        assertThat(first.status()).as(first.out() + first.err()).isIn(0, 2);
        assertThat(first.out())
                .startsWith("SEED=0x5  scenario=small")
                .contains("VERDICT", "repeat:  ./vivarium chaos run");
        assertThat(first.err()).contains("steady state before", "safety: faults", "liveness: healed", "audit");
        Path folder5 = folder.resolve("reports/small/0x5");
        try (Stream<Path> files = Files.list(folder5)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("scenario.yaml", "history.ndjson", "journal.json", "timeline.html");
        }

        Result again = run("chaos", "replay", folder5.toString(), "--report", "reports");

        assertThat(again.status()).as(again.out() + again.err()).isIn(0, 2);
        assertThat(again.out())
                .contains("before:  ")
                .contains(first.out().lines().skip(1).findFirst().orElseThrow());
        assertThat(folder.resolve("reports/small/0x5-2/journal.json")).exists();
    }

    @Test
    void saysInvalidAsJsonWhenAWrongIsPlanted() throws Exception {
        Path small = file("small.yaml", SMALL);

        Result result = run("chaos", "run", small.toString(), "--json", "--sabotage", "lose-lease,leave-file");

        assertThat(result.status()).as(result.out() + result.err()).isEqualTo(1);
        JsonNode journal = new ObjectMapper().readTree(result.out());
        assertThat(journal.path("verdict").asText()).isEqualTo("INVALID");
        assertThat(journal.path("sabotage").asText()).isEqualTo("lose-lease,leave-file");
        assertThat(journal.path("findings").findValuesAsText("checker")).contains("leases", "leaks");
    }

    @Test
    void endsWithAnInterruptAndLeavesNothing() throws Exception {
        Path small = file("small.yaml", SMALL.replace("1500ms", "60s"));
        Process process = start("chaos", "run", small.toString());
        try (BufferedReader reader = process.errorReader()) {
            awaitLine(reader, "steady state before");

            interrupt(process);

            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(ExitCode.INTERRUPTED);
    }

    @Nested
    class InVirtualTime {

        @Test
        void aSeedIsTheSameRunEachTime() throws Exception {
            Path small = file("small.yaml", SMALL);

            Result one = run("chaos", "twin", small.toString(), "--seed", "7");
            Result again = run("chaos", "twin", small.toString(), "--seed", "0x7", "--json");

            assertThat(one.status()).as(one.out() + one.err()).isZero();
            assertThat(one.out()).startsWith("SEED=0x7  scenario=small").contains("VERDICT  VALID", "repeat:  ");
            assertThat(again.status()).as(again.out() + again.err()).isZero();
            JsonNode json = new ObjectMapper().readTree(again.out());
            assertThat(json.path("trace").asText()).hasSize(16);
            assertThat(one.out()).contains("trace=" + json.path("trace").asText());
        }

        @Test
        void aScenarioThatDoesNotHoldIsInvalid() throws Exception {
            Path small = file("small.yaml", SMALL.replace("restarts <= 1", "restarts == 0"));

            Result result = run("chaos", "twin", small.toString(), "--runs", "3", "--seed", "1");

            assertThat(result.status()).as(result.out() + result.err()).isEqualTo(ExitCode.INVALID);
            assertThat(result.out()).contains("INVALID   expect restarts == 0", "3 runs: {INVALID=3}");
        }

        @Test
        void aSwarmWritesItsReport() throws Exception {
            Path corpus = file("corpus.ndjson", "{\"seed\":\"0x2a\",\"generation\":2,\"failed\":[\"rest\"]}\n");

            Result result = run(
                    "chaos",
                    "swarm",
                    "--runs",
                    "2",
                    "--seed",
                    "1",
                    "--corpus",
                    corpus.toString(),
                    "--report",
                    "reports");

            assertThat(result.status()).as(result.out() + result.err()).isZero();
            assertThat(result.out())
                    .startsWith("SEED=0x1")
                    .contains("3 runs, 1 of them from the corpus", "VERDICT  VALID");
            JsonNode json = new ObjectMapper()
                    .readTree(folder.resolve("reports/swarm.json").toFile());
            assertThat(json.path("runs").asInt()).isEqualTo(3);
            assertThat(folder.resolve("reports/coverage.txt")).isNotEmptyFile();
        }

        @Test
        void wrongUsageIsRefused() throws Exception {
            Path corpus = file("corpus.ndjson", "nonsense\n");

            isRefused(run("chaos", "twin", "cascade", "--runs", "0"), ExitCode.USAGE, "--runs must be >= 1, got 0");
            isRefused(run("chaos", "swarm", "--runs", "0"), ExitCode.USAGE, "runs must be >= 1, got 0");
            isRefused(
                    run("chaos", "swarm", "--runs", "1", "--corpus", corpus.toString()),
                    ExitCode.USAGE,
                    "corpus.ndjson:1 is no entry of a corpus");
        }
    }

    @Nested
    class WrongUsage {

        @Test
        void isRefusedBeforeAnythingStarts() throws Exception {
            isRefused(run("chaos"), ExitCode.USAGE, "a command is needed: run, replay, ");
            isRefused(run("chaos", "run"), ExitCode.USAGE, "SCENARIO");
            isRefused(
                    run("chaos", "run", "no-such"),
                    ExitCode.USAGE,
                    "there is no scenario and no readable file 'no-such'; there are: kill-60-percent, ");
        }

        @Test
        void isAValueThatCannotBe() throws Exception {
            isRefused(
                    run("chaos", "run", "cascade", "--seed", "x"),
                    ExitCode.USAGE,
                    "--seed must be a whole number, decimal or such as 0x51f2, got 'x'");
            isRefused(
                    run("chaos", "run", "cascade", "--workers", "65"), ExitCode.USAGE, "pool.workers must be 1 to 64");
            isRefused(
                    run("chaos", "explain", "cascade", "--workers", "0"),
                    ExitCode.USAGE,
                    "pool.workers must be 1 to 64, got 0");
            isRefused(run("chaos", "replay", "nowhere"), ExitCode.USAGE, "nowhere is not the folder of a run");
        }

        @Test
        void isAScenarioWithProblemsWhichAreAllTold() throws Exception {
            Path wrong = file("wrong.yaml", "pool: {workers: none}\nmethods: []\n");

            isRefused(
                    run("chaos", "explain", wrong.toString()),
                    ExitCode.USAGE,
                    "wrong.yaml:1: pool.workers must be a whole number",
                    "wrong.yaml:2: methods is nothing that there is here");
        }
    }

    @Test
    void refusesAnUnknownSabotageAndNamesThem() throws Exception {
        Result result = run("chaos", "run", "cascade", "--sabotage", "gremlins");

        assertThat(result.status()).isEqualTo(ExitCode.USAGE);
        assertThat(result.err()).contains("there is no sabotage 'gremlins'; there are: lose-outcome, ");
    }

    @Test
    void saysThatThereIsNoPython() throws Exception {
        Result result = run("chaos", "run", "cascade", "--python", "/surely/not/python");

        assertThat(result.status()).as(result.err()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(result.err()).contains("/surely/not/python");
    }
}
