package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class BenchCommandTest extends CommandFixture {

    @Test
    void printsTheReportAndWritesItAsJson() throws Exception {
        Result result = run(
                "bench", "latency", "--calls", "100", "--warm-up", "20", "--floor", "socket", "--json", "report.json");

        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out())
                .startsWith("vivarium bench latency, ")
                .contains("p99.9", "call, blocked caller", " x  ");
        JsonNode report =
                new ObjectMapper().readTree(folder.resolve("report.json").toFile());
        assertThat(report.get("benchmark").asText()).isEqualTo("latency");
        assertThat(report.get("settings").get("calls").asInt()).isEqualTo(100);
        assertThat(report.get("settings").get("transport").asText()).isEqualTo("SOCKET");
    }

    @Test
    void makesLoadByAPlan() throws Exception {
        Result result = run(
                "bench",
                "load",
                "--plan",
                "ramp:0:100:200ms,spike:50:200:100ms:100ms",
                "--mix",
                "echo=3,burn=1",
                "--warm-up",
                "10",
                "--json",
                "load.json");

        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out()).startsWith("vivarium bench load, ").contains("spike 200/s, echo", "0 dropped");
        JsonNode load = new ObjectMapper()
                .readTree(folder.resolve("load.json").toFile())
                .get("load");
        assertThat(load.get("planned").asInt()).isEqualTo(40);
    }

    @Test
    void helpsWithEachBenchmark() throws Exception {
        for (String benchmark :
                List.of("latency", "throughput", "payload", "restart", "startup", "idle", "session", "stream")) {
            Result result = run("bench", benchmark, "--help");

            assertThat(result.status()).as(result.err()).isZero();
            assertThat(result.out()).contains("vivarium bench " + benchmark, "--pin", "Exit status: 0 measured");
        }
    }

    @Nested
    class WrongUsage {

        @Test
        void ofALoadIsRefusedToo() throws Exception {
            isRefused(run("bench", "load"), ExitCode.USAGE, "--plan");
            isRefused(run("bench", "load", "--plan", "wave:1:2"), ExitCode.USAGE, "got 'wave:1:2'", "spike:BASE:PEAK");
            isRefused(
                    run("bench", "load", "--plan", "constant:x:1s"),
                    ExitCode.USAGE,
                    "a rate must be a number, got 'x'");
            isRefused(run("bench", "load", "--plan", "constant:1:1"), ExitCode.USAGE, "'1' is not a duration");
            isRefused(run("bench", "load", "--plan", "constant:1:1s", "--mix", "echo"), ExitCode.USAGE, "got 'echo'");
            isRefused(
                    run("bench", "load", "--plan", "constant:1:1s", "--mix", "dance=1"),
                    ExitCode.USAGE,
                    "no operation is named 'dance'; there are: echo, burn, bytes");
            isRefused(
                    run("bench", "load", "--plan", "constant:1:1s", "--in-flight", "0"),
                    ExitCode.USAGE,
                    "calls in flight must be 1 to 1000000, got 0");
        }

        @Test
        void isRefusedBeforeAnythingStarts() throws Exception {
            isRefused(run("bench"), ExitCode.USAGE, "a benchmark is needed: latency, ");
            isRefused(run("bench", "speed"), ExitCode.USAGE, "'speed'", "Try 'vivarium bench --help'");
            isRefused(run("bench", "latency", "--cals", "5"), ExitCode.USAGE, "Try 'vivarium bench latency --help'");
            isRefused(run("bench", "latency", "--calls", "0"), ExitCode.USAGE, "--calls must be 1 to 100000000, got 0");
            isRefused(
                    run("bench", "latency", "--floor", "tcp"),
                    ExitCode.USAGE,
                    "--floor must be pipe or socket, got 'tcp'");
            isRefused(
                    run("bench", "latency", "--json", "no/such/file"),
                    ExitCode.USAGE,
                    "no/such/file cannot be written");
        }

        @Test
        void isToPinWithoutTheLauncher() throws Exception {
            if (Runtime.getRuntime().availableProcessors() > 1) {
                isRefused(run("bench", "latency", "--pin"), ExitCode.UNAVAILABLE, "taskset -c 0");
            }
        }
    }

    @Test
    void saysThatThereIsNoPython() throws Exception {
        isRefused(
                run("bench", "latency", "--python", "/surely/not/python"), ExitCode.UNAVAILABLE, "/surely/not/python");
    }

    @Test
    void endsWithAnInterruptAndLeavesNothing() throws Exception {
        Process process = start("bench", "throughput", "--calls", "100000000", "--warm-up", "0");
        try (BufferedReader reader = process.errorReader()) {
            awaitLine(reader, "measuring, round");

            interrupt(process);

            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(ExitCode.INTERRUPTED);
    }
}
