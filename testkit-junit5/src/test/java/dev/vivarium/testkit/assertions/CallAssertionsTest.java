package dev.vivarium.testkit.assertions;

import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.CallTimeline;
import dev.vivarium.ErrorCategory;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionBusy;
import dev.vivarium.Severity;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;

/** Each assertion about a call holds where it should, and fails with what there is where it should not. */
@VivariumTest(workers = 1)
class CallAssertionsTest {

    private static void fails(ThrowingCallable assertion, String... parts) {
        assertThatThrownBy(assertion).isInstanceOf(AssertionError.class).hasMessageContainingAll(parts);
    }

    @Nested
    class OfACallThatEndsWell {

        @VivariumTest
        void knowItsResultAndItsAttempts(PythonPool pool) {
            PendingCall<String> call = pool.call("echo", String.class, "tea");

            assertThat(call).succeeded().succeededWith("tea").attempts(1).isDone();
            assertThat(call).result().isEqualTo("tea");
        }

        @VivariumTest
        void failWhereAnotherEndIsExpected(PythonPool pool) {
            PendingCall<String> call = pool.call("echo", String.class, "100 % tea");

            fails(
                    () -> assertThat(call).failedWith(WorkerCrashed.class),
                    "WorkerCrashed",
                    "succeeded with <100 % tea>");
            fails(() -> assertThat(call).succeededWith("milk"), "<milk>", "<100 % tea>");
            fails(() -> assertThat(call).result().isEqualTo("milk"), "milk", "100 % tea");
            fails(() -> assertThat(call).attempts(2), "2 attempts", "had 1");
            fails(() -> assertThat(call).isPending(), "should be pending");
            fails(() -> assertThat(call).timeline(), "timed()");
        }

        @VivariumTest
        void readAnOutcomeAlike(PythonPool pool) {
            CallOutcome<String> outcome = new CallOutcome.Succeeded<>(7, "tea", 2);

            assertThat(outcome).succeededWith("tea").attempts(2);
            fails(() -> assertThat(outcome).failedWith(PoolClosed.class), "call 7", "PoolClosed");
            fails(() -> assertThat(outcome).attempts(1), "had 2");
        }
    }

    @Nested
    class OfACallThatFails {

        @VivariumTest(expectWarnings = "KILL")
        void knowItsErrorAndHowItsWorkerEnded(PythonPool pool) {
            PendingCall<String> call = pool.call("die", String.class, 9);

            assertThat(call)
                    .attempts(1)
                    .failedWith(WorkerCrashed.class)
                    .execution(Execution.UNKNOWN)
                    .category(ErrorCategory.CONNECTION)
                    .severity(Severity.MINOR)
                    .workerEndedBy(TransitionCause.KILLED)
                    .workerEndedBySignal(9)
                    .attemptsEndedBy(TransitionCause.KILLED)
                    .hasMessageContaining("KILL");
        }

        @VivariumTest(expectWarnings = "KILL")
        void failWhereTheErrorIsAnother(PythonPool pool) {
            PoolExceptionAssert<WorkerCrashed> crash =
                    assertThat(pool.call("die", String.class, 9)).failedWith(WorkerCrashed.class);

            fails(() -> crash.execution(Execution.RAN), "execution should be <RAN>, and is <UNKNOWN>");
            fails(() -> crash.category(ErrorCategory.PYTHON), "category", "<PYTHON>", "<CONNECTION>");
            fails(() -> crash.severity(Severity.CRITICAL), "severity", "<CRITICAL>", "<MINOR>");
            fails(() -> crash.workerEndedBy(TransitionCause.HUNG), "<HUNG>", "<KILLED>");
            fails(() -> crash.workerEndedBySignal(11), "<11>", "<9>");
            fails(() -> crash.attemptsEndedBy(), "<[]>", "<[KILLED]>");
            fails(() -> crash.pythonType("ValueError"), "PythonException");
            fails(() -> crash.session("chat"), "SessionException");
        }

        @VivariumTest
        void knowWhatAHandlerRaised(PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("fail", String.class, "no tea");

            PythonException error = catchThrowableOfType(PythonException.class, call::await);

            assertThat(error).pythonType("ValueError").execution(Execution.RAN).attemptsEndedBy();
            fails(() -> assertThat(error).pythonType("KeyError"), "<KeyError>", "<ValueError>");
            fails(() -> assertThat(error).workerEndedBy(TransitionCause.KILLED), "WorkerCrashed");
        }

