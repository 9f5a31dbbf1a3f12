package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.Alert;
import dev.vivarium.CallAttempt;
import dev.vivarium.CallCancelled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.Circuit;
import dev.vivarium.CircuitOpen;
import dev.vivarium.ErrorCategory;
import dev.vivarium.ErrorReport;
import dev.vivarium.PendingCall;
import dev.vivarium.PoisonCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.Severity;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;

/** Retry, budget, poison and circuit breaker: what each does, and that they agree. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        workers = 1,
        time = VivariumTest.Time.VIRTUAL,
        expectWarnings = {"exited with status", "SIGKILL", "SIGSEGV", ".stderr: "},
        options = {"min-backoff = 10ms", "max-backoff = 20ms", "connect-timeout = 1d", "load-timeout = 1d"})
class RecoveryTest {

    private static PythonCall<String> echo(String value) {
        return PythonCall.to("echo").args(value).returning(String.class);
    }

    private static PythonCall<String> held(String value) {
        return PythonCall.to("held").args("probes", value).returning(String.class);
    }

    private static PythonCall<String> leave(int status) {
        return PythonCall.to("leave").args(status).returning(String.class);
    }

    /** The next calls end their worker from within. */
    private static void crash(FaultInjector faults, int times) {
        for (int i = 0; i < times; i++) {
            var unused = faults.at(Moment.STARTED).arm(new Fault.Exited(3));
        }
    }

    /** The workers of the next calls are killed from outside. */
    private static void kill(FaultInjector faults, int times) {
        for (int i = 0; i < times; i++) {
            var unused = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9));
        }
    }

    private static List<Duration> delays(TestPool kit) {
        return kit.events().all().stream()
                .filter(PoolEvent.CallRetried.class::isInstance)
                .map(event -> ((PoolEvent.CallRetried) event).delay())
                .toList();
    }

    /** Ends workers with calls that differ, so that none of them is poison. */
    private static void breakCalls(TestPool kit, int times) throws InterruptedException {
        for (int i = 0; i < times; i++) {
            PendingCall<String> call = kit.pool().call(leave(i + 1));
            assertThat(catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call)))
                    .isNotNull();
        }
    }

    @Nested
    class ARetry {

        @VivariumTest(options = {"retry.min-delay = 1s", "retry.jitter = 0"})
        void waitsLongerEachTimeAndHoldsNoThread(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 2);

            assertThat(kit.outcome(kit.pool().call(echo("late").retrySafe()))).isEqualTo("late");

            assertThat(delays(kit)).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
        }

        @VivariumTest(
                layers = Layer.FAKE,
                options = {
                    "retry.growth = LINEAR",
                    "retry.min-delay = 1s",
                    "retry.max-delay = 1m",
                    "retry.jitter = 0",
                    "poison.deaths = 5"
                })
        void waitsByAnEqualStepLongerEachTime(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 3);

            assertThat(kit.outcome(kit.pool().call(echo("late").retrySafe()))).isEqualTo("late");

            assertThat(delays(kit)).extracting(Duration::toSeconds).containsExactly(1L, 2L, 3L);
        }

        @VivariumTest(
                options = {"retry.growth = FIBONACCI", "retry.min-delay = 10ms", "retry.jitter = 0", "poison.deaths = 5"
                })
        void waitsAsLongAsBeforeTheTwoTriesBeforeIt(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 3);

            assertThat(kit.outcome(kit.pool().call(echo("late").retrySafe()))).isEqualTo("late");

            assertThat(delays(kit)).extracting(Duration::toMillis).containsExactly(10L, 10L, 20L);
        }

        @VivariumTest(
                layers = Layer.FAKE,
                options = {
                    "retry.growth = DECORRELATED",
                    "retry.min-delay = 100ms",
                    "retry.max-delay = 6s",
                    "retry.jitter = 0.5",
                    "retry.burst = 100",
                    "poison.deaths = 5",
                    "circuit-breaker.enabled = false"
                })
        void waitsForATimeDrawnUpToThreeTimesTheLastOne(TestPool kit, FaultInjector faults) throws Exception {
            int calls = 30;
            for (int i = 0; i < calls; i++) {
                crash(faults, 3);
                assertThat(kit.outcome(kit.pool().call(echo("late " + i).retrySafe())))
                        .isEqualTo("late " + i);
            }

            List<Duration> delays = delays(kit);
            Duration least = Duration.ofMillis(100);
            assertThat(delays).hasSize(3 * calls);
            for (int i = 0; i < delays.size(); i += 3) {
                assertThat(delays.get(i)).isEqualTo(least);
                assertThat(delays.get(i + 1)).isBetween(least, least.multipliedBy(3));
                assertThat(delays.get(i + 2)).isBetween(least, delays.get(i + 1).multipliedBy(3));
            }
            assertThat(delays.stream().distinct().count()).isGreaterThan(calls);
            // All the third ones are shorter by chance once in ten thousand million runs.
            assertThat(delays).anyMatch(delay -> delay.compareTo(least.multipliedBy(3)) > 0);
        }

        @VivariumTest(options = {"retry.min-delay = 1h", "retry.max-delay = 1h"})
        void followsAtOnceWhenTheWorkerWasKilledFromOutside(TestPool kit, FaultInjector faults) throws Exception {
            kill(faults, 3);

            assertThat(kit.outcome(kit.pool().call(echo("soon").retrySafe()))).isEqualTo("soon");

            assertThat(delays(kit)).containsExactly(Duration.ZERO, Duration.ZERO, Duration.ZERO);
        }

        @VivariumTest(options = {"retry.min-delay = 1h", "retry.max-delay = 1h", "call-timeout = 1m"})
        void isNotMadeWhenItWouldComeAfterTheDeadline(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 1);

            assertThatThrownBy(() -> kit.outcome(kit.pool().call(echo("x").retrySafe())))
                    .isInstanceOf(WorkerCrashed.class)
                    .hasMessageContaining("the next try would come after its deadline");
        }

        @VivariumTest(options = {"retry.burst = 1", "retry.budget = 0"})
        void isNotMadeWhenTheBudgetIsUsedUp(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 2);

            assertThatThrownBy(() -> kit.outcome(kit.pool().call(echo("x").retrySafe())))
                    .isInstanceOf(WorkerCrashed.class)
                    .hasMessageContaining("the pool's retry budget is used up");
            assertThat(kit.pool().snapshot().retried()).isEqualTo(1);
        }

        @VivariumTest(
                options = {
                    "retry.min-delay = 1h",
                    "retry.max-delay = 1h",
                    "call-timeout = 1d",
                    "recovery.major-budget = 2h"
                })
        void thatIsWaitedForCanBeCancelled(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 1);
            PendingCall<String> call = kit.pool().call(echo("x").retrySafe());
            var unused = kit.events().await(PoolEvent.CallRetried.class);

            assertThat(call.cancel()).isTrue();

            CallCancelled error = catchThrowableOfType(CallCancelled.class, call::await);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            assertThat(error.attempts()).hasSize(1);
        }

        @VivariumTest(options = "max-retries = 1")
        void leavesItsHistoryInTheError(TestPool kit, FaultInjector faults) throws Exception {
            crash(faults, 1);
            kill(faults, 1);

            WorkerCrashed error = catchThrowableOfType(
                    WorkerCrashed.class,
                    () -> kit.outcome(kit.pool().call(echo("x").retrySafe())));

            assertThat(error.attempts())
                    .extracting(CallAttempt::cause)
                    .containsExactly(TransitionCause.EXITED, TransitionCause.KILLED);
            assertThat(error.category()).isEqualTo(ErrorCategory.CONNECTION);
            assertThat(error.severity()).isEqualTo(Severity.MINOR);
        }
    }

    @Nested
    class AfterKills {

        @VivariumTest(options = {"max-retries = 10", "retry.min-delay = 0"})
        void isNotHeldAgainstItThatWorkersWereKilled(TestPool kit, TestWorker worker) throws Exception {
            PendingCall<String> call = kit.pool().call(held("in the end").retrySafe());
            List<Signal> signals = List.of(Signal.KILL, Signal.KILL, Signal.KILL, Signal.SEGV);
            for (int i = 0; i < signals.size(); i++) {
                startedTimes(kit, call, i + 1);
                worker.signal(signals.get(i));
            }
            startedTimes(kit, call, signals.size() + 1);
            kit.open("probes");

            assertThat(kit.outcome(call)).isEqualTo("in the end");
            assertThat(kit.pool().snapshot().retried()).isEqualTo(4);
        }

        private void startedTimes(TestPool kit, PendingCall<?> call, int times) throws Exception {
            kit.passTimeUntil("started " + times + " times", () -> kit.ledger().starts(call.id()) == times);
        }
    }

    @Nested
    class APoisonCall {

        @VivariumTest
        void isGivenUpAfterThreeDeaths(TestPool kit) throws Exception {
            PoisonCall error = catchThrowableOfType(
                    PoisonCall.class,
                    () -> kit.outcome(kit.pool().call(leave(7).retrySafe().maxRetries(100))));

            assertThat(error.deaths()).isEqualTo(3);
            assertThat(error.attempts()).hasSize(3);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
        }

        @VivariumTest
        void isRefusedWhenItComesAgainUntilItIsForgotten(TestPool kit, TestTime time) throws Exception {
            for (int i = 0; i < 3; i++) {
                PendingCall<String> call = kit.pool().call(leave(7));
                assertThat(catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call)))
                        .isNotNull();
            }

            PoisonCall refused = catchThrowableOfType(
                    PoisonCall.class, () -> kit.pool().call(leave(7)).await());
            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
            assertThat(catchThrowableOfType(
                            WorkerCrashed.class, () -> kit.outcome(kit.pool().call(leave(8)))))
                    .isNotNull();
            time.advance(Duration.ofMinutes(11));
            assertThat(catchThrowableOfType(
                            WorkerCrashed.class, () -> kit.outcome(kit.pool().call(leave(7)))))
                    .isNotNull();
        }

        @VivariumTest(options = "max-retries = 100")
        void isNeverOneWhoseWorkersAreKilledFromOutside(TestPool kit, FaultInjector faults) throws Exception {
            kill(faults, 7);

            assertThat(kit.outcome(kit.pool().call(echo("fine").retrySafe()))).isEqualTo("fine");
            assertThat(kit.pool().snapshot().openCircuits()).isEmpty();
        }

        @VivariumTest
        void isNoneThatEndedWellInBetween(TestPool kit, FaultInjector faults) throws Exception {
            for (int i = 0; i < 4; i++) {
                crash(faults, 1);
                assertThat(kit.outcome(kit.pool().call(echo("same").retrySafe())))
                        .isEqualTo("same");
            }
        }
    }

    @Nested
    class ACircuitBreaker {

        @VivariumTest
        void opensAfterFiveCallsThatEndedTheirWorker(TestPool kit) throws Exception {
            breakCalls(kit, 5);

            CircuitOpen refused = catchThrowableOfType(
                    CircuitOpen.class, () -> kit.pool().call(leave(9)).await());

            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
            assertThat(refused.circuit()).isEqualTo(new Circuit(kit.pool().name(), "leave"));
            assertThat(refused.retryAfter()).isPositive();
            assertThat(kit.pool().snapshot().openCircuits()).contains(refused.circuit());
        }

        @VivariumTest
        void letsThreeThroughAfterAMinuteAndClosesWhenTheyEndWell(TestPool kit, TestTime time) throws Exception {
            breakCalls(kit, 5);
            assertThat(catchThrowableOfType(
                            CircuitOpen.class, () -> kit.pool().call(echo("no")).await()))
                    .isNotNull();

            time.advance(Duration.ofSeconds(60));
            List<PendingCall<String>> probes = Stream.of("1", "2", "3")
                    .map(value -> kit.pool().call(held(value)))
                    .toList();
            CircuitOpen fourth = catchThrowableOfType(
                    CircuitOpen.class, () -> kit.pool().call(echo("4")).await());

            assertThat(fourth.circuit().handler()).isNull();
            kit.open("probes");
            for (PendingCall<String> probe : probes) {
                assertThat(kit.outcome(probe)).isNotNull();
            }
            assertThat(kit.outcome(kit.pool().call(echo("open again")))).isEqualTo("open again");
            assertThat(kit.pool().snapshot().openCircuits())
                    .containsExactly(new Circuit(kit.pool().name(), "leave"));
        }

        @VivariumTest
        void opensAgainWhenAProbeBreaks(TestPool kit, TestTime time) throws Exception {
            breakCalls(kit, 5);
            time.advance(Duration.ofSeconds(60));

            breakCalls(kit, 1);

            assertThat(catchThrowableOfType(
                            CircuitOpen.class, () -> kit.pool().call(leave(9)).await()))
                    .isNotNull();
        }

        @VivariumTest(options = {"circuit-breaker.half-open-calls = 1", "call-timeout = 10m"})
        void getsThePlaceOfACancelledProbeBack(TestPool kit, TestTime time) throws Exception {
            breakCalls(kit, 5);
            time.advance(Duration.ofSeconds(60));
            for (int i = 0; i < 3; i++) {
                assertThat(kit.pool().call(held("probe")).cancel()).isTrue();
            }

            assertThat(kit.outcome(kit.pool().call(echo("probe")))).isEqualTo("probe");
        }

        @VivariumTest(
                workers = 1,
                time = VivariumTest.Time.VIRTUAL,
                options = {"circuit-breaker.failure-threshold = 2", "call-timeout = 2s", "cancel-grace = 1h"},
                expectWarnings = "KILL")
        void doesNotCountCallsThatTimedOutInWorkersThatWereKilledFromOutside(TestPool kit, TestTime time)
                throws Exception {
            for (int i = 1; i <= 3; i++) {
                timeOut(kit, time, "stubborn");
                int killed = i;
                kit.worker(1).signal(Signal.KILL);
                kit.passTimeUntil(
                        "replaced",
                        () -> kit.worker(1).snapshot().incarnation() > killed
                                && kit.pool().snapshot().count(WorkerSnapshot.Phase.IDLE) == 1);
            }

            assertThat(kit.pool().snapshot().openCircuits()).isEmpty();
        }

        @VivariumTest(
                workers = 1,
                time = VivariumTest.Time.VIRTUAL,
                options = {"circuit-breaker.failure-threshold = 2", "call-timeout = 2s", "cancel-grace = 1h"})
        void countsCallsThatTimedOutInWorkersThatCameBack(TestPool kit, TestTime time) throws Exception {
            for (int i = 1; i <= 2; i++) {
                timeOut(kit, time, "hang");
                kit.awaitThat("idle", () -> kit.pool().snapshot().count(WorkerSnapshot.Phase.IDLE) == 1);
            }

            assertThat(kit.pool().snapshot().openCircuits())
                    .contains(new Circuit(kit.pool().name(), "hang"));
        }

        private void timeOut(TestPool kit, TestTime time, String handler) throws InterruptedException {
            PendingCall<String> call = kit.pool().call(handler, String.class);
            kit.awaitStarted(call);
            time.advance(Duration.ofSeconds(2));
            // With time going on: stacks that cannot be read are waited for.
            assertThat(catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(call)))
                    .isNotNull();
        }

        @VivariumTest
        void doesNotMindAHandlerThatRaises(TestPool kit) throws Exception {
            for (int i = 0; i < 20; i++) {
                PendingCall<String> call = kit.pool().call("fail", String.class, "business");
                assertThat(catchThrowableOfType(PythonException.class, call::await))
                        .isNotNull();
            }

            assertThat(kit.pool().snapshot().openCircuits()).isEmpty();
        }

        @VivariumTest(options = "circuit-breaker.enabled = false")
        void isNotThereWhenItIsSwitchedOff(TestPool kit) throws Exception {
            breakCalls(kit, 7);

            assertThat(kit.outcome(kit.pool().call(echo("open")))).isEqualTo("open");
        }

        @VivariumTest
        void stopsTheRetriesOfACallThatBreaksToo(TestPool kit) throws Exception {
            breakCalls(kit, 4);

            assertThatThrownBy(() ->
                            kit.outcome(kit.pool().call(leave(9).retrySafe().maxRetries(100))))
                    .isInstanceOf(WorkerCrashed.class)
                    .hasMessageContaining("the circuit breaker of handler 'leave'");
        }

        @VivariumTest
        void tellsOfItsChanges(TestPool kit) throws Exception {
            breakCalls(kit, 5);

            PoolEvent.CircuitChanged changed = kit.events()
                    .await(
                            "change of the handler's breaker",
                            PoolEvent.CircuitChanged.class,
                            change -> change.circuit().handler() != null);
            assertThat(changed.to()).isEqualTo(Circuit.State.OPEN);
        }
    }

    @Nested
    class TheReport {

        @VivariumTest
        void raisesAnAlertWhenTooManyCallsFail(TestPool kit, TestTime time) throws Exception {
            for (int i = 0; i < 10; i++) {
                PendingCall<String> call = kit.pool().call("fail", String.class, "business " + i);
                assertThat(catchThrowableOfType(PythonException.class, call::await))
                        .isNotNull();
            }

            time.advance(Duration.ofSeconds(1));

            Alert alert = kit.events().await(PoolEvent.AlertRaised.class).alert();
            assertThat(alert.kind()).isEqualTo(Alert.Kind.HIGH_ERROR_RATE);
            assertThat(alert.message()).contains("10 of 10 calls failed");
            ErrorReport report = kit.pool().errors();
            assertThat(report.rate()).isEqualTo(1);
            assertThat(report.byCategory()).containsEntry(ErrorCategory.PYTHON, 10L);
            assertThat(report.recent()).hasSize(ErrorReport.RECENT);
            assertThat(report.recent().get(9).message()).contains("business 9");
            assertThat(report.alerts()).containsExactly(alert);
        }

        @VivariumTest(options = "queue-capacity = 1")
        void countsWhatWasRefusedAtTheDoor(TestPool kit) throws Exception {
            PendingCall<String> running = kit.pool().call(held("a"));
            kit.awaitStarted(running);
            var unused = kit.pool().call(held("b"));

            assertThat(catchThrowableOfType(
                            PoolSaturated.class,
                            () -> kit.pool().call(echo("c")).await()))
                    .isNotNull();

            assertThat(kit.pool().errors().byCategory()).containsEntry(ErrorCategory.RESOURCE, 1L);
            kit.open("probes");
        }
    }
}
