package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.protocol.Execution;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a call, and of the capacity, when a worker dies or hangs. */
class CrashTest {

    private final BlockingQueue<PoolEvent> events = new LinkedBlockingQueue<>();
    private PythonPool pool;

    @BeforeEach
    void start() throws Exception {
        pool = PythonPool.start(Pythons.config("crash")
                .workers(1)
                .cancelGrace(Duration.ofMillis(300))
                .eventListener(events::add)
                .build());
        pool.whenServing().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        pool.close(Duration.ofSeconds(1));
    }

    private <E extends PoolEvent> E await(Class<E> type, Predicate<E> wanted) throws InterruptedException {
        while (true) {
            PoolEvent event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("an event of type %s", type.getSimpleName()).isNotNull();
            if (type.isInstance(event) && wanted.test(type.cast(event))) {
                return type.cast(event);
            }
        }
    }

    private void awaitReadyAgain() throws InterruptedException {
        await(PoolEvent.WorkerTransitioned.class, e -> e.incarnation() > 1 && e.to() == WorkerState.READY);
    }

    @Nested
    class InACall {

        @ParameterizedTest(name = "{0}")
        @CsvSource({
            "exit0,EXITED,0,0",
            "exit1,EXITED,1,0",
            "exit137,EXITED,137,0",
            "SIGSEGV,CRASHED,-1,11",
            "SIGABRT,CRASHED,-1,6",
            "SIGKILL,KILLED,-1,9"
        })
        void namesTheTrueCauseAndComesBackWithoutARequest(String how, TransitionCause cause, int status, int signal)
                throws Exception {
            PendingCall<String> call = pool.call("die", String.class, how);

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, call::await);

            assertThat(error.exit().cause()).isEqualTo(cause);
            assertThat(error.exit().status()).isEqualTo(status);
            assertThat(error.exit().signal()).isEqualTo(signal);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            awaitReadyAgain();
        }

        @Test
        void attachesTheLastLinesOfStandardError() {
            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> pool.call("die", String.class, "SIGSEGV").await());

            assertThat(error.exit().lastLines())
                    .anySatisfy(line -> assertThat(line).contains("Segmentation fault"));
        }

        @Test
        void repeatsARetrySafeCall(@TempDir Path folder) throws Exception {
            PythonCall<String> call = PythonCall.to("die_once")
                    .args(folder.resolve("marker").toString(), "SIGKILL")
                    .returning(String.class)
                    .retrySafe();

            assertThat(pool.call(call).await()).isEqualTo("survived");
            assertThat(pool.snapshot().retried()).isEqualTo(1);
        }
    }

    @Nested
    class PastItsDeadline {

        @Test
        void interruptsAHandlerInPythonAndKeepsTheWorker() throws Exception {
            int before = pool.call("pid", Integer.class).await();
            PythonCall<String> call =
                    PythonCall.to("wait_for_ever").returning(String.class).timeout(Duration.ofMillis(200));

            assertThatThrownBy(() -> pool.call(call).await())
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(Execution.UNKNOWN));

            assertThat(pool.call("pid", Integer.class).await()).isEqualTo(before);
        }

        @Test
        void replacesAWorkerThatCannotBeInterrupted() throws Exception {
            int before = pool.call("pid", Integer.class).await();
            PythonCall<String> call =
                    PythonCall.to("hold_the_lock").returning(String.class).timeout(Duration.ofMillis(200));

            assertThatThrownBy(() -> pool.call(call).await()).isInstanceOf(CallTimedOut.class);

            assertThat(await(PoolEvent.WorkerExited.class, e -> true).exit().cause())
                    .isEqualTo(TransitionCause.HUNG);
            assertThat(pool.call("pid", Integer.class).await()).isNotEqualTo(before);
        }
    }

    @Nested
    class WhileIdle {

        @ParameterizedTest
        @CsvSource({"KILL,KILLED", "SEGV,CRASHED", "TERM,KILLED"})
        void comesBackWithoutARequest(Signal signal, TransitionCause cause) throws Exception {
            WorkerSnapshot worker = pool.snapshot().workers().get(0);

            pool.signal(worker.worker(), worker.incarnation(), signal);

            assertThat(await(PoolEvent.WorkerExited.class, e -> true).exit().cause())
                    .isEqualTo(cause);
            awaitReadyAgain();
        }
    }

    @Nested
    class WhenTheGuardianDies {

        @Test
        void everyWorkerIsReplaced() throws Exception {
            long guardian = await(PoolEvent.GuardianStarted.class, e -> true).pid();
            int before = pool.call("pid", Integer.class).await();

            ProcessHandle.of(guardian).orElseThrow().destroyForcibly();

            await(PoolEvent.GuardianLost.class, e -> true);
            awaitReadyAgain();
            assertThat(pool.call("pid", Integer.class).await()).isNotEqualTo(before);
            assertThat(Pythons.isLiving(before)).isFalse();
        }
    }

    @Nested
    class WhenClosed {

        @Test
        void nothingIsLeft() throws Exception {
            int worker = pool.call("pid", Integer.class).await();
            int child = pool.call("leave_child", Integer.class).await();

            pool.close();

            for (long pid : List.of((long) worker, (long) child)) {
                assertThat(Pythons.isLiving(pid)).isFalse();
            }
            assertThatThrownBy(() -> pool.call("pid", Integer.class).await()).isInstanceOf(PoolClosed.class);
        }
    }
}
