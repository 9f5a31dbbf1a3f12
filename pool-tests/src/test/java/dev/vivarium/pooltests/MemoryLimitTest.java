package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.ErrorCategory;
import dev.vivarium.PendingCall;
import dev.vivarium.PoisonCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import org.junit.jupiter.api.Nested;

/** A worker that has more memory than it may is killed, and whoever has to do with it is told so. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1,
        options = {"memory.limit = 96m", "memory.interval = 200ms", "min-backoff = 10ms"},
        expectWarnings = "memory.limit is 96.0 MiB")
class MemoryLimitTest {

    private static final long MIB = 1L << 20;

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static PythonCall<Long> hoard(long bytes) {
        return PythonCall.to("hoard").args(bytes, "gate").returning(Long.class);
    }

    /** Has the worker of a call that was just made found to have so much. A real one has by itself. */
    private static void find(TestPool kit, PendingCall<?> call, long bytes) throws InterruptedException {
        if (kit.layer() != Layer.PYTHON) {
            kit.awaitStarted(call);
            kit.worker(1).measured(bytes);
        }
    }

    private static WorkerSnapshot worker(TestPool kit) {
        return kit.worker(1).snapshot();
    }

    @Nested
    class ACall {

        @VivariumTest
        void whoseWorkerHasTooMuchFailsWithLimitAndValue(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Long> call = pool.call(hoard(160 * MIB));
            find(kit, call, 160 * MIB);

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));

            assertThat(error.exit().cause()).isEqualTo(TransitionCause.MEMORY_LIMIT);
            assertThat(error.exit().signal()).isEqualTo(9);
            assertThat(error.category()).isEqualTo(ErrorCategory.RESOURCE);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            assertThat(error.getMessage())
                    .containsPattern(
                            "was killed: it had \\d+\\.\\d MiB of memory in 1 process, and memory.limit is 96\\.0 MiB");
            assertThat(kit.outcome(pool.call(PythonCall.to("echo").args("on").returning(String.class))))
                    .isEqualTo("on");
            assertThat(worker(kit).lastExit()).isEqualTo(error.exit());
        }

        @VivariumTest
        void whoseWorkerHasAsMuchAsItMayIsLeftAlone(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Long> call = pool.call(hoard(32 * MIB));
            find(kit, call, 96 * MIB);
            kit.passTimeUntil("measured", () -> worker(kit).memoryBytes() >= 32 * MIB);

            kit.open("gate");

            assertThat(kit.outcome(call)).isEqualTo(32 * MIB);
            assertThat(worker(kit).incarnation()).isEqualTo(1);
        }

        @VivariumTest(layers = Layer.PYTHON)
        void whoseWorkerHasAChildThatHasTooMuchFailsToo(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(
                    PythonCall.to("hoard_in_child").args(160 * MIB, "gate").returning(String.class));

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));

            assertThat(error.exit().cause()).isEqualTo(TransitionCause.MEMORY_LIMIT);
            assertThat(error.getMessage()).contains("of memory in 2 processes");
        }

        @VivariumTest(layers = Layer.PYTHON)
        void thatTakesTooMuchWhateverWorkerItGetsIsPoison(TestPool kit, PythonPool pool) {
            PendingCall<Long> call = pool.call(hoard(160 * MIB).retrySafe().maxRetries(5));

            PoisonCall error = catchThrowableOfType(PoisonCall.class, () -> kit.outcome(call));

            assertThat(error.deaths()).isEqualTo(3);
            assertThat(error.getMessage()).contains("memory.limit is 96.0 MiB");
        }

        @VivariumTest(layers = Layer.PYTHON)
        void thatPythonRefusesMemoryIsTheHandlersError(TestPool kit, PythonPool pool) {
            PendingCall<String> call =
                    pool.call(PythonCall.to("ask_for_too_much").returning(String.class));

            PythonException error = catchThrowableOfType(PythonException.class, () -> kit.outcome(call));

            assertThat(error.pythonType()).isEqualTo("MemoryError");
            assertThat(worker(kit).incarnation()).isEqualTo(1);
        }
    }

    @Nested
    class AWorker {

        @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED})
        void thatIdlesIsReplacedAllTheSame(TestPool kit, PythonPool pool) throws Exception {
            kit.worker(1).measured(97 * MIB);

            PoolEvent.WorkerExited exited = kit.events().awaitExit();
            assertThat(exited.exit().cause()).isEqualTo(TransitionCause.MEMORY_LIMIT);
            assertThat(exited.callId()).isZero();
            assertThat(kit.outcome(pool.call(PythonCall.to("echo").args("on").returning(String.class))))
                    .isEqualTo("on");
        }

        @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED})
        void showsWhatWasMeasuredLastAndNothingOnceItHasEnded(TestPool kit, PythonPool pool) throws Exception {
            assertThat(worker(kit).memoryBytes()).isEqualTo(-1);
            kit.worker(1).measured(50 * MIB);
            kit.worker(1).measured(40 * MIB);
            kit.passTimeUntil("measured", () -> worker(kit).memoryBytes() == 40 * MIB);

            kit.expectWarning("SIGKILL");
            kit.worker(1).kill();

            kit.passTimeUntil("unknown", () -> worker(kit).memoryBytes() == -1);
            assertThat(kit.outcome(pool.call(PythonCall.to("echo").args("on").returning(String.class))))
                    .isEqualTo("on");
        }
    }
}
