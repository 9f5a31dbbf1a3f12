package dev.vivarium.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.Signal;
import dev.vivarium.testkit.LeakAudit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The smoke: a short scenario on real processes. What times say depends on the machine, everything else does not. */
class ChaosRunTest {

    @TempDir
    Path report;

    private static Step fault(long after, ChaosFault fault, Targets targets) {
        return new Step.Inject(Duration.ofMillis(after), fault, targets, Duration.ZERO, Duration.ofMillis(400), 20);
    }

    private static Scenario scenario(Duration steady) {
        return Scenario.builder("smoke")
                .workers(2)
                .options("retry.budget = 1", "cancel-grace = 500ms")
                .load(new LoadSpec(
                        "constant:60:2500ms",
                        Map.of(LoadSpec.CALL, 1, LoadSpec.SAFE, 2, LoadSpec.COUNT, 2, LoadSpec.READ, 1),
                        Duration.ofMillis(5),
                        Duration.ofSeconds(10),
                        2,
                        1000))
                .steady(new SteadyState(Duration.ofMillis(300), 0.5, steady))
                .step(fault(0, new ChaosFault.Signalled(Signal.KILL, KillPoint.OUTSIDE), Targets.ONE))
                .step(fault(100, new ChaosFault.Signalled(Signal.KILL, KillPoint.STARTED), Targets.ONE))
                .step(fault(500, new ChaosFault.Grown(1 << 20, 4 << 20), Targets.ALL))
                .step(fault(
                        500,
                        new ChaosFault.Delayed(Direction.TO_JVM, Duration.ofMillis(10), Duration.ofMillis(5), 0, 0.5),
                        Targets.ALL))
                .step(fault(900, new ChaosFault.Signalled(Signal.STOP, KillPoint.OUTSIDE), Targets.ONE))
                .recover(Duration.ofSeconds(20))
                .expect("lost == 0", "duplicated == 0", "foreign == 0", "misreported == 0", "reached(restart)")
                .build();
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    @Test
    void holdsOnAPoolThatIsKilledStoppedDelayedAndFilled() throws Exception {
        ChaosResult result = ChaosRun.run(scenario(Duration.ofSeconds(10)), RunSettings.of(7, report));

        // UNKNOWN is what a machine that has nothing to spare makes of it.
        assertThat(result.verdict()).as(result.text()).isNotEqualTo(Verdict.INVALID);
        assertThat(result.text())
                .contains("repeat:  ./vivarium chaos run " + result.folder().resolve("scenario.yaml")
                        + " --seed 0x7 --workers 2");
        assertThat(json(result.folder().resolve("journal.json")).path("verdict").asText())
                .isEqualTo(result.verdict().name());
        Set<String> events = new TreeSet<>();
        for (String line : Files.readAllLines(result.folder().resolve("history.ndjson"))) {
            JsonNode event = new ObjectMapper().readTree(line);
            events.add(event.path("what").asText()
                    + (event.has("event") ? " " + event.path("event").asText() : ""));
        }
        assertThat(events)
                .contains("run", "phase", "call", "end", "worker", "exit", "verdict")
                .contains("fault requested", "fault landed", "fault healed");
        assertThat(Files.readString(result.folder().resolve("timeline.html")))
                .startsWith("<!DOCTYPE html>")
                .contains("<svg", "worker 1", "to recover")
                .doesNotContain("http:", "https:", "<script");
        assertThat(Scenario.read(result.folder().resolve("scenario.yaml"))).isEqualTo(result.scenario());
    }

    @Test
    void saysThatTheJvmWasStoppedAndThatAFaultCouldNotLand() throws Exception {
        Scenario smoke = scenario(Duration.ofSeconds(10));
        Scenario scenario = Scenario.builder("paused")
                .workers(2)
                .options(smoke.options().toArray(String[]::new))
                .load(smoke.load())
                .steady(smoke.steady())
                .step(fault(0, new ChaosFault.SharedMemoryFilled(1), Targets.ONE))
                .step(new Step.Inject(
                        Duration.ofMillis(100),
                        new ChaosFault.JvmPaused(Duration.ofMillis(700)),
                        Targets.ONE,
                        Duration.ZERO,
                        Duration.ofMillis(1700),
                        1))
                .recover(Duration.ofSeconds(20))
                .expect("lost == 0")
                .build();

        ChaosResult result = ChaosRun.run(scenario, RunSettings.of(7, report));

        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.UNKNOWN);
        assertThat(result.findings())
                .filteredOn(finding -> finding.checker().equals("landed"))
                .singleElement()
                .asString()
                .contains("1 of 1 jvm-pause", "0 of 1 shared-memory-full", "MiB free, and at most 0 MiB may be taken");
        JsonNode machine = json(result.folder().resolve("journal.json")).path("machine");
        assertThat(machine.path("pauses").asInt()).isPositive();
        assertThat(machine.path("longestPause").asDouble()).isGreaterThan(0.6);
    }

