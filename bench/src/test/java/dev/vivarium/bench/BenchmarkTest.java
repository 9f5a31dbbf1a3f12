package dev.vivarium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.bench.floor.Transport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each benchmark in small: what it reports, and never how fast anything was. */
@Tag("processes")
class BenchmarkTest {

    private static final List<String> PERCENTILES = List.of("count", "min", "p50", "p90", "p99", "p999", "max");

    private static Report run(Benchmark benchmark, int calls, int warmUp) throws Exception {
        BenchSettings defaults = benchmark.defaults();
        return benchmark.run(
                new BenchSettings(defaults.python(), defaults.workers(), calls, warmUp, defaults.transport()),
                state -> {});
    }

    private static List<String> names(Report report, Side side, String unit) {
        return report.rows().stream()
                .filter(row -> row.side() == side && row.unit().equals(unit))
                .map(Row::name)
                .toList();
    }

    private static void isComplete(Report report) throws Exception {
        assertThat(report.rows()).allSatisfy(row -> {
            assertThat(row.values().count()).as(row.name()).isPositive();
            assertThat(row.values().min()).as(row.name()).isPositive();
            assertThat(row.values().max())
                    .as(row.name())
                    .isGreaterThanOrEqualTo(row.values().p50());
        });
        assertThat(report.ratios()).isNotEmpty().allSatisfy(ratio -> {
            assertThat(ratio.value()).as(ratio.of()).isPositive();
            assertThat(report.text()).contains(ratio.of() + " / " + ratio.over());
        });
        JsonNode json = new ObjectMapper().readTree(report.json());
        assertThat(json.fieldNames())
                .toIterable()
                .containsExactly("benchmark", "settings", "environment", "rows", "ratios", "notes");
        assertThat(json.get("environment").fieldNames())
                .toIterable()
                .contains("cpu", "processors", "pinned", "load_before", "java", "python", "commit");
        assertThat(json.get("environment").get("python").asText()).contains("Python");
        assertThat(json.get("rows").get(0).get("values").fieldNames())
                .toIterable()
                .containsExactlyElementsOf(PERCENTILES);
        assertThat(json.get("ratios").get(0).fieldNames())
                .toIterable()
                .containsExactly("of", "over", "value", "low", "middle", "high", "rounds", "asked");
    }

    @Test
    void latencyHasEveryFloorAndBothWaysToSeeAReply() throws Exception {
        Report report = run(Benchmark.LATENCY, 200, 50);

        isComplete(report);
        assertThat(names(report, Side.FLOOR, Row.MICROS))
                .containsExactly(
                        "pipe, raw, bare loop",
                        "pipe, json, bare loop",
                        "socket, raw, bare loop",
                        "socket, json, bare loop",
                        "pipe, json, reader thread, in the callback",
                        "pipe, json, reader thread, blocked caller");
        assertThat(names(report, Side.VIVARIUM, Row.MICROS))
                .containsExactly("call, in the callback, directly", "call, in the callback", "call, blocked caller");
        assertThat(report.rows()).allMatch(row -> row.values().count() == 200);
        assertThat(report.ratios()).extracting(Ratio::over).startsWith("pipe, json, bare loop");
    }

    @Test
    void latencyIsComparedWithTheFloorThatIsAskedFor() throws Exception {
        BenchSettings socket = new BenchSettings("python3", 1, 20, 0, Transport.SOCKET);

        Report report = Benchmark.LATENCY.run(socket, state -> {});

        assertThat(report.ratios()).extracting(Ratio::over).allMatch(name -> name.startsWith("socket, json"));
    }

    @Test
    void throughputHasCallsFromOneThreadAndFromMany() throws Exception {
        Report report = run(Benchmark.THROUGHPUT, 400, 64);

        isComplete(report);
        assertThat(names(report, Side.FLOOR, Row.RATE)).hasSize(4);
        assertThat(names(report, Side.VIVARIUM, Row.RATE))
                .contains("calls of one thread, 32 in flight", "calls of 32 threads");
        assertThat(names(report, Side.VIVARIUM, Row.MICROS))
                .containsExactly("calls of one thread, 32 in flight", "calls of 32 threads");
        assertThat(report.rows())
                .filteredOn(row -> row.unit().equals(Row.MICROS))
                .allMatch(row -> row.values().count() == 400);
    }

    @Test
    void payloadHasBytesAndFloats() throws Exception {
        Report report = run(Benchmark.PAYLOAD, 2, 0);

        isComplete(report);
        assertThat(names(report, Side.FLOOR, Row.MICROS))
                .containsExactly(
                        "two memory copies and a small raw call", "pipe, raw, bare loop", "socket, raw, bare loop");
        assertThat(names(report, Side.VIVARIUM, Row.MICROS))
                .containsExactly(
                        "bytes, into memory of the caller's",
                        "float32, into memory of the caller's",
                        "bytes, to a new byte[]",
                        "float32, to a new float[]",
                        "bytes, of which Python makes new ones",
                        "bytes, beside those in JSON",
                        "float32, beside those in JSON",
                        "bytes, as base64 in JSON",
                        "float32, as numbers in JSON");
        assertThat(names(report, Side.VIVARIUM, "MiB")).hasSize(2);
    }

