package dev.vivarium.chaos.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.chaos.ChaosRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A runner that is killed with SIGKILL while a worker and the guardian are stopped leaves nothing, or nothing that the next one leaves. */
class KilledRunnerTest {

    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final long LOOK_NANOS = 20_000_000;

    @TempDir
    Path report;

    private Process runner;
    private String pool;
    private List<ProcessHandle> ofPool;

    private void until(String what, BooleanSupplier holds) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime())
                    .as(() -> "not yet " + what + "\n" + output())
                    .isLessThan(end);
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private Path history() {
        return report.resolve("killed").resolve("0x1").resolve(History.FILE);
    }

    private String faults() throws IOException {
        try (Stream<String> lines = Files.lines(history())) {
            return lines.filter(line -> line.contains("\"what\":\"fault\"")).collect(Collectors.joining("\n"));
        }
    }

    private long landings() {
        try (Stream<String> lines = Files.lines(history())) {
            return lines.filter(line -> line.contains("\"event\":\"landed\"")).count();
        } catch (IOException notYet) {
            return 0;
        }
    }

    @BeforeEach
    void startAndStop() throws Exception {
        runner = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        RunToBeKilled.class.getName(),
                        report.toString())
                .redirectErrorStream(true)
                .redirectOutput(report.resolve("output").toFile())
                .start();
        until("stopped", () -> {
            assertThat(runner.isAlive()).as(this::output).isTrue();
            return landings() == 2;
        });
        try (Stream<String> lines = Files.lines(history())) {
            JsonNode run = new ObjectMapper().readTree(lines.findFirst().orElseThrow());
            pool = run.path("pool").asText();
        }
        ofPool = ProcessHandle.allProcesses()
                .filter(process -> Leftovers.bearsMark(process, pool))
                .toList();
        assertThat(stopped()).hasSize(2);
    }

    private String output() {
        try {
            return Files.readString(report.resolve("output")) + (Files.exists(history()) ? faults() : "");
        } catch (IOException e) {
            return e.toString();
        }
    }

    private List<ProcessHandle> stopped() {
        return ofPool.stream()
                .filter(process -> Lab.state(process.pid()) == 'T')
                .toList();
    }

    @AfterEach
    void endAll() {
        runner.destroyForcibly();
        if (ofPool != null) {
            ofPool.forEach(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void leavesNothingByItself() throws Exception {
        kill(runner.toHandle());

        until("ended", () -> ofPool.stream().noneMatch(ProcessHandle::isAlive));
        assertThat(ChaosRun.heal(report)).singleElement().asString().contains("healed 2 faults, ended 0 processes");
    }

    @Test
    void leavesNothingAfterTheNextRunHasBegunWhenItsHelperWasKilledToo() throws Exception {
        ProcessHandle helper = runner.toHandle()
                .children()
                .filter(process -> Lab.proc(process.pid(), "cmdline").contains("vivarium_chaos_helper"))
                .findFirst()
                .orElseThrow();
        kill(helper);
        kill(runner.toHandle());
        assertThat(stopped()).hasSize(2);

        List<String> healed = ChaosRun.heal(report);

        assertThat(healed)
                .singleElement()
                .asString()
                .contains("healed 2 faults")
                .doesNotContain("ended 0 processes");
        until("ended", () -> ofPool.stream().noneMatch(ProcessHandle::isAlive));
        assertThat(Objects.requireNonNull(history().getParent()).resolve(Journal.FILE))
                .exists();
    }

    private static void kill(ProcessHandle process) throws Exception {
        assertThat(process.destroyForcibly()).isTrue();
        assertThat(process.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS).isAlive())
                .isFalse();
    }
}
