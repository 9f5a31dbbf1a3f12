package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Starts of pools that fail, and starts that do not wait for what is no longer wanted. */
@VivariumTest(workers = 1, readiness = Readiness.NOT_STARTED)
class PoolStartTest {

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class AFailingStart {

        private PoolStartFailed failure(TestPool kit, Consumer<PoolConfigBuilder> settings) {
            ExecutionException error = catchThrowableOfType(
                    ExecutionException.class,
                    () -> kit.start(settings)
                            .pool()
                            .whenServing()
                            .toCompletableFuture()
                            .get(Scripts.LIMIT_S, TimeUnit.SECONDS));
            return (PoolStartFailed) error.getCause();
        }

        @VivariumTest(expectWarnings = "install Python 3.9")
        void namesAMissingInterpreterAndWhatToDo(TestPool kit) {
            PoolStartFailed error = failure(kit, settings -> settings.python("/surely/not/python"));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON);
            assertThat(error).hasMessageContaining("/surely/not/python").hasMessageContaining("install Python 3.9");
        }

        @VivariumTest(expectWarnings = "not a python")
        void quotesAnInterpreterThatIsNone(TestPool kit, @TempDir Path folder) throws Exception {
            Path fake = Files.writeString(folder.resolve("python"), "#!/bin/sh\necho 'not a python' >&2\nexit 3\n");
            Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwxr-xr-x"));

            PoolStartFailed error = failure(kit, settings -> settings.python(fake.toString()));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON);
            assertThat(error).hasMessageContaining("status 3").hasMessageContaining("not a python");
        }

        @VivariumTest(expectWarnings = "3.9 or later is needed")
        void refusesAnInterpreterThatIsTooOldWithoutSpinning(TestPool kit, @TempDir Path folder) throws Exception {
            // A Python that says it is 3.8, whatever it is.
            Path old = Files.writeString(folder.resolve("python"), """
                    #!/bin/sh
                    shift 2
                    exec python3 -I -c "import sys; sys.version_info = (3, 8, 1, 'final', 0); sys.argv = sys.argv[1:]
                    import runpy; runpy.run_path(sys.argv[0], run_name='__main__')" "$@"
                    """);
            Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rwxr-xr-x"));

            PoolStartFailed error = failure(kit, settings -> settings.python(old.toString()));

            assertThat(error.reason()).as(error.getMessage()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON);
            assertThat(error).hasMessageContaining("is Python 3.8.1").hasMessageContaining("3.9 or later is needed");
        }

        @VivariumTest(expectWarnings = "surely_not_there")
        void showsWhatAnImportRaised(TestPool kit, @TempDir Path folder) throws Exception {
            Path broken = Files.writeString(folder.resolve("broken.py"), "import surely_not_there\n");

            PoolStartFailed error = failure(kit, settings -> settings.handlers(broken.toString()));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.HANDLERS_NOT_LOADED);
            assertThat(error).hasMessageContaining("surely_not_there").hasMessageContaining("broken.py\", line 1");
        }

        @VivariumTest(expectWarnings = "107 bytes")
        void refusesARuntimeDirectoryWhosePathIsTooLongForASocket(TestPool kit, @TempDir Path folder) {
            PoolStartFailed error =
                    failure(kit, settings -> settings.runtimeDirectory(folder.resolve("x".repeat(100))));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.NO_RUNTIME_DIRECTORY);
            assertThat(error).hasMessageContaining("107 bytes");
        }

        @VivariumTest(expectWarnings = "not yet")
        void isTriedAgainUntilItIsCured(TestPool kit, @TempDir Path folder) throws Exception {
            Path marker = folder.resolve("cured");
            Path handlers = Files.writeString(folder.resolve("curable.py"), """
                    import os
                    if not os.path.exists(%s):
                        raise RuntimeError("not yet")
                    def answer():
                        return 42
                    """.formatted("'" + marker + "'"));
            kit.start(settings -> settings.handlers(handlers.toString()).minBackoff(Duration.ofMillis(10)));
            kit.events().await("third failure", PoolEvent.RestartScheduled.class, e -> e.failures() == 3);

            Files.createFile(marker);

            assertThat(kit.pool().call("answer", Integer.class).await()).isEqualTo(42);
        }
    }

    @Nested
    class ItsWaitingForWorkers {

        @VivariumTest(
                layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
                workers = 3,
                options = "min-ready = 3")
        void isNotSpoiltByWorkersThatAreNoLongerWanted(TestPool kit, FaultInjector faults) throws Exception {
            // No worker can be ready before the pool has heard that fewer are wanted.
            FaultLease stopped = faults.at(Moment.MID_HANDSHAKE).times(3).arm(new Fault.Signalled(19));
            kit.start().pool().resize(1);
            stopped.awaitLanded();
            kit.awaitThat("resized", () -> kit.pool().snapshot().wanted() == 1);

            stopped.heal();

            assertThat(kit.pool()
                            .whenServing()
                            .toCompletableFuture()
                            .get(Scripts.LIMIT_S, TimeUnit.SECONDS)
                            .wanted())
                    .isEqualTo(1);
        }
    }
}
