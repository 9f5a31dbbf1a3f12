package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.protocol.Execution;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What becomes of a call, and of the capacity, when a worker dies or hangs: at each moment, in each way. The error names the
 * true cause, and the capacity is back without a request having to trip over it.
 */
class CrashTest {

    private final Pythons.Events events = new Pythons.Events();
    private PythonPool pool;

    private void start(PoolConfigBuilder config) {
        pool = PythonPool.start(config.eventListener(events::add).build());
    }

    private void startReady() throws Exception {
        startReady(config());
    }

    private void startReady(PoolConfigBuilder config) throws Exception {
        start(config);
        pool.whenServing().toCompletableFuture().get(Pythons.LIMIT_S, TimeUnit.SECONDS);
    }

    private static PoolConfigBuilder config() {
        return Pythons.config("crash")
                .workers(1)
                .connectTimeout(Duration.ofSeconds(30))
                .cancelGrace(Duration.ofSeconds(30))
                .minBackoff(Duration.ofMillis(10));
    }

    /** Returns short limits only where a process is to hang: on a loaded machine they could end one that does not. */
    private static PoolConfigBuilder config(String how) {
        return how.equals("hang")
                ? config().connectTimeout(Duration.ofSeconds(2))
                        .loadTimeout(Duration.ofSeconds(2))
                        .healthInterval(Duration.ofMillis(100))
                        .healthTimeout(Duration.ofMillis(500))
                : config();
    }

