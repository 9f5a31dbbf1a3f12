package dev.vivarium.chaos.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PythonException;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.HealthLie;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.PoolProcess;
import dev.vivarium.chaos.Targets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each fault truly lands, on a real process or frame, is healed, and says so. */
class FaultsLandTest {

    private static final Duration SOON = Duration.ofMillis(500);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @Nested
    class InAWorker {

        @Test
        void takesItsDescriptorsAndGivesThemBackWithoutACall() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                long pid = lab.pid();
                int before = descriptors(pid);
                String limits = line(pid, "limits", "Max open files");
                Struck target = lab.befall(new ChaosFault.Descriptors(50), Lab.FOREVER);

                lab.landing(target);

                assertThat(descriptors(pid)).isBetween(before + 45, before + 60);
                assertThat(line(pid, "limits", "Max open files")).isNotEqualTo(limits);
                lab.heal();
                lab.until("given back", () -> descriptors(pid) < before + 10);
                lab.until(
                        "the limit is back",
                        () -> line(pid, "limits", "Max open files").equals(limits));
                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
            }
        }

        @Test
        void startsThreadsAndEndsThemWithoutACall() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                long pid = lab.pid();
                Struck target = lab.befall(new ChaosFault.Threads(40), Lab.FOREVER);

                lab.landing(target);

                assertThat(number(line(pid, "status", "Threads:"))).isGreaterThan(40);
                lab.heal();
                lab.until("ended", () -> number(line(pid, "status", "Threads:")) < 20);
                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
            }
        }

        @Test
        void takesMemoryInOneStepAndGivesItBackWithoutACall() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                long pid = lab.pid();
                long before = number(line(pid, "status", "VmRSS:"));
                Struck target = lab.befall(new ChaosFault.Grown(64 << 20, 64 << 20), Lab.FOREVER);

                lab.landing(target);

                assertThat(number(line(pid, "status", "VmRSS:"))).isGreaterThan(before + (48 << 10));
                lab.heal();
                lab.until("given back", () -> number(line(pid, "status", "VmRSS:")) < before + (32 << 10));
                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
            }
        }

        @Test
        void burnsTheProcessorUntilItIsHealed() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                Struck target = lab.befall(new ChaosFault.Burned(Duration.ofMinutes(1)), Duration.ofSeconds(2));

                lab.landing(target); // A call that comes before the order does not burn.

                assertThat(lab.events()).contains("requested", "landed", "healed");
            }
        }

        @Test
        void failsACallOfWhichTheDiskIsFullAndNothingElse() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                long pid = lab.pid();
                String limits = line(pid, "limits", "Max file size");
                Struck target = lab.befall(new ChaosFault.DiskFilled(4096), Lab.FOREVER);
                lab.landing(target);

                PythonException error = catchThrowableOfType(
                        PythonException.class, () -> lab.call(LIMIT).await());

                assertThat(error.getMessage()).contains("OSError", "File too large");
                assertThat(line(pid, "limits", "Max file size")).isEqualTo(limits);
                lab.heal();
                assertThat(lab.call(LIMIT).await().get(0).asText()).isEqualTo("x");
                assertThat(lab.pid()).isEqualTo(pid);
                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
            }
        }
    }

    static Stream<ChaosFault> onFrames() {
        Duration millis = Duration.ofMillis(2);
        return Stream.of(
                new ChaosFault.Sliced(Direction.TO_JVM, 8, millis, 1),
                new ChaosFault.Sliced(Direction.TO_WORKER, 8, millis, 1),
                new ChaosFault.Throttled(Direction.TO_JVM, 10_000),
                new ChaosFault.Throttled(Direction.TO_WORKER, 10_000),
                new ChaosFault.Frames(FrameEffect.CROSS, Direction.TO_JVM, 1),
                new ChaosFault.Frames(FrameEffect.TRUNCATE, Direction.TO_JVM, 1),
                new ChaosFault.HealthLied(HealthLie.WELL));
    }

    @ParameterizedTest
    @MethodSource("onFrames")
    void landsOnAFrameAndThePoolServesWhenItIsHealed(ChaosFault fault) throws Exception {
        try (Lab lab = new Lab(folder, 1, "cancel-grace = 300ms")) {
            Struck target = lab.befall(fault, Lab.FOREVER);

            lab.landing(target);

            lab.heal();
            assertThat(lab.call(Duration.ofSeconds(30)).await().get(0).asText()).isEqualTo("x");
            assertThat(lab.events()).contains("requested", "landed", "healed");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = HealthLie.class,
            names = {"SILENT", "NONSENSE"})
    void costsAWorkerThatDoesNotAnswerItsChecks(HealthLie lie) throws Exception {
        try (Lab lab = new Lab(folder, 1, "health-interval = 50ms", "health-timeout = 300ms")) {
            Struck target = lab.befall(new ChaosFault.HealthLied(lie), Lab.FOREVER);

            lab.until("landed", () -> target.landed() > 0);

            assertThat(lab.kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.UNHEALTHY);
            assertThat(lab.events()).contains("requested", "landed", "healed");
        }
    }

    @Test
    void startsAWorkerSlowly() throws Exception {
        try (Lab lab = new Lab(folder, 1)) {
            Struck slow = lab.befall(new ChaosFault.SlowStarted(Lab.FOREVER), Lab.FOREVER);
            Struck killed = lab.befall(new ChaosFault.Signalled(Signal.KILL, KillPoint.OUTSIDE), SOON);

            lab.until("landed", () -> killed.landed() > 0 && slow.landed() > 0);

            assertThat(lab.kit.pool().snapshot().workers())
                    .allMatch(worker -> worker.phase() == WorkerSnapshot.Phase.STARTING);
            lab.heal();
            assertThat(lab.call(LIMIT).await().get(0).asText()).isEqualTo("x");
        }
    }

    @Test
    void cutsWorkersOffAndHealsEachInItsOwnTime() throws Exception {
        try (Lab lab = new Lab(folder, 3)) {
            List<Struck> targets =
                    lab.befall(new ChaosFault.Swizzled(Direction.BOTH), Targets.ALL, Duration.ofSeconds(2));

            for (Struck target : targets) {
                lab.until("healed", () -> target.healed() > 0);
            }

            assertThat(lab.call(LIMIT).await().get(0).asText()).isEqualTo("x");
        }
    }

    @Nested
    class OfThePool {

        @Test
        void stopsTheGuardianAndLetsItGoOn() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                long guardian = ProcessHandle.of(lab.pid())
                        .flatMap(ProcessHandle::parent)
                        .orElseThrow()
                        .pid();
                Struck target =
                        lab.befall(new ChaosFault.PoolSignalled(PoolProcess.GUARDIAN, Signal.STOP), Lab.FOREVER);

                lab.until("landed", () -> target.landed() > 0);

                assertThat(Lab.state(guardian)).isEqualTo('T');
                lab.heal();
                lab.until("it goes on", () -> Lab.state(guardian) != 'T' && target.healed() > 0);
                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
                assertThat(lab.troubles).isEmpty();
            }
        }

        @Test
        void endsTheTemplateAndThePoolTellsOfIt() throws Exception {
            try (Lab lab = new Lab(folder, 1, "template.enabled = true")) {
                Struck target =
                        lab.befall(new ChaosFault.PoolSignalled(PoolProcess.TEMPLATE, Signal.SEGV), Lab.FOREVER);

                lab.until("landed and detected", () -> target.landed() > 0 && target.detected() > 0);

                assertThat(lab.call(LIMIT).await().get(0).asText()).isEqualTo("x");
                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
            }
        }

        @Test
        void isRefusedWhereThereIsNoTemplate() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                Struck target =
                        lab.befall(new ChaosFault.PoolSignalled(PoolProcess.TEMPLATE, Signal.STOP), Lab.FOREVER);

                lab.until("refused", () -> target.refusal().equals("there is no template"));

                assertThat(target.landed()).isZero();
                assertThat(lab.events()).containsExactly("requested", "refused", "healed");
            }
        }

        @Test
        void isRefusedWhereSharedMemoryIsLargerThanMayBeTaken() throws Exception {
            try (Lab lab = new Lab(folder, 1, "attachments.shared-folder = \"" + folder + "\"")) {
                Struck target = lab.befall(new ChaosFault.SharedMemoryFilled(1), Lab.FOREVER);

                lab.until("refused", () -> target.refusal().contains("MiB free, and at most 0 MiB may be taken"));

                assertThat(folder.resolve("vchaos-" + lab.kit.name())).doesNotExist();
                assertThat(lab.events()).containsExactly("requested", "refused", "healed");
            }
        }

        @Test
        void stopsTheJvmAndLetsItGoOn() throws Exception {
            try (Lab lab = new Lab(folder, 1)) {
                Struck target = lab.befall(new ChaosFault.JvmPaused(SOON), Lab.FOREVER);

                lab.until("landed and healed", () -> target.landed() > 0 && target.healed() > 0);

                assertThat(lab.events()).containsExactly("requested", "landed", "healed");
            }
        }
    }

    private static int descriptors(long pid) {
        String[] names = Path.of("/proc", Long.toString(pid), "fd").toFile().list();
        return names == null ? 0 : names.length;
    }

    private static String line(long pid, String file, String begin) {
        return Lab.proc(pid, file)
                .lines()
                .filter(text -> text.startsWith(begin))
                .findFirst()
                .orElse("");
    }

    private static long number(String line) {
        return Arrays.stream(line.split("\\s+"))
                .filter(word -> word.matches("\\d+"))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElse(0);
    }
}