        @VivariumTest
        void showTheErrorThatWasNotExpected(PythonPool pool) {
            PendingCall<String> call = pool.call("fail", String.class, "no tea");

            fails(() -> assertThat(call).failedWith(WorkerCrashed.class), "WorkerCrashed", "ValueError: no tea");
            fails(() -> assertThat(call).succeeded(), "ValueError: no tea");
            fails(() -> assertThat(call).succeededWith("tea"), "ValueError: no tea");
            assertThatThrownBy(() -> assertThat(call).succeeded())
                    .satisfies(failure -> assertThat(failure.getSuppressed())
                            .hasOnlyOneElementSatisfying(
                                    shown -> assertThat(shown).isInstanceOf(PythonException.class)));
        }

        @VivariumTest
        void knowTheSessionOfAnError(PythonPool pool) {
            SessionBusy busy = new SessionBusy("chat", List.of(), "it is busy");

            assertThat(busy).session("chat").execution(Execution.NOT_STARTED);
            fails(() -> assertThat(busy).session("talk"), "<talk>", "<chat>");
        }
    }

    @Nested
    class OfACallOnItsWay {

        @VivariumTest
        void knowThatItIs(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("held", String.class, "gate", "tea");
            kit.awaitStarted(call);

            assertThat(call).isPending();
            fails(() -> assertThat(call).isDone(), "is pending after 1 attempts");

            kit.open("gate");
            assertThat(call).succeededWith("tea");
        }

        @VivariumTest
        void passVirtualTimeWhereTheyAreToldTo(TestPool kit, PythonPool pool) {
            PendingCall<String> call =
                    pool.call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofHours(1)));

            assertThat(call)
                    .passingTimeOf(kit)
                    .failedWith(CallTimedOut.class)
                    .execution(Execution.UNKNOWN)
                    .category(ErrorCategory.TIMEOUT);
        }

        @VivariumTest
        void failWhenTheWaitIsInterrupted(TestPool kit, PythonPool pool) {
            PendingCall<String> call = pool.call("held", String.class, "gate", "tea");

            Thread.currentThread().interrupt();
            fails(() -> assertThat(call).succeeded(), "interrupted");
            assertThat(Thread.interrupted()).isTrue();

            kit.open("gate");
            assertThat(call).succeeded();
        }
    }

    @Nested
    class OfATimeline {

        @VivariumTest
        void knowItsOrderAndItsLengths(PythonPool pool) {
            PendingCall<String> call = pool.call(
                    PythonCall.to("echo").args("tea").returning(String.class).timed());

            assertThat(call).timeline().attempts(1).isInOrder().started();
            assertThat(call).timeline().queueWait().isLessThanOrEqualTo(Duration.ofHours(1));
            assertThat(call).timeline().total().isLessThanOrEqualTo(Duration.ofHours(1));
        }

        @VivariumTest
        void failWhereItIsOtherwise(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(
                    PythonCall.to("echo").args("tea").returning(String.class).timed());
            call.await();
            CallTimeline whole = call.timeline().orElseThrow();
            CallTimeline.Attempt only = whole.attempts().get(0);
            CallTimeline backwards = new CallTimeline(
                    whole.queued(), whole.attempts(), whole.queued().minusSeconds(1));
            CallTimeline waiting = new CallTimeline(whole.queued(), List.of(), null);
            CallTimeline unstarted = new CallTimeline(
                    whole.queued(),
                    List.of(new CallTimeline.Attempt(
                            only.worker(), only.incarnation(), only.leased(), null, null, null)),
                    null);

            assertThat(waiting).neverHadAWorker().isInOrder();
            fails(() -> assertThat(backwards).isInOrder(), "comes after");
            fails(() -> assertThat(whole).attempts(2), "2 attempts", "had 1");
            fails(() -> assertThat(whole).neverHadAWorker(), "0 attempts");
            fails(() -> assertThat(waiting).queueWait(), "should have had a worker");
            fails(() -> assertThat(waiting).total(), "should have ended");
            fails(() -> assertThat(waiting).started(), "should have started");
            fails(() -> assertThat(unstarted).started(), "should have started");
        }
    }
}
