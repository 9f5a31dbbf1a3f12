package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallCancelled;
import dev.vivarium.CallOutcome;
import dev.vivarium.DrainPolicy;
import dev.vivarium.ErrorCategory;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.RecoveryReport;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerReplies;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;

/** Handlers that ask to be called again later. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 1,
        time = VivariumTest.Time.VIRTUAL,
        options = {
            "call-timeout = 10h",
            "health-interval = 1d",
            "connect-timeout = 1d",
            "load-timeout = 1d",
            "max-retries = 3"
        })
class RetryAfterTest {

    private static final Duration HOUR = Duration.ofHours(1);

    /** Asks so many times to be called again after so many seconds; then returns how often it was started. */
    private static PythonCall<Integer> asking(int times, double seconds) {
        return PythonCall.to("retry_after").args(times, seconds).returning(Integer.class);
    }

    private static PythonException raisedBy(TestPool kit, PendingCall<?> call) {
        PythonException error = catchThrowableOfType(PythonException.class, () -> kit.outcome(call));
        assertThat(error).isNotNull();
        return error;
    }

    private static PoolEvent.CallRetried postponed(TestPool kit, int times) throws InterruptedException {
        return kit.events().await("retry " + times, PoolEvent.CallRetried.class, retried -> retried.attempt() == times);
    }

    @Nested
    class ACallThatMayRunTwice {

        @VivariumTest
        void isSentAgainAtTheTimeAndNotBefore(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 3600).retrySafe());
            assertThat(postponed(kit, 1).delay()).isEqualTo(HOUR);
            assertThat(pool.call("echo", String.class, "the worker serves").await())
                    .isEqualTo("the worker serves");

            time.advance(HOUR.minusMillis(1));
            assertThat(pool.call("echo", String.class, "not yet").await()).isEqualTo("not yet");
            assertThat(kit.ledger().starts(call.id())).isEqualTo(1);

            time.advance(Duration.ofMillis(1));
            assertThat(call.await()).isEqualTo(2);
            assertThat(call.attempts()).isEqualTo(2);
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
            assertThat(pool.snapshot().retried()).isEqualTo(1);
            assertThat(pool.recoveries()).isEqualTo(new RecoveryReport(0, 0, 0, 0, 0));
        }

        @VivariumTest
        void mayBeAskedForAtOnce(TestPool kit, PythonPool pool) throws Exception {
            assertThat(kit.outcome(pool.call(asking(2, 0).retrySafe()))).isEqualTo(3);
        }

        @VivariumTest
        void failsWithItsHistoryWhenNoRetriesAreLeft(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Integer> call = pool.call(asking(9, 0.5).retrySafe().maxRetries(2));

            PythonException error = raisedBy(kit, call);

            assertThat(error.retryAfter()).contains(Duration.ofMillis(500));
            assertThat(error.category()).isEqualTo(ErrorCategory.PYTHON);
            assertThat(error.attempts())
                    .hasSize(3)
                    .allSatisfy(attempt -> assertThat(attempt)
                            .isEqualTo(new CallAttempt(
                                    kit.worker(1).snapshot().worker(), 1, TransitionCause.RELEASED, Execution.RAN)));
            assertThat(kit.ledger().starts(call.id())).isEqualTo(3);
        }

        @VivariumTest
        void failsAtOnceWhenTheTimeIsNotBeforeItsDeadline(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 3600).retrySafe().timeout(HOUR));

            PythonException error = catchThrowableOfType(PythonException.class, call::await);

            assertThat(error.retryAfter()).contains(HOUR);
            assertThat(pool.snapshot().retried()).isZero();
        }

        @VivariumTest(options = {"retry.burst = 1", "retry.budget = 0"})
        void failsWhenTheBudgetIsUsedUp(TestPool kit, PythonPool pool) throws Exception {
            PythonException error = raisedBy(kit, pool.call(asking(9, 0.01).retrySafe()));

            assertThat(error.retryAfter()).contains(Duration.ofMillis(10));
            assertThat(error.attempts()).hasSize(2);
        }

        @VivariumTest(options = "without-safeguards = [RETRIES]")
        void failsWhereThereAreNoRetries(TestPool kit, PythonPool pool) throws Exception {
            assertThat(raisedBy(kit, pool.call(asking(1, 0).retrySafe())).retryAfter())
                    .contains(Duration.ZERO);
        }

        @VivariumTest
        void endsWhenItIsCancelledMeanwhile(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 3600).retrySafe());
            postponed(kit, 1);

            assertThat(call.cancel()).isTrue();

            CallCancelled error = catchThrowableOfType(CallCancelled.class, call::await);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            assertThat(error.attempts()).hasSize(1);
            time.advance(HOUR);
            assertThat(pool.call("echo", String.class, "x").await()).isEqualTo("x");
            assertThat(kit.ledger().starts(call.id())).isEqualTo(1);
        }

        @VivariumTest
        void isRefusedWhenThePoolClosesMeanwhile(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 3600).retrySafe());
            postponed(kit, 1);

            CompletableFuture<Void> closing =
                    CompletableFuture.runAsync(() -> pool.close(Duration.ofMinutes(1), DrainPolicy.Queued.REFUSE));

            PoolClosed error = catchThrowableOfType(PoolClosed.class, call::await);
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            assertThat(error.attempts()).hasSize(1);
            kit.passTimeUntil("closed", closing::isDone);
        }

        @VivariumTest(expectWarnings = "exited with status")
        void thatLosesItsWorkerTooHasBothInItsHistory(
                TestPool kit, PythonPool pool, FaultInjector faults, TestTime time) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 3600).retrySafe().maxRetries(1));
            postponed(kit, 1);
            time.advance(HOUR.minusMillis(1));
            var unused = faults.at(Moment.STARTED).arm(new Fault.Exited(3));
            time.advance(Duration.ofMillis(1));

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));

            assertThat(error.attempts())
                    .extracting(CallAttempt::cause)
                    .containsExactly(TransitionCause.RELEASED, TransitionCause.EXITED);
            assertThat(error.execution()).isEqualTo(Execution.RAN);
        }

        @VivariumTest(
                workers = 2,
                expectWarnings = "exited with status",
                options = {"circuit-breaker.failure-threshold = 1", "circuit-breaker.open-for = 5h"})
        void failsWhenABreakerHasOpenedMeanwhile(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 3600).retrySafe());
            postponed(kit, 1);
            PendingCall<String> breaking =
                    pool.call(PythonCall.to("leave").args(3).returning(String.class));
            assertThat(catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(breaking)))
                    .isNotNull();

            time.advance(HOUR);

            assertThat(raisedBy(kit, call).retryAfter()).contains(HOUR);
            assertThat(kit.ledger().starts(call.id())).isEqualTo(1);
        }

        @VivariumTest(
                expectWarnings = "exited with status",
                options = {"circuit-breaker.failure-threshold = 1", "circuit-breaker.half-open-calls = 1"})
        void holdsNoPlaceInAHalfOpenBreakerMeanwhile(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PendingCall<String> breaking =
                    pool.call(PythonCall.to("leave").args(3).returning(String.class));
            assertThat(catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(breaking)))
                    .isNotNull();
            time.advance(Duration.ofMinutes(2));

            PendingCall<Integer> probe = pool.call(asking(1, 3600).retrySafe());
            kit.passTimeUntil("postponed", () -> pool.snapshot().retried() == 1);

            assertThat(kit.outcome(pool.call("echo", String.class, "the next probe")))
                    .isEqualTo("the next probe");
            assertThat(probe.isDone()).isFalse();
            assertThat(probe.cancel()).isTrue();
        }
    }

    @Nested
    class ACallThatMayNot {

        @VivariumTest
        void failsAtOnceAndSaysForHowLong(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Integer> call = pool.call(asking(1, 2.0005));

            PythonException error = catchThrowableOfType(PythonException.class, call::await);

            assertThat(error.retryAfter()).contains(Duration.ofMillis(2001));
            assertThat(error.pythonType()).isEqualTo("vivarium_worker.api.RetryAfter");
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            assertThat(pool.call("echo", String.class, "next").await()).isEqualTo("next");
        }

        @VivariumTest
        void failsWithoutATimeWhenItsHandlerRaisesAnythingElse(TestPool kit, PythonPool pool) throws Exception {
            assertThat(raisedBy(kit, pool.call(asking(1, 86_401).retrySafe())).retryAfter())
                    .isEmpty();
        }

        @VivariumTest(workers = 2)
        void endsInEveryWorkerWhenItGoesToAll(TestPool kit, PythonPool pool) throws Exception {
            WorkerReplies<Integer> replies =
                    pool.callAll(asking(1, 5).retrySafe()).await();

            assertThat(replies.outcomes().values())
                    .hasSize(2)
                    .allSatisfy(outcome -> assertThat(outcome)
                            .isInstanceOfSatisfying(
                                    CallOutcome.Failed.class,
                                    failed -> assertThat(((PythonException) failed.error()).retryAfter())
                                            .contains(Duration.ofSeconds(5))));
            assertThat(pool.call("echo", String.class, "next").await()).isEqualTo("next");
        }
    }

    @Nested
    class TheWorker {

        @VivariumTest(options = {"retry.burst = 1000", "max-retries = 100"})
        void isNotBlamed(TestPool kit, PythonPool pool) throws Exception {
            assertThat(kit.outcome(pool.call(asking(60, 0.01).retrySafe()))).isEqualTo(61);

            assertThat(pool.snapshot().openCircuits()).isEmpty();
            assertThat(pool.snapshot().ejections()).isZero();
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }
    }

    @Nested
    class ASession {

        private PythonCall<Integer> counting(int times) {
            return PythonCall.to("count_and_retry_after").args(times, 3600).returning(Integer.class);
        }

        @VivariumTest
        void keepsNothingOfTheTryAndItsCallsStayInOrder(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> first = session.call(counting(1));
            PendingCall<Integer> second =
                    session.call(PythonCall.to("count").args().returning(Integer.class));
            postponed(kit, 1);
            assertThat(kit.outcome(pool.session("b").call(PythonCall.to("count").returning(Integer.class))))
                    .isEqualTo(1);
            assertThat(second.isDone()).isFalse();

            time.advance(HOUR);

            assertThat(first.await()).isEqualTo(1);
            assertThat(second.await()).isEqualTo(2);
        }

        @VivariumTest
        void goesOnWhenTheCallIsCancelledMeanwhile(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> first = session.call(counting(1));
            PendingCall<Integer> second = session.call(PythonCall.to("count").returning(Integer.class));
            postponed(kit, 1);

            assertThat(first.cancel()).isTrue();

            assertThat(second.await()).isEqualTo(1);
        }

        @VivariumTest
        void goesOnWhenTheCallFails(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> first = session.call(counting(1).timeout(HOUR));

            PoolException error = catchThrowableOfType(PoolException.class, first::await);

            assertThat(error).isInstanceOf(PythonException.class);
            assertThat(kit.outcome(session.call(PythonCall.to("count").returning(Integer.class))))
                    .isEqualTo(1);
        }
    }
}
