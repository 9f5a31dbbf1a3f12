package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What is told of a call is what happened to it, and nothing that happened to others. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED},
        workers = 1)
class FailureAnalyzerTest {

    @Nested
    @VivariumTest(expectWarnings = "KILL")
    class ACallThatLostItsWorker {

        @VivariumTest
        void isToldWithItsAttemptsAndTheWorkersEnd(TestPool kit, PythonPool pool) {
            PendingCall<Void> call =
                    pool.call(PythonCall.to("die").args(9).returning(Void.class).timed());
            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, call::await);

            String text = FailureAnalyzer.of(kit).explain(error);

            assertThat(text)
                    .startsWith("what happened to call " + call.id()
                            + " of 'die': it failed with WorkerCrashed, after 1 attempt\n")
                    .contains("execution UNKNOWN, category CONNECTION, severity MINOR")
                    .contains("1. in " + kit.name() + "/1#1: KILLED, execution UNKNOWN")
                    .containsPattern("attempt 1 in \\S+/1#1: leased \\+\\S+, sent \\+")
                    .contains(kit.name() + "/1#1 ended in call " + call.id() + ": KILLED")
                    .contains("the worker " + kit.name() + "/1#1: ");
        }

        @VivariumTest
        void isToldWithEachRetry(TestPool kit, FaultInjector faults, PythonPool pool) throws Exception {
            var unused = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9));
            PendingCall<String> call = pool.call(
                    PythonCall.to("echo").args("x").returning(String.class).retrySafe());
            call.await();
            kit.awaitThat(
                    "told",
                    () -> kit.events().all().stream().anyMatch(event -> event instanceof PoolEvent.CallRetried));

            String text = FailureAnalyzer.of(kit).explain(call);

            assertThat(text)
                    .startsWith("what happened to call " + call.id() + " of 'echo': it succeeded, after 2 attempts")
                    .contains("no timeline: PythonCall.timed() asks for one")
                    .contains("attempt 1 failed in " + kit.name() + "/1#1; sent again after");
        }

        @VivariumTest(workers = 2)
        void isNotMixedUpWithTheEndOfAnother(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "x");
            kit.awaitStarted(held);
            int other = kit.worker(1).snapshot().callId() == held.id() ? 2 : 1;
            PendingCall<String> fails = pool.call("fail", String.class, "no");
            PythonException error = catchThrowableOfType(PythonException.class, fails::await);
            kit.worker(other).awaitState(WorkerState.READY);
            kit.open("gate");
            held.await();
            PendingCall<String> dies = pool.call("die", String.class, 9);
            WorkerCrashed crash = catchThrowableOfType(WorkerCrashed.class, dies::await);

            assertThat(FailureAnalyzer.of(kit).explain(crash)).contains("ended in call " + dies.id());
            assertThat(FailureAnalyzer.explain(
                            new CallOutcome.Failed<>(fails.id(), error, 1),
                            kit.events().all().stream()
                                    .filter(event -> event instanceof PoolEvent.CallEnded)
                                    .toList()))
                    .contains("no events around it");
        }
    }

    @Nested
    class ACallThatNeverHadAWorker {

        @VivariumTest(layers = Layer.FAKE)
        void isToldWithWhatThePoolDidThen(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "x");
            kit.awaitStarted(held);
            PendingCall<String> late = pool.call(PythonCall.to("echo")
                    .args("y")
                    .returning(String.class)
                    .timeout(Duration.ofSeconds(2))
                    .timed());
            kit.time().advance(Duration.ofSeconds(2));
            CallTimedOut error = catchThrowableOfType(CallTimedOut.class, late::await);

            String text = FailureAnalyzer.of(kit).explain(error);

            assertThat(text)
                    .contains("of 'echo': it failed with CallTimedOut, after 0 attempts")
                    .contains("it never had a worker\n  ended +2000.000")
                    .contains("the pool when its 2000 ms were over: total=1, idle=0, busy=1");
            kit.open("gate");
            held.await();
        }

        @VivariumTest(options = "queue-capacity = 1")
        void isToldWithWhyItWasRefused(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "x");
            kit.awaitStarted(held);
            PendingCall<String> waiting = pool.call("echo", String.class, "y");
            PendingCall<String> refused = pool.call("echo", String.class, "z");
            PoolSaturated error = catchThrowableOfType(PoolSaturated.class, refused::await);

            assertThat(FailureAnalyzer.of(kit).explain(error))
                    .contains("of 'echo': it failed with PoolSaturated, after 0 attempts")
                    .contains("the pool then: total=1, idle=0, busy=1");
            kit.open("gate");
            held.await();
            waiting.await();
        }
    }

    @Nested
    class AFailure {

        @VivariumTest
        void isLookedThroughForTheErrorOfACall(TestPool kit, PythonPool pool) {
            PendingCall<String> call = pool.call("fail", String.class, "no");
            PythonException error = catchThrowableOfType(PythonException.class, call::await);
            FailureAnalyzer analyzer = FailureAnalyzer.of(kit);
            AssertionError shows = new AssertionError("not so");
            shows.addSuppressed(new IllegalStateException(error));

            assertThat(analyzer.explainAny(shows))
                    .hasValueSatisfying(text -> assertThat(text)
                            .contains("call " + call.id() + " of 'fail'", "in Python:", "ValueError: no"));
            assertThat(analyzer.explainAny(new AssertionError("not so"))).isEmpty();
        }

        @VivariumTest
        void thatIsItsOwnCauseIsLookedThroughOnce(TestPool kit) {
            IllegalStateException first = new IllegalStateException();
            IllegalArgumentException second = new IllegalArgumentException(first);
            first.initCause(second);

            assertThat(FailureAnalyzer.of(kit).explainAny(first)).isEmpty();
        }

        @VivariumTest
        void ofAnotherPoolOfTheTestIsFoundThere(TestPool kit) throws Exception {
            TestPool other = kit.another("beside").start().ensureReady();
            PendingCall<String> call = other.pool().call("fail", String.class, "no");
            PythonException error = catchThrowableOfType(PythonException.class, call::await);

            assertThat(FailureAnalyzer.of(kit).explain(error)).contains("call " + call.id() + " of 'fail'");
        }

        @VivariumTest
        void thatIsNoCallsInTheBooksSaysSo(TestPool kit) {
            PoolException refused = new PoolClosed(Execution.NOT_STARTED, List.of(), "pool p is closed");

            assertThat(FailureAnalyzer.of(kit).explain(refused))
                    .startsWith("what happened to a call that is not in the books: it failed with PoolClosed");
        }
    }

    @Nested
    class Events {

        private static PoolEvent moved(int slot, WorkerState from, WorkerState to, TransitionCause cause) {
            return new PoolEvent.WorkerTransitioned(new WorkerId("p", slot), 1, from, to, cause, Instant.EPOCH);
        }

        @Test
        void areThoseOfTheCallsWorkersWithoutTheirLeases() {
            List<PoolEvent> events = List.of(
                    moved(1, WorkerState.READY, WorkerState.BUSY, TransitionCause.LEASED),
                    moved(1, WorkerState.BUSY, WorkerState.TERMINATED, TransitionCause.KILLED),
                    moved(2, WorkerState.BUSY, WorkerState.TERMINATED, TransitionCause.HUNG),
                    new PoolEvent.CallRetried(3, "price", 1, new WorkerId("p", 1), 1, Duration.ZERO, Instant.EPOCH),
                    new PoolEvent.CallRetried(4, "echo", 1, new WorkerId("p", 2), 1, Duration.ZERO, Instant.EPOCH));

            assertThat(FailureAnalyzer.explain(new CallOutcome.Succeeded<>(3, "x", 2), events))
                    .startsWith("what happened to call 3 of 'price'")
                    .contains("p/1#1 BUSY to TERMINATED (KILLED)", "attempt 1 failed in p/1#1")
                    .doesNotContain("LEASED", "HUNG", "p/2");
        }

        @VivariumTest
        void areTheLastOnesOfMany(TestPool kit) {
            List<PoolEvent> many = IntStream.range(0, 100)
                    .<PoolEvent>mapToObj(i -> new PoolEvent.GuardianLost(i, "gone", Instant.EPOCH))
                    .toList();

            assertThat(FailureAnalyzer.explain(new CallOutcome.Succeeded<>(3, "x", 1), many))
                    .startsWith("what happened to call 3: it succeeded, after 1 attempt")
                    .contains("the last 40 of 100")
                    .contains("pid=99")
                    .doesNotContain("pid=59,");
        }
    }
}
