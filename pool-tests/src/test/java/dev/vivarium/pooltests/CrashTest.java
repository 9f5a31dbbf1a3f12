package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import dev.vivarium.testkit.junit5.VivariumTest.Time;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What becomes of a call, and of the capacity, when a worker dies or hangs: at each moment, in each way. The error names the
 * true cause, and the capacity is back without a request having to trip over it.
 */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1,
        options = {"connect-timeout = 30s", "cancel-grace = 30s", "min-backoff = 10ms"},
        expectWarnings = {"exited with status", "crashed with SIG", "was killed from outside by SIG", ".stderr: "})
class CrashTest {

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    /** Returns short limits only where a process is to hang: on a loaded machine they could end one that does not. */
    private static Consumer<PoolConfigBuilder> limits(String how) {
        return settings -> {
            if (how.equals("hang")) {
                settings.connectTimeout(Duration.ofSeconds(8))
                        .loadTimeout(Duration.ofSeconds(8))
                        .healthInterval(Duration.ofMillis(100))
                        .healthTimeout(Duration.ofMillis(500));
            }
        };
    }

    private static TransitionCause awaitEnd(TestPool kit) throws InterruptedException {
        return kit.events().awaitExit().exit().cause();
    }

    /** Waits until a second incarnation is ready. */
    private static void awaitReplacement(TestPool kit) throws InterruptedException {
        kit.passTimeUntil(
                "ready: incarnation 2",
                () -> kit.events().all().stream()
                        .anyMatch(event -> event instanceof PoolEvent.WorkerTransitioned moved
                                && moved.incarnation() >= 2
                                && moved.to() == WorkerState.READY));
    }

    /** Returns Python that ends its process in a given way, the first time it is run. */
    private static String dyingOnce(Path marker, String how) {
        return """
                import ctypes, os, signal
                try:
                    os.close(os.open('%s', os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    pass
                else:
                    how = '%s'
                    if how == 'hang':
                        ctypes.PyDLL(None).pause()
                    if how.startswith('exit'):
                        os._exit(int(how[4:]))
                    os.kill(os.getpid(), getattr(signal, how))
                """.formatted(marker, how);
    }

    @Nested
    @ParameterizedClass(name = "{0}")
    @CsvSource({
        "exit0,EXITED",
        "exit1,EXITED",
        "exit137,EXITED",
        "SIGSEGV,CRASHED",
        "SIGKILL,KILLED",
        "hang,CONNECT_TIMEOUT"
    })
    @VivariumTest(layers = Layer.PYTHON, readiness = Readiness.NOT_STARTED, expectWarnings = "did not say hello")
    class BeforeTheHandshake {

        @Parameter(0)
        String how;

        @Parameter(1)
        TransitionCause cause;

        @VivariumTest
        void theWorkerIsReplaced(TestPool kit, @TempDir Path folder) throws Exception {
            Files.writeString(
                    folder.resolve("sitecustomize.py"),
                    """
                    import os
                    if 'VIVARIUM_WORKER' in os.environ:
                    """ + dyingOnce(folder.resolve("marker"), how).indent(4));

            kit.start(limits(how).andThen(settings -> settings.environment("PYTHONPATH", folder.toString())));

            assertThat(awaitEnd(kit)).isEqualTo(cause);
            awaitReplacement(kit);
            assertThat(kit.pool().call("add", Integer.class, 1, 2).await()).isEqualTo(3);
        }
    }

    @Nested
    @ParameterizedClass(name = "{0}")
    @CsvSource({
        "exit0,EXITED",
        "exit1,EXITED",
        "exit137,EXITED",
        "SIGSEGV,CRASHED",
        "SIGKILL,KILLED",
        "hang,LOAD_TIMEOUT"
    })
    @VivariumTest(layers = Layer.PYTHON, readiness = Readiness.NOT_STARTED, expectWarnings = "did not load")
    class WhileLoading {

        @Parameter(0)
        String how;

        @Parameter(1)
        TransitionCause cause;

        @VivariumTest
        void theWorkerIsReplaced(TestPool kit, @TempDir Path folder) throws Exception {
            Path handlers = Files.writeString(
                    folder.resolve("dying.py"), dyingOnce(folder.resolve("marker"), how) + "def answer(): return 42\n");

            kit.start(limits(how).andThen(settings -> settings.handlers(handlers.toString())));

            assertThat(awaitEnd(kit)).isEqualTo(cause);
            awaitReplacement(kit);
            assertThat(kit.pool().call("answer", Integer.class).await()).isEqualTo(42);
        }
    }

    @Nested
    @ParameterizedClass(name = "{0} {1}")
    @CsvSource({
        "leave,0,EXITED,0,0",
        "leave,1,EXITED,1,0",
        "leave,137,EXITED,137,0",
        "die,11,CRASHED,-1,11",
        "die,6,CRASHED,-1,6",
        "die,9,KILLED,-1,9"
    })
    class InACall {

        @Parameter(0)
        String handler;

