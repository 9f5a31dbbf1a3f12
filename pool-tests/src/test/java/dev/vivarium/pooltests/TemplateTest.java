package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Pools whose workers are forked from a template: what was so without one is so with one. */
@VivariumTest(layers = Layer.PYTHON, workers = 1, handlers = Scripts.HANDLERS)
class TemplateTest {

    private static final String THREADED = """
            import threading
            threading.Thread(target=threading.Event().wait, name="poller", daemon=True).start()
            """;

    private static PoolEvent.TemplateStarted started(TestPool kit) throws InterruptedException {
        return kit.events().await(PoolEvent.TemplateStarted.class);
    }

    private static void kill(long pid) throws Exception {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        process.destroyForcibly();
        process.onExit().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    @Nested
    @VivariumTest(options = "template.preload = [decimal, sqlite3]")
    class AForkedWorker {

        @VivariumTest
        void isReadyOnceTheTemplateIs(TestPool kit) throws Exception {
            long pid = kit.pool().call("pid", Integer.class).await();

            List<PoolEvent> events = kit.events().all();
            PoolEvent.TemplateStarted template = events.stream()
                    .filter(PoolEvent.TemplateStarted.class::isInstance)
                    .map(PoolEvent.TemplateStarted.class::cast)
                    .findFirst()
                    .orElseThrow();
            assertThat(pid).isEqualTo(kit.worker(1).pid()).isNotEqualTo(template.pid());
            assertThat(template.loaded()).isPositive();
        }

        @VivariumTest(expectWarnings = "KILL")
        void thatIsKilledIsReplaced(TestPool kit, TestWorker worker) throws Exception {
            worker.kill();

            WorkerExit exit = kit.events().awaitExit().exit();
            assertThat(exit.cause()).isEqualTo(TransitionCause.KILLED);
            assertThat(exit.signal()).isEqualTo(9);
            assertThat(worker.awaitState(WorkerState.READY).incarnation()).isEqualTo(2);
        }

        @VivariumTest(expectWarnings = "status 3")
        void thatExitsIsToldWithItsStatus(TestPool kit) {
            assertThatThrownBy(() -> kit.pool()
                            .call(PythonCall.to("leave").args(3).returning(String.class))
                            .await())
                    .isInstanceOfSatisfying(
                            WorkerCrashed.class,
                            error -> assertThat(error.exit().status()).isEqualTo(3));
        }

        @VivariumTest(
                expectWarnings = "did not end a call",
                options = {"call-timeout = 200ms", "cancel-grace = 50ms", "stack-dump = 10s"})
        void thatHangsTellsWhereAndIsEnded(TestPool kit) throws Exception {
            PendingCall<String> call = kit.pool().call("compute_for_ever", String.class);

            CallTimedOut late = catchThrowableOfType(CallTimedOut.class, call::await);

            assertThat(late.stacks()).contains("in compute_for_ever\n").contains("vivarium_worker_main.py");
            assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.HUNG);
        }

        @VivariumTest(
                expectWarnings = "did not end a call",
                options = {"call-timeout = 200ms", "cancel-grace = 50ms"})
        void thatIsStoppedIsKilled(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease stopped = faults.at(Moment.STARTED).arm(new Fault.Signalled(19))) {
                assertThatThrownBy(kit.pool().call("echo", String.class, "x")::await)
                        .isInstanceOf(CallTimedOut.class);

                assertThat(stopped.landed()).isEqualTo(1);
                assertThat(kit.events().awaitExit().exit().signal()).isEqualTo(9);
            }
            assertThat(kit.worker(1).awaitState(WorkerState.READY).incarnation())
                    .isEqualTo(2);
        }

        @VivariumTest(expectWarnings = ".stderr: ")
        void hasItsOutputCaptured(PythonPool pool) throws Exception {
            assertThat(pool.call("noise", String.class, "a line").await()).isEqualTo("a line");
        }