    @AfterEach
    void stop() {
        pool.close(Duration.ofSeconds(1));
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

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "exit0,EXITED",
        "exit1,EXITED",
        "exit137,EXITED",
        "SIGSEGV,CRASHED",
        "SIGKILL,KILLED",
        "hang,CONNECT_TIMEOUT"
    })
    void beforeTheHandshake(String how, TransitionCause cause, @TempDir Path folder) throws Exception {
        Files.writeString(
                folder.resolve("sitecustomize.py"),
                """
                import os
                if 'VIVARIUM_WORKER' in os.environ:
                """ + dyingOnce(folder.resolve("marker"), how).indent(4));

        start(config(how).environment("PYTHONPATH", folder.toString()));

        assertThat(events.awaitEnd()).isEqualTo(cause);
        events.awaitReady(2);
        assertThat(pool.call("add", Integer.class, 1, 2).await()).isEqualTo(3);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "exit0,EXITED",
        "exit1,EXITED",
        "exit137,EXITED",
        "SIGSEGV,CRASHED",
        "SIGKILL,KILLED",
        "hang,LOAD_TIMEOUT"
    })
    void whileLoading(String how, TransitionCause cause, @TempDir Path folder) throws Exception {
        Path handlers = Files.writeString(
                folder.resolve("dying.py"), dyingOnce(folder.resolve("marker"), how) + "def answer(): return 42\n");

        start(config(how).handlers(handlers.toString()));

        assertThat(events.awaitEnd()).isEqualTo(cause);
        events.awaitReady(2);
        assertThat(pool.call("answer", Integer.class).await()).isEqualTo(42);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "exit0,EXITED,0,0",
        "exit1,EXITED,1,0",
        "exit137,EXITED,137,0",
        "SIGSEGV,CRASHED,-1,11",
        "SIGABRT,CRASHED,-1,6",
        "SIGKILL,KILLED,-1,9"
    })
    void inACall(String how, TransitionCause cause, int status, int signal) throws Exception {
        startReady();

        WorkerCrashed error = catchThrowableOfType(
                WorkerCrashed.class,
                () -> pool.call("end_here", String.class, how).await());

        assertThat(error.exit().cause()).isEqualTo(cause);
        assertThat(error.exit().status()).isEqualTo(status);
        assertThat(error.exit().signal()).isEqualTo(signal);
        assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
        assertThat(error.attempts()).hasSize(1);
        events.awaitReady(2);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"exit0,EXITED", "exit1,EXITED", "exit137,EXITED", "SIGSEGV,CRASHED", "SIGKILL,KILLED"})
    void inTheReply(String how, TransitionCause cause) throws Exception {
        startReady();

        WorkerCrashed error = catchThrowableOfType(
                WorkerCrashed.class,
                () -> pool.call("die_in_the_reply", String.class, how).await());

        assertThat(error.exit().cause()).isEqualTo(cause);
        assertThat(error.execution()).isEqualTo(Execution.RAN);
        events.awaitReady(2);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"end_here,UNKNOWN", "die_in_the_reply,RAN"})
    void hangingInACallOrInTheReply(String handler, Execution execution) throws Exception {
        startReady(config().cancelGrace(Duration.ofMillis(200)));
        PythonCall<String> call =
                PythonCall.to(handler).args("hang").returning(String.class).timeout(Duration.ofSeconds(2));

        assertThatThrownBy(() -> pool.call(call).await())
                .isInstanceOfSatisfying(
                        CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(execution));

        assertThat(events.awaitEnd()).isEqualTo(TransitionCause.HUNG);
        events.awaitReady(2);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"exit0,EXITED", "exit1,EXITED", "exit137,EXITED", "SIGSEGV,CRASHED", "SIGKILL,KILLED", "hang,UNHEALTHY"
    })
    void whileIdle(String how, TransitionCause cause) throws Exception {
        startReady(config(how));

        assertThat(pool.call("die_soon", String.class, how).await()).isEqualTo("answered");

        assertThat(events.awaitEnd()).isEqualTo(cause);
        events.awaitReady(2);
    }

    @ParameterizedTest
    @CsvSource({"KILL,KILLED", "SEGV,CRASHED", "TERM,KILLED", "ABRT,CRASHED"})
    void whileIdleByASignal(Signal signal, TransitionCause cause) throws Exception {
        startReady();
        WorkerSnapshot worker = pool.snapshot().workers().get(0);

        pool.signal(worker.worker(), worker.incarnation(), signal);

        assertThat(events.awaitEnd()).isEqualTo(cause);
        events.awaitReady(2);
        assertThat(pool.snapshot().workers().get(0).lastExit().signal()).isEqualTo(signal.number());
    }

    @Nested
    class PastItsDeadline {

        @Test
        void aHandlerInPythonIsInterruptedAndTheWorkerKept() throws Exception {
            startReady();
            int before = pool.call("pid", Integer.class).await();
            PythonCall<String> call =
                    PythonCall.to("wait_for_ever").returning(String.class).timeout(Duration.ofMillis(200));

            assertThatThrownBy(() -> pool.call(call).await())
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(Execution.UNKNOWN));

            assertThat(pool.call("pid", Integer.class).await()).isEqualTo(before);
            assertThat(pool.snapshot().lateReplies()).isEqualTo(1);
        }
    }

    @Nested
    class ACrash {

        @Test
        void showsTheLastLinesOfStandardError() throws Exception {
            startReady();

            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> pool.call("end_here", String.class, "SIGSEGV").await());

            assertThat(error.exit().lastLines())
                    .anySatisfy(line -> assertThat(line).contains("Segmentation fault"));
            assertThat(error.exit().lastLines())
                    .anySatisfy(line -> assertThat(line).contains("in end_here"));
        }

        @Test
        void ofARetrySafeCallCostsARetry(@TempDir Path folder) throws Exception {
            startReady();
            PythonCall<String> call = PythonCall.to("die_once")
                    .args(folder.resolve("marker").toString(), "SIGKILL")
                    .returning(String.class)
                    .retrySafe();

            assertThat(pool.call(call).await()).isEqualTo("survived");

            assertThat(pool.snapshot().retried()).isEqualTo(1);
            assertThat(events.await(PoolEvent.CallRetried.class, e -> true).attempt())
                    .isEqualTo(1);
        }

        @Test
        void ofARetrySafeCallThatAlwaysDiesEndsWithItsHistory() throws Exception {
            startReady();
            PythonCall<String> call = PythonCall.to("end_here")
                    .args("exit1")
                    .returning(String.class)
                    .retrySafe()
                    .maxRetries(2);

            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class, () -> pool.call(call).await());

            assertThat(error.attempts()).extracting(CallAttempt::incarnation).containsExactly(1, 2, 3);
            assertThat(error).hasMessageContaining("its retries are used up");
        }

        @Test
        void byWritingOntoTheProtocolIsAViolationThatQuotesTheBytes() throws Exception {
            startReady();

            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> pool.call("garble", String.class, "Loading model").await());

            assertThat(error.exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
            assertThat(error).hasMessageContaining("BAD_MAGIC").hasMessageContaining("Loading model");
            events.awaitReady(2);
        }
    }

    @Nested
    class WhenTheGuardianDies {

        @Test
        void everyWorkerIsReplacedAndAQueuedCallSurvives() throws Exception {
            startReady();
            long guardian =
                    events.await(PoolEvent.GuardianStarted.class, e -> true).pid();
            int before = pool.call("pid", Integer.class).await();
            events.await(PoolEvent.WorkerTransitioned.class, e -> e.cause() == TransitionCause.RELEASED);
            PendingCall<String> running = pool.call(
                    PythonCall.to("wait_for_ever").returning(String.class).maxRetries(0));
            PendingCall<Integer> queued = pool.call("pid", Integer.class);
            events.await(PoolEvent.WorkerTransitioned.class, e -> e.to() == WorkerState.BUSY);

            ProcessHandle.of(guardian).orElseThrow().destroyForcibly();

            assertThatThrownBy(running::await)
                    .isInstanceOfSatisfying(
                            WorkerCrashed.class,
                            e -> assertThat(e.exit().cause()).isEqualTo(TransitionCause.GUARDIAN_LOST));
            assertThat(queued.await()).isNotEqualTo(before);
            // Killed by the kernel when its parent died, at the same moment: it may just be leaving.
            for (ProcessHandle old : ProcessHandle.of(before).stream().toList()) {
                old.onExit().get(Pythons.LIMIT_S, TimeUnit.SECONDS);
            }
        }
    }

    @Nested
    class WhenClosed {

        @Test
        void nothingIsLeft() throws Exception {
            startReady();
            int worker = pool.call("pid", Integer.class).await();
            int child = pool.call("leave_child", Integer.class).await();

            pool.close();

            assertThat(List.of(worker, child)).noneMatch(Pythons::isLiving);
        }
    }
}