        @Parameter(1)
        int argument;

        @Parameter(2)
        TransitionCause cause;

        @Parameter(3)
        int status;

        @Parameter(4)
        int signal;

        @VivariumTest
        void theCallIsToldTheTrueCause(TestPool kit) throws Exception {
            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> kit.pool().call(handler, String.class, argument).await());

            assertThat(error.exit().cause()).isEqualTo(cause);
            assertThat(error.exit().status()).isEqualTo(status);
            assertThat(error.exit().signal()).isEqualTo(signal);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            assertThat(error.attempts()).hasSize(1);
            awaitReplacement(kit);
        }
    }

    @Nested
    @ParameterizedClass(name = "{0}")
    @CsvSource({"exit0,EXITED", "exit1,EXITED", "exit137,EXITED", "SIGSEGV,CRASHED", "SIGKILL,KILLED"})
    @VivariumTest(layers = Layer.PYTHON)
    class InTheReply {

        @Parameter(0)
        String how;

        @Parameter(1)
        TransitionCause cause;

        @VivariumTest
        void theCallIsToldThatItRan(TestPool kit) throws Exception {
            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> kit.pool().call("die_in_the_reply", String.class, how).await());

            assertThat(error.exit().cause()).isEqualTo(cause);
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            awaitReplacement(kit);
        }
    }

    @Nested
    @ParameterizedClass(name = "{0}")
    @CsvSource({"hang_here,UNKNOWN", "hang_in_the_reply,RAN"})
    @VivariumTest(
            layers = Layer.PYTHON,
            time = Time.VIRTUAL,
            options = "cancel-grace = 200ms",
            expectWarnings = "did not end a call")
    class HangingInACallOrInTheReply {

        @Parameter(0)
        String handler;

        @Parameter(1)
        Execution execution;

        @VivariumTest
        void theCallEndsAtItsDeadlineAndTheWorkerIsReplaced(TestPool kit, TestTime time, @TempDir Path folder)
                throws Exception {
            Path marker = folder.resolve("hanging");
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to(handler)
                            .args(marker.toString())
                            .returning(String.class)
                            .timeout(Duration.ofSeconds(2)));
            kit.awaitThat("the handler hangs", () -> Files.exists(marker));

            time.advance(Duration.ofSeconds(2));

            assertThatThrownBy(call::await)
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(execution));
            awaitReplacement(kit);
            assertThat(awaitEnd(kit)).isEqualTo(TransitionCause.HUNG);
        }
    }

    @Nested
    @ParameterizedClass(name = "{0}")
    @CsvSource({
        "exit0,EXITED",
        "exit1,EXITED",
        "exit70,EXITED",
        "exit72,EXITED",
        "exit73,EXITED",
        "exit76,EXITED",
        "exit137,EXITED",
        "SIGSEGV,CRASHED",
        "SIGKILL,KILLED",
        "hang,UNHEALTHY"
    })
    @VivariumTest(layers = Layer.PYTHON, readiness = Readiness.NOT_STARTED, expectWarnings = "health check")
    class WhileIdle {

        @Parameter(0)
        String how;

        @Parameter(1)
        TransitionCause cause;

        @VivariumTest
        void theWorkerIsReplacedWithoutARequest(TestPool kit) throws Exception {
            kit.start(limits(how)).ensureReady();

            assertThat(kit.pool().call("die_after", String.class, "idle", how).await())
                    .isEqualTo("answered");
            kit.awaitThat("idle", () -> kit.pool().snapshot().count(WorkerSnapshot.Phase.IDLE) == 1);

            kit.open("idle");

            assertThat(awaitEnd(kit)).isEqualTo(cause);
            awaitReplacement(kit);
        }
    }

    @Nested
    @ParameterizedClass
    @CsvSource({"KILL,KILLED", "SEGV,CRASHED", "TERM,KILLED", "ABRT,CRASHED"})
    class WhileIdleByASignal {

        @Parameter(0)
        Signal signal;

        @Parameter(1)
        TransitionCause cause;

        @VivariumTest
        void theWorkerIsReplacedWithoutARequest(TestPool kit, TestWorker worker) throws Exception {
            worker.signal(signal);

            assertThat(awaitEnd(kit)).isEqualTo(cause);
            awaitReplacement(kit);
            assertThat(worker.snapshot().lastExit().signal()).isEqualTo(signal.number());
        }
    }

    @Nested
    class PastItsDeadline {

        @VivariumTest(time = Time.VIRTUAL)
        void aHandlerThatHeedsItIsInterruptedAndTheWorkerKept(TestPool kit, TestWorker worker, TestTime time)
                throws Exception {
            long before = worker.pid();
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofMillis(200)));
            kit.awaitStarted(call);

            time.advance(Duration.ofMillis(200));

            assertThatThrownBy(call::await)
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(Execution.UNKNOWN));
            assertThat(kit.outcome(kit.pool().call("echo", String.class, "well")))
                    .isEqualTo("well");
            assertThat(worker.pid()).isEqualTo(before);
            assertThat(worker.snapshot().incarnation()).isEqualTo(1);
            assertThat(kit.pool().snapshot().lateReplies()).isEqualTo(1);
        }
    }

    @Nested
    class ACrash {

        @VivariumTest(layers = Layer.PYTHON)
        void showsTheLastLinesOfStandardError(TestPool kit) {
            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> kit.pool().call("end_here", String.class, "SIGSEGV").await());

            assertThat(error.exit().lastLines())
                    .anySatisfy(line -> assertThat(line).contains("Segmentation fault"));
            assertThat(error.exit().lastLines())
                    .anySatisfy(line -> assertThat(line).contains("in end_here"));
        }

        @VivariumTest
        void ofARetrySafeCallCostsARetry(TestPool kit, @TempDir Path folder) throws Exception {
            PythonCall<String> call = PythonCall.to("die_once")
                    .args(folder.resolve("marker").toString())
                    .returning(String.class)
                    .retrySafe();

            assertThat(kit.outcome(kit.pool().call(call))).isEqualTo("survived");

            assertThat(kit.pool().snapshot().retried()).isEqualTo(1);
            assertThat(kit.events().await(PoolEvent.CallRetried.class).attempt())
                    .isEqualTo(1);
        }

        @VivariumTest
        void ofARetrySafeCallThatAlwaysDiesEndsWithItsHistory(TestPool kit) {
            PythonCall<String> call = PythonCall.to("leave")
                    .args(1)
                    .returning(String.class)
                    .retrySafe()
                    .maxRetries(2);

            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class, () -> kit.outcome(kit.pool().call(call)));

            assertThat(error.attempts()).extracting(CallAttempt::incarnation).containsExactly(1, 2, 3);
            assertThat(error).hasMessageContaining("its retries are used up");
        }

        @VivariumTest(layers = Layer.PYTHON, expectWarnings = "broke the protocol")
        void byWritingOntoTheProtocolIsAViolationThatQuotesTheBytes(TestPool kit) throws Exception {
            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> kit.pool()
                            .call("garble", String.class, "Loading model")
                            .await());

            assertThat(error.exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
            assertThat(error).hasMessageContaining("BAD_MAGIC").hasMessageContaining("Loading model");
            awaitReplacement(kit);
        }

        @VivariumTest(layers = Layer.PYTHON, expectWarnings = "closed one of its channels")
        void whichCannotReadWhatItIsSentIsAViolation(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease oversized = faults.at(Moment.BEFORE_SEND).arm(new Fault.Oversized())) {
                assertThat(kit.pool().call("echo", String.class, "sent again").await())
                        .isEqualTo("sent again");
                assertThat(oversized.landed()).isEqualTo(1);
            }

            WorkerExit exit = kit.events().awaitExit().exit();
            assertThat(exit.status()).isEqualTo(76);
            assertThat(exit.cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
            awaitReplacement(kit);
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class WhenTheGuardianDies {

        @VivariumTest(expectWarnings = {"it is replaced", "guardian"})
        void everyWorkerIsReplacedAndAQueuedCallSurvives(TestPool kit) throws Exception {
            int before = kit.pool().call("pid", Integer.class).await();
            long guardian = kit.events().all().stream()
                    .filter(PoolEvent.GuardianStarted.class::isInstance)
                    .map(PoolEvent.GuardianStarted.class::cast)
                    .findFirst()
                    .orElseThrow()
                    .pid();
            kit.events()
                    .await("release", PoolEvent.WorkerTransitioned.class, e -> e.cause() == TransitionCause.RELEASED);
            PendingCall<String> running = kit.pool()
                    .call(PythonCall.to("hang").returning(String.class).maxRetries(0));
            PendingCall<Integer> queued = kit.pool().call("pid", Integer.class);
            kit.events().awaitState(1, WorkerState.BUSY);

            ProcessHandle.of(guardian).orElseThrow().destroyForcibly();

            assertThatThrownBy(running::await)
                    .isInstanceOfSatisfying(
                            WorkerCrashed.class,
                            e -> assertThat(e.exit().cause()).isEqualTo(TransitionCause.GUARDIAN_LOST));
            assertThat(queued.await()).isNotEqualTo(before);
            // Killed by the kernel when its parent died, at the same moment: it may just be leaving.
            for (ProcessHandle old : ProcessHandle.of(before).stream().toList()) {
                old.onExit().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            }
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class WhenClosed {

        @VivariumTest
        void nothingIsLeft(TestPool kit) throws Exception {
            long worker = kit.pool().call("pid", Integer.class).await();
            long child = kit.pool().call("leave_child", Integer.class).await();
            // What marks a process can be read a moment after its program was started.
            kit.awaitThat(
                    "found: worker and child",
                    () -> kit.processes().stream()
                            .map(ProcessHandle::pid)
                            .toList()
                            .containsAll(List.of(worker, child)));

            kit.pool().close();

            assertThat(kit.processes()).isEmpty();
        }
    }
}