        @VivariumTest
        void keepsTheSessionsOfThePool(TestPool kit) throws Exception {
            assertThat(kit.pool().session("s").call("echo", String.class, "x").await())
                    .isEqualTo("x");
        }
    }

    @Nested
    @VivariumTest(options = "template.enabled = true", expectWarnings = "template of pool")
    class ATemplateThatDies {

        @VivariumTest
        void leavesItsWorkersAliveAndIsReplaced(TestPool kit) throws Exception {
            PoolEvent.TemplateStarted first = kit.events().all().stream()
                    .filter(PoolEvent.TemplateStarted.class::isInstance)
                    .map(PoolEvent.TemplateStarted.class::cast)
                    .findFirst()
                    .orElseThrow();
            int before = kit.pool().call("pid", Integer.class).await();
            kit.events().skip();

            kill(first.pid());

            PoolEvent.TemplateLost lost = kit.events().await(PoolEvent.TemplateLost.class);
            assertThat(lost.detail()).isEqualTo("it ended with signal 9");
            assertThat(started(kit).pid()).isNotEqualTo(first.pid());
            assertThat(kit.pool().call("pid", Integer.class).await()).isEqualTo(before);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED)
    class ATemplateThatCannotStart {

        private static PoolStartFailed failure(TestPool kit) {
            ExecutionException error = catchThrowableOfType(
                    ExecutionException.class,
                    () -> kit.pool().whenServing().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS));
            return (PoolStartFailed) error.getCause();
        }

        @VivariumTest(expectWarnings = {"surely_not_there", ".stderr: "})
        void failsTheStartOfThePoolWithTheReason(TestPool kit) {
            kit.start(settings -> settings.template(template -> template.preload("surely_not_there")));

            PoolStartFailed error = failure(kit);

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.TEMPLATE_NOT_LOADED);
            assertThat(error)
                    .hasMessageContaining(
                            "preloading surely_not_there: ModuleNotFoundError: No module named 'surely_not_there'");
        }

        @VivariumTest(expectWarnings = "poller")
        void namesTheThreadsAndTheModuleThatStartedThem(TestPool kit, @TempDir Path folder) throws Exception {
            Files.writeString(folder.resolve("threaded.py"), THREADED);
            kit.start(settings ->
                    settings.pythonPath(List.of(folder)).template(template -> template.preload("threaded")));

            assertThat(failure(kit)).hasMessageContaining("preloading threaded started a thread ('poller')");
        }

        @VivariumTest
        void doesStartWithThreadsThatAreDeclaredHarmless(TestPool kit, @TempDir Path folder) throws Exception {
            Files.writeString(folder.resolve("threaded.py"), THREADED);
            kit.start(settings -> settings.pythonPath(List.of(folder))
                    .template(template -> template.preload("threaded").forkSafe(List.of("threaded"))));

            assertThat(started(kit).pid()).isPositive();
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");
        }

        @VivariumTest(expectWarnings = {"template of pool", ".stderr: "})
        void isDoneWithoutWhereThatIsAllowed(TestPool kit) throws Exception {
            kit.start(settings -> settings.template(
                    template -> template.preload("surely_not_there").fallback(true)));

            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");
            assertThat(kit.events().await(PoolEvent.TemplateFailed.class).detail())
                    .contains("surely_not_there");
        }

        @VivariumTest(expectWarnings = "not ready within")
        void isGivenUpWhenLoadingTakesTooLong(TestPool kit, @TempDir Path folder) throws Exception {
            Files.writeString(folder.resolve("endless.py"), "import signal\nwhile True: signal.pause()\n");
            kit.start(settings -> settings.pythonPath(List.of(folder))
                    .loadTimeout(Duration.ofMillis(300))
                    .template(template -> template.preload("endless")));

            assertThat(failure(kit)).hasMessageContaining("it was not ready within 300 ms");
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED)
    class ASlowTemplate {

        @VivariumTest
        void doesNotUseUpTheTimeThatAWorkerHasToSayHello(TestPool kit, @TempDir Path folder) throws Exception {
            Path gate = folder.resolve("open");
            Files.writeString(folder.resolve("slow.py"), """
                    import os
                    while not os.path.exists(%s):
                        os.sched_yield()
                    """.formatted("'" + gate + "'"));
            kit.start(settings -> settings.pythonPath(List.of(folder))
                    .connectTimeout(Duration.ofSeconds(2))
                    .template(template -> template.preload("slow")));
            PendingCall<String> call = kit.pool().call("echo", String.class, "x");
            kit.events().await(PoolEvent.GuardianStarted.class);

            Files.createFile(gate);

            assertThat(call.await()).isEqualTo("x");
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }
    }

    @Nested
    @VivariumTest(
            options = "template.enabled = true",
            expectWarnings = {"it is replaced", "guardian", "template"})
    class AGuardianThatDies {

        @VivariumTest
        void takesItsTemplateAlongAndTheNextHasAnother(TestPool kit) throws Exception {
            List<PoolEvent> before = kit.events().all();
            long guardian = before.stream()
                    .filter(PoolEvent.GuardianStarted.class::isInstance)
                    .mapToLong(event -> ((PoolEvent.GuardianStarted) event).pid())
                    .findFirst()
                    .orElseThrow();
            long template = before.stream()
                    .filter(PoolEvent.TemplateStarted.class::isInstance)
                    .mapToLong(event -> ((PoolEvent.TemplateStarted) event).pid())
                    .findFirst()
                    .orElseThrow();
            kit.events().skip();

            ProcessHandle.of(guardian).orElseThrow().destroyForcibly();

            assertThat(started(kit).pid()).isNotEqualTo(template);
            for (ProcessHandle old : ProcessHandle.of(template).stream().toList()) {
                old.onExit().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            }
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");
        }
    }
}
