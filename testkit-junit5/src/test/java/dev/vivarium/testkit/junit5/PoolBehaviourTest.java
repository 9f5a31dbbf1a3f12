package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallRejected;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;

/** What a pool does, on every layer alike: this is what keeps the fake from drifting away from Python. */
@VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
class PoolBehaviourTest {

    @Nested
    class ACall {

        @VivariumTest
        void isAnswered(TestPool kit) throws Exception {
            String answer = kit.pool().call("echo", String.class, "hello").await();

            assertThat(answer).isEqualTo("hello");
        }

        @VivariumTest
        void bringsAnExceptionBackAsItIs(TestPool kit) {
            PythonException raised = catchThrowableOfType(
                    PythonException.class,
                    () -> kit.pool().call("fail", String.class, "out of cheese").await());

            assertThat(raised.pythonType()).endsWith("ValueError");
            assertThat(raised).hasMessageContaining("out of cheese");
            assertThat(raised.execution()).isEqualTo(Execution.RAN);
        }

        @VivariumTest
        void ofAnUnknownHandlerIsRefusedAndNotStarted(TestPool kit) {
            CallRejected refused = catchThrowableOfType(
                    CallRejected.class,
                    () -> kit.pool().call("ecco", String.class, "x").await());

            assertThat(refused).hasMessageContaining("ecco");
            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
        }

        @VivariumTest
        void isNotMixedUpWithOthersMadeAtTheSameMoment(TestPool kit) throws Exception {
            List<PendingCall<String>> calls =
                    kit.synchronize(24, i -> kit.pool().call("echo", String.class, "call " + i));

            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i).await()).isEqualTo("call " + i);
            }
        }

        @VivariumTest(workers = 1, options = "queue-capacity = 2")
        void isRefusedWhenTheQueueIsFull(TestPool kit) throws Exception {
            PendingCall<String> running = kit.pool().call("held", String.class, "gate", "a");
            kit.events().awaitState(1, WorkerState.BUSY);
            List<PendingCall<String>> waiting = IntStream.range(0, 2)
                    .mapToObj(i -> kit.pool().call("echo", String.class, "w" + i))
                    .toList();

            PoolSaturated refused = catchThrowableOfType(
                    PoolSaturated.class,
                    () -> kit.pool().call("echo", String.class, "x").await());

            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
            kit.open("gate");
            assertThat(running.await()).isEqualTo("a");
            assertThat(waiting.get(1).await()).isEqualTo("w1");
        }

        @VivariumTest
        void runsItsCallbacksElsewhereThanOnTheThreadThatAwaits(TestPool kit) throws Exception {
            CountDownLatch gate = new CountDownLatch(1);
            CompletableFuture<Thread> ran = new CompletableFuture<>();
            PendingCall<String> call =
                    kit.pool().call(PythonCall.to("held").args("result", "x").returning(String.class));
            var unused = call.thenAccept(value -> {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                ran.complete(Thread.currentThread());
            });

            kit.open("result");

            assertThat(call.await()).isEqualTo("x");
            gate.countDown();
            assertThat(ran.get()).isNotSameAs(Thread.currentThread());
        }
    }

    @Nested
    class ADeadWorker {

        @VivariumTest(workers = 1, expectWarnings = "exited with status 3")
        void isToldWithItsTrueCauseAndReplaced(TestPool kit) throws Exception {
            WorkerCrashed crashed = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> kit.pool().call("leave", String.class, 3).await());

            assertThat(crashed.exit().cause()).isEqualTo(TransitionCause.EXITED);
            assertThat(crashed.execution()).isEqualTo(Execution.UNKNOWN);
            assertThat(kit.outcome(kit.pool().call("echo", String.class, "again")))
                    .isEqualTo("again");
        }

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void costsARetrySafeCallNothingWhereverItDied(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : List.of(Moment.BEFORE_SEND, Moment.AFTER_SEND, Moment.STARTED, Moment.EXECUTED)) {
                try (FaultLease killed = faults.at(moment).arm(new Fault.Signalled(9))) {
                    PythonCall<String> call = PythonCall.to("echo")
                            .args("at " + moment)
                            .returning(String.class)
                            .retrySafe();

                    assertThat(kit.outcome(kit.pool().call(call))).isEqualTo("at " + moment);
                    killed.awaitLanded(); // An answer may be quicker than what comes after the sending.
                }
            }
            // After it was sent, an answer may be quicker than the kill.
            assertThat(kit.pool().snapshot().retried()).isBetween(2L, 4L);
        }

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void isNotGivenACallTwiceThatMayNotRunTwice(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease killed = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9))) {
                WorkerCrashed crashed = catchThrowableOfType(
                        WorkerCrashed.class,
                        () -> kit.pool().call("echo", String.class, "once").await());

                assertThat(crashed.execution()).isIn(Execution.RAN, Execution.UNKNOWN);
                assertThat(killed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest(workers = 1)
        void thatIdledIsReplacedWithoutARequest(TestPool kit, TestWorker worker) throws Exception {
            kit.expectWarning("KILL");

            worker.kill();

            kit.events().awaitExit();
            worker.awaitState(WorkerState.READY);
            assertThat(worker.snapshot().incarnation()).isEqualTo(2);
        }
    }

    @Nested
    class AHandlerThatDoesNotEnd {

        @VivariumTest(workers = 1)
        void isStoppedWhenItsCallerCancels(TestPool kit) throws Exception {
            PendingCall<String> call = kit.pool().call("hang", String.class);
            kit.events().awaitState(1, WorkerState.BUSY);

            assertThat(call.cancel()).isTrue();

            assertThat(catchThrowableOfType(CallCancelled.class, call::await)).isNotNull();
            assertThat(kit.outcome(kit.pool().call("echo", String.class, "free")))
                    .isEqualTo("free");
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest(workers = 1, time = VivariumTest.Time.VIRTUAL)
        void isStoppedAtItsDeadline(TestPool kit, TestTime time) throws Exception {
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofMinutes(10)));
            kit.events().awaitState(1, WorkerState.BUSY);

            time.advance(Duration.ofMinutes(10));

            assertThat(catchThrowableOfType(CallTimedOut.class, call::await).execution())
                    .isEqualTo(Execution.UNKNOWN);
            assertThat(kit.outcome(kit.pool().call("echo", String.class, "free")))
                    .isEqualTo("free");
        }

        @VivariumTest(workers = 1, time = VivariumTest.Time.VIRTUAL, expectWarnings = "did not end a call")
        void isKilledWhenItHeedsNoCancellation(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease hung = faults.at(Moment.STARTED).arm(new Fault.Hung())) {
                PendingCall<String> call = kit.pool().call("echo", String.class, "x");
                kit.events().awaitState(1, WorkerState.BUSY);
                hung.awaitLanded();
                kit.awaitStarted(call);
                call.cancel();

                kit.passTimeUntil(
                        "dead", () -> kit.events().all().stream().anyMatch(PoolEvent.WorkerExited.class::isInstance));

                PoolEvent.WorkerExited exited = kit.events().awaitExit();
                assertThat(exited.exit().cause()).isEqualTo(TransitionCause.HUNG);
                assertThat(kit.outcome(kit.pool().call("echo", String.class, "free")))
                        .isEqualTo("free");
            }
        }
    }
}