    @Test
    void leavesOutWhatWaitsForSomethingThatHasNotHappened() throws Exception {
        Scenario scenario = sabotaged();
        Scenario waits = new Scenario(
                scenario.name(),
                scenario.title(),
                scenario.workers(),
                scenario.options(),
                scenario.load(),
                scenario.steady(),
                List.of(
                        new Step.When(Duration.ZERO, "circuit-open", fault(0, new ChaosFault.Exited(7), Targets.ONE)),
                        fault(0, new ChaosFault.Signalled(Signal.KILL, KillPoint.OUTSIDE), Targets.ONE),
                        new Step.When(
                                Duration.ofMillis(800),
                                "restart",
                                fault(
                                        0,
                                        new ChaosFault.Delayed(
                                                Direction.TO_JVM, Duration.ofMillis(1), Duration.ZERO, 0, 1),
                                        Targets.ALL))),
                scenario.recover(),
                List.of(Expectation.parse("lost == 0")));

        ChaosResult result = ChaosRun.run(waits, RunSettings.of(7, report));

        String history = Files.readString(result.folder().resolve("history.ndjson"));
        assertThat(history.lines().filter(line -> line.contains("\"left-out\"")))
                .as(result.text())
                .singleElement()
                .asString()
                .contains("\"exit\"", "circuit-open has not happened");
        assertThat(history.lines().filter(line -> line.contains("\"requested\"") && line.contains("\"delay\"")))
                .hasSize(2);
    }

    private Scenario sabotaged() {
        Scenario scenario = scenario(Duration.ofMillis(500));
        return new Scenario(
                "sabotage",
                "Something is wrong",
                2,
                scenario.options(),
                new LoadSpec(
                        scenario.load().plan(),
                        scenario.load().mix(),
                        Duration.ofMillis(1),
                        Duration.ofSeconds(1),
                        2,
                        1000),
                new SteadyState(Duration.ofMillis(300), 0.5, Duration.ofSeconds(1)),
                scenario.method().subList(0, 1),
                Duration.ofSeconds(20), // Late outcomes come within it.
                List.of(
                        Expectation.parse("ok >= 100%"),
                        Expectation.parse("duplicated == 0"),
                        Expectation.parse("misreported == 0"),
                        Expectation.parse("foreign == 0")));
    }