    @Test
    void peersDoTheSameWork() throws Exception {
        Report report = run(Benchmark.PEERS, 40, 0);

        isComplete(report);
        assertThat(names(report, Side.PEER, Row.MICROS))
                .containsExactly(
                        "a process for each call, blocked caller",
                        "HTTP, of both standard libraries, blocked caller",
                        "a process for each call, 1 MiB, blocked caller",
                        "HTTP, of both standard libraries, 1 MiB, blocked caller");
        assertThat(names(report, Side.PEER, Row.RATE))
                .containsExactly("HTTP, of both standard libraries, 32 in flight");
    }

    @Test
    void restartKillsAsOftenAsIsAskedFor() throws Exception {
        Report report = run(Benchmark.RESTART, 2, 0);

        isComplete(report);
        assertThat(report.rows())
                .hasSize(3)
                .allMatch(row -> row.unit().equals(Row.MILLIS) && row.values().count() == 2);
    }

    @Test
    void startupMeasuresTheMemoryOfEachWorker() throws Exception {
        Report report = Benchmark.STARTUP.run(new BenchSettings("python3", 2, 2, 0, Transport.SOCKET), state -> {});

        isComplete(report);
        assertThat(report.rows())
                .filteredOn(row -> row.unit().equals("MiB"))
                .singleElement()
                .satisfies(row -> {
                    assertThat(row.name()).startsWith("private memory of a worker");
                    assertThat(row.values().count()).isEqualTo(4);
                });
    }

    @Test
    void idleComparesAPoolWithABareActorSystem() throws Exception {
        BenchSettings settings = new BenchSettings("python3", 1, 2, 0, Transport.SOCKET);
        Report report;
        try (Workbench bench = new Workbench(settings, state -> {})) {
            report = new Idle(200, 50).run(bench);
        }

        assertThat(report.rows())
                .extracting(Row::name)
                .satisfiesExactly(
                        name -> assertThat(name).isEqualTo("an actor system with nothing in it"),
                        name -> assertThat(name).isEqualTo("an idle pool, workers: 1"),
                        name -> assertThat(name).startsWith("the same, less the bare one"));
        assertThat(report.rows()).allMatch(row -> row.values().count() == 2);
        assertThat(report.notes()).anyMatch(note -> note.contains("5.0 %"));
    }

    @Test
    void streamHasItemsOfBothGeneratorsAndWhatAStoppedConsumerCosts() throws Exception {
        Report report = run(Benchmark.STREAM, 2_000, 500);

        isComplete(report);
        assertThat(names(report, Side.FLOOR, "items/s")).containsExactly("pipe, json, bare loop");
        assertThat(names(report, Side.VIVARIUM, "items/s"))
                .containsExactly("stream of a generator", "stream of an asynchronous generator");
        assertThat(names(report, Side.VIVARIUM, "KiB")).containsExactly("the JVM's heap while a consumer has stopped");
    }

    @Test
    void sessionComparesEachSizeOfStateWithCallsOfNone() throws Exception {
        Report report = run(Benchmark.SESSION, 40, 0);

        isComplete(report);
        assertThat(names(report, Side.VIVARIUM, Row.MICROS))
                .containsExactly(
                        "100 B, untouched",
                        "100 B list, unchanged",
                        "100 B, unchanged",
                        "100 B, changed",
                        "10 KB, unchanged",
                        "10 KB, changed",
                        "1 MB, unchanged",
                        "1 MB, changed");
        assertThat(report.ratios()).extracting(Ratio::over).containsOnly("of no session");
    }

    @Nested
    class Settings {

        @Test
        void haveRanges() {
            List<String> refused = new ArrayList<>();
            for (int[] bad : new int[][] {{0, 1, 0}, {100_000, 1, 0}, {1, 0, 0}, {1, 1, -1}}) {
                assertThatThrownBy(() -> new BenchSettings("python3", bad[0], bad[1], bad[2], Transport.PIPE))
                        .isInstanceOfSatisfying(
                                IllegalArgumentException.class, error -> refused.add(error.getMessage()));
            }
            assertThat(refused)
                    .satisfiesExactly(
                            message -> assertThat(message)
                                    .startsWith("workers must be 1 to")
                                    .endsWith("got 0"),
                            message -> assertThat(message)
                                    .startsWith("workers must be 1 to")
                                    .endsWith("got 100000"),
                            message -> assertThat(message)
                                    .startsWith("calls must be 1 to")
                                    .endsWith("got 0"),
                            message -> assertThat(message)
                                    .startsWith("warm-up must be 0 to")
                                    .endsWith("got -1"));
        }
    }

    @Nested
    class WithoutPython {

        @Test
        void saysWhatIsMissing() {
            BenchSettings none = new BenchSettings("/surely/not/python", 1, 10, 0, Transport.SOCKET);

            assertThatThrownBy(() -> Benchmark.LATENCY.run(none, state -> {}))
                    .isInstanceOf(BenchUnavailable.class)
                    .hasMessageContaining("/surely/not/python");
        }

        @Test
        void saysSoOfWhatEndsAtOnceToo() {
            BenchSettings none = new BenchSettings("false", 1, 10, 0, Transport.SOCKET);

            assertThatThrownBy(() -> Benchmark.THROUGHPUT.run(none, state -> {}))
                    .isInstanceOf(BenchUnavailable.class)
                    .hasMessageStartingWith("false");
        }
    }
}