    private static void isFound(Sabotage wrong, ChaosResult result) {
        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.INVALID);
        assertThat(result.findings())
                .as("%s is found in:\n%s", wrong, result.text())
                .anyMatch(finding ->
                        finding.checker().startsWith(wrong.checker()) && finding.verdict() == Verdict.INVALID);
        assertThat(result.findings())
                .as("%s has been planted in:\n%s", wrong, result.text())
                .filteredOn(finding -> finding.checker().equals("runner"))
                .allMatch(finding -> finding.verdict() == Verdict.VALID);
        assertThat(result.text()).contains("--sabotage " + wrong.word());
    }

    /** A few at once: they wait more than they work. */
    @Test
    void findsEachWrongThatIsPlantedAlone() throws Exception {
        ExecutorService some = Executors.newFixedThreadPool(4);
        try {
            Map<Sabotage, Future<ChaosResult>> runs = new EnumMap<>(Sabotage.class);
            for (Sabotage wrong : Sabotage.values()) {
                runs.put(
                        wrong,
                        some.submit(() -> ChaosRun.run(
                                sabotaged(),
                                RunSettings.of(7, report.resolve(wrong.word())).withSabotage(EnumSet.of(wrong)))));
            }
            for (Map.Entry<Sabotage, Future<ChaosResult>> run : runs.entrySet()) {
                isFound(run.getKey(), run.getValue().get());
            }
        } finally {
            some.shutdownNow();
        }
    }

    @Test
    void saysSoWhenAWrongHasNothingToBefall() throws Exception {
        Scenario scenario = sabotaged();
        Scenario calm = new Scenario(
                scenario.name(),
                scenario.title(),
                scenario.workers(),
                scenario.options(),
                new LoadSpec("constant:50:1s", Map.of(LoadSpec.SAFE, 1), Duration.ZERO, Duration.ofSeconds(1), 1, 1000),
                scenario.steady(),
                List.of(),
                scenario.recover(),
                List.of(Expectation.parse("lost == 0")));

        ChaosResult result = ChaosRun.run(
                calm,
                RunSettings.of(7, report)
                        .withSabotage(EnumSet.of(Sabotage.LOSE_COMMIT, Sabotage.RESTART_STORM, Sabotage.STAY_SLOW)));

        assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.UNKNOWN);
        assertThat(result.findings().get(0).found())
                .contains(
                        "the sabotage lose-commit has had nothing to befall",
                        "the sabotage restart-storm has had",
                        "the sabotage stay-slow has had");
    }

    @Test
    void injectsNothingWhereThePoolIsNotWellBefore() throws Exception {
        Scenario scenario = sabotaged();
        Scenario demanding = new Scenario(
                scenario.name(),
                scenario.title(),
                scenario.workers(),
                scenario.options(),
                new LoadSpec(
                        scenario.load().plan(),
                        Map.of(LoadSpec.SAFE, 1),
                        Duration.ofMillis(20),
                        Duration.ofSeconds(1),
                        1,
                        1000),
                new SteadyState(Duration.ofMillis(300), 1, Duration.ofMillis(1)),
                scenario.method(),
                scenario.recover(),
                List.of(Expectation.parse("lost == 0")));

        ChaosResult result = ChaosRun.run(demanding, RunSettings.of(7, report));

        assertThat(result.findings().get(0)).satisfies(runner -> {
            assertThat(runner.verdict()).isEqualTo(Verdict.UNKNOWN);
            assertThat(runner.found()).contains("no fault was injected: before the method");
        });
        assertThat(Files.readString(result.folder().resolve("history.ndjson"))).doesNotContain("\"requested\"");
    }

    @Test
    void endsAndRemovesWhatARunHasLeftWhoseRunnerWasKilled() throws Exception {
        Path folder = Files.createDirectories(report.resolve("smoke").resolve("0x1"));
        Path left = Files.createDirectories(report.resolve("vtk1"));
        String pool = "test1-00001-" + ProcessHandle.current().pid();
        ProcessBuilder command = new ProcessBuilder("python3", "-c", "input()");
        command.environment().put(LeakAudit.MARK, pool);
        Process orphan = command.start();
        ProcessBuilder another = new ProcessBuilder("python3", "-c", "input()");
        another.environment().put(LeakAudit.MARK, pool + "0");
        Process stranger = another.start();
        try {
            Files.writeString(folder.resolve("history.ndjson"), """
                    {"what":"run","pool":"%s","runner":1,"begun":"1970-01-01T00:00:00Z","folders":["%s"]}
                    {"what":"fault","event":"requested","number":1}
                    {"what":"fault","event":"requested","number":2}
                    {"what":"fault","event":"healed","number":1}
                    {"what":"fau""".formatted(pool, left));

            List<String> healed = ChaosRun.heal(report);

            assertThat(healed).singleElement().asString().contains("healed 1 faults, ended 1 processes");
            assertThat(orphan.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(stranger.isAlive()).isTrue();
            assertThat(left).doesNotExist();
            assertThat(json(folder.resolve("journal.json")).path("verdict").asText())
                    .isEqualTo("UNKNOWN");
            assertThat(ChaosRun.heal(report)).isEmpty();
        } finally {
            orphan.destroyForcibly();
            stranger.destroyForcibly();
        }
    }

    @Test
    void leavesARunAloneWhoseRunnerGoesOn() throws Exception {
        Path folder = Files.createDirectories(report.resolve("smoke").resolve("0x1"));
        ProcessHandle self = ProcessHandle.current();
        Files.writeString(
                folder.resolve("history.ndjson"),
                "{\"what\":\"run\",\"pool\":\"test1-00002\",\"runner\":%d,\"begun\":\"%s\",\"folders\":[]}\n"
                        .formatted(self.pid(), self.info().startInstant().orElseThrow()));

        assertThat(ChaosRun.heal(report)).isEmpty();
        assertThat(folder.resolve("journal.json")).doesNotExist();
    }
}
