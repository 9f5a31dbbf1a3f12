package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallStalled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.Circuit;
import dev.vivarium.CircuitOpen;
import dev.vivarium.ErrorCategory;
import dev.vivarium.LadderCounts;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** Workers that are sick, or worse than their peers: what they are given, and how they come back or end. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Scripts.HANDLERS)
class HealthTest {

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static PythonCall<String> echo(String value) {
        return PythonCall.to("echo").args(value).returning(String.class);
    }

    /** A call that raises at once in the worker of one slot, and takes its time in the others. */
    private static PythonCall<String> brokenIn(int slot) {
        return PythonCall.to("broken_in").args(slot).returning(String.class);
    }

    private static int failures(TestPool kit, List<PendingCall<String>> calls) throws InterruptedException {
        int failures = 0;
        for (PendingCall<String> call : calls) {
            try {
                assertThat(kit.outcome(call)).isEqualTo("done");
            } catch (PythonException raised) {
                failures++;
            }
        }
        return failures;
    }

    private static List<PendingCall<String>> submit(PythonPool pool, int count, PythonCall<String> call) {
        List<PendingCall<String>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            calls.add(pool.call(call));
        }
        return calls;
    }

    private static List<PoolEvent.WorkerTransitioned> moves(TestPool kit, int slot) {
        return kit.events().all().stream()
                .filter(event -> event instanceof PoolEvent.WorkerTransitioned moved
                        && moved.worker().slot() == slot)
                .map(PoolEvent.WorkerTransitioned.class::cast)
                .toList();
    }

    private static boolean moved(TestPool kit, TransitionCause cause) {
        return kit.events().all().stream()
                .anyMatch(event -> event instanceof PoolEvent.WorkerTransitioned moved && moved.cause() == cause);
    }

    private static boolean anyEjection(TestPool kit) {
        return kit.events().all().stream().anyMatch(PoolEvent.WorkerEjected.class::isInstance);
    }

    @Nested
    @VivariumTest(workers = 3, expectWarnings = "is an outlier")
    class AnOutlier {

        @VivariumTest(options = "outliers.eject-for = 1h")
        void doesNotEmptyTheQueueByFailingFast(TestPool kit, PythonPool pool) throws Exception {
            int failed = failures(kit, submit(pool, 300, brokenIn(1)));

            assertThat(failed).as(kit.events().last()).isEqualTo(20);
            assertThat(pool.snapshot().ejections()).isEqualTo(1);
            assertThat(moves(kit, 1)).anySatisfy(moved -> {
                assertThat(moved.from()).isEqualTo(WorkerState.BUSY);
                assertThat(moved.to()).isEqualTo(WorkerState.DEGRADED);
                assertThat(moved.cause()).isEqualTo(TransitionCause.OUTLIER);
            });
        }

        @VivariumTest(options = {"outliers.eject-for = 50ms", "probes.interval = 50ms", "max-health-failures = 100"})
        void comesBackWhenItsProbesEndWellAndRunsThemDegraded(TestPool kit, PythonPool pool) throws Exception {
            assertThat(failures(kit, submit(pool, 200, brokenIn(1)))).isPositive();
            PoolEvent.WorkerEjected ejected = kit.events().await(PoolEvent.WorkerEjected.class);
            assertThat(ejected.calls()).isEqualTo(20);
            assertThat(ejected.failures()).isEqualTo(20);

            while (!moved(kit, TransitionCause.HEALTH_RESTORED)) {
                assertThat(failures(kit, submit(pool, 10, brokenIn(0)))).isZero();
            }

            List<TransitionCause> causes = moves(kit, 1).stream()
                    .map(PoolEvent.WorkerTransitioned::cause)
                    .toList();
            int since = causes.indexOf(TransitionCause.OUTLIER);
            assertThat(causes.get(since + 1)).isEqualTo(TransitionCause.HEALTH_RESTORED);
            kit.awaitThat("well", () -> kit.worker(1).snapshot().health().equals(WorkerSnapshot.Health.SOUND));
            assertThat(kit.worker(1).snapshot().completed()).isGreaterThanOrEqualTo(23);
        }

        @VivariumTest(
                options = {"outliers.eject-for = 10ms", "probes.interval = 10ms"},
                expectWarnings = {"is an outlier", "health checks or probes in a row"})
        void isReplacedAfterThreeFailedProbes(TestPool kit, PythonPool pool) throws Exception {
            List<PendingCall<String>> calls = submit(pool, 300, brokenIn(1));

            kit.passTimeUntil("ended", () -> moved(kit, TransitionCause.UNHEALTHY));

            kit.passTimeUntil(
                    "replaced",
                    () -> moves(kit, 1).stream().anyMatch(m -> m.incarnation() == 2 && m.to() == WorkerState.READY));
            assertThat(failures(kit, calls)).isGreaterThanOrEqualTo(23);
            assertThat(moves(kit, 1)).anySatisfy(end -> {
                assertThat(end.from()).isEqualTo(WorkerState.DEGRADED);
                assertThat(end.cause()).isEqualTo(TransitionCause.UNHEALTHY);
            });
        }

        @VivariumTest(expectWarnings = {})
        void isNobodyWhereAllFailAlike(TestPool kit, PythonPool pool) throws Exception {
            List<PendingCall<String>> calls = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                calls.add(pool.call(PythonCall.to("fail").args("no").returning(String.class)));
            }

            assertThat(failures(kit, calls)).isEqualTo(300);

            assertThat(anyEjection(kit)).isFalse();
            assertThat(pool.snapshot().count(WorkerSnapshot.Phase.DEGRADED)).isZero();
        }

        @VivariumTest(
                options = "outliers.enabled = false",
                expectWarnings = {})
        void isNobodyWhereItIsSwitchedOff(TestPool kit, PythonPool pool) throws Exception {
            assertThat(failures(kit, submit(pool, 100, brokenIn(1)))).isGreaterThan(30);

            assertThat(anyEjection(kit)).isFalse();
        }
    }

    @Nested
    class AWorkerThatMissesChecks {

        private static final String OFTEN = "health-interval = 50ms";
        private static final String SOON = "health-timeout = 300ms";

        private void awaitDegraded(TestPool kit, TestWorker worker) throws InterruptedException {
            kit.passTimeUntil("degraded", () -> worker.snapshot().phase() == WorkerSnapshot.Phase.DEGRADED);
        }

        @VivariumTest(
                workers = 1,
                options = {OFTEN, SOON, "max-health-failures = 100", "probes.interval = 1h", "probes.successes = 2"})
        void isTriedWithACallBeforeItIsTrustedAgain(TestPool kit, PythonPool pool, TestWorker worker) throws Exception {
            worker.signal(Signal.STOP);
            awaitDegraded(kit, worker);
            worker.signal(Signal.CONT);
            kit.passTimeUntil("a check passed", () -> worker.snapshot().health().passed() == 1);
            assertThat(worker.snapshot().phase()).isEqualTo(WorkerSnapshot.Phase.DEGRADED);
            assertThat(worker.snapshot().health().degradedBy()).isEqualTo(TransitionCause.HEALTH_CHECK_FAILED);

            // The next check is an hour away: only a probe call can bring it back.
            assertThat(kit.outcome(pool.call(echo("tried")))).isEqualTo("tried");

            kit.passTimeUntil("restored", () -> moved(kit, TransitionCause.HEALTH_RESTORED));
            assertThat(worker.snapshot().health()).isEqualTo(WorkerSnapshot.Health.SOUND);
            assertThat(worker.snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest(
                layers = {Layer.SCRIPTED, Layer.PYTHON},
                workers = 1,
                options = {OFTEN, SOON, "max-health-failures = 100", "probes.interval = 1h", "probes.successes = 2"})
        void becauseItIsCutOffComesBackByAProbeWhenItIsNot(
                TestPool kit, PythonPool pool, TestWorker worker, FaultInjector faults) throws Exception {
            try (FaultLease cut = faults.at(Moment.CHECKED).arm(new Fault.Partitioned(true, true))) {
                cut.awaitLanded();
                awaitDegraded(kit, worker);
            }

            assertThat(kit.outcome(pool.call(echo("tried")))).isEqualTo("tried");

            kit.passTimeUntil("restored", () -> moved(kit, TransitionCause.HEALTH_RESTORED));
            assertThat(worker.snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest(
                workers = 1,
                options = {OFTEN, SOON},
                expectWarnings = "failed 3 health checks or probes in a row")
        void threeTimesInARowIsReplaced(TestPool kit, PythonPool pool, FaultInjector faults) throws Exception {
            try (FaultLease stopped = faults.at(Moment.CHECKED).arm(new Fault.Signalled(19))) {
                kit.passTimeUntil("stopped", () -> stopped.landed() == 1);
                kit.passTimeUntil("ended", () -> moved(kit, TransitionCause.UNHEALTHY));
            }

            assertThat(kit.outcome(pool.call(echo("again")))).isEqualTo("again");
        }

        @VivariumTest(
                workers = 2,
                options = {OFTEN, SOON, "max-health-failures = 100"})
        void getsNoCallWhileItDoesNotAnswerThem(TestPool kit, PythonPool pool) throws Exception {
            TestWorker sick = kit.worker(1);
            sick.signal(Signal.STOP);
            awaitDegraded(kit, sick);

            for (int i = 0; i < 20; i++) {
                assertThat(kit.outcome(pool.call(echo("call " + i)))).isEqualTo("call " + i);
            }

            sick.signal(Signal.CONT);
            kit.passTimeUntil("restored", () -> moved(kit, TransitionCause.HEALTH_RESTORED));
        }
    }

    @Nested
    @VivariumTest(workers = 1, options = "stall-timeout = 200ms")
    class AHandlerThatReportsProgress {

        @VivariumTest
        void andStopsToIsInterruptedAndTheCallSaysSo(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(PythonCall.to("stalls").args(3).returning(String.class));

            CallStalled error = catchThrowableOfType(CallStalled.class, () -> kit.outcome(call));

            assertThat(error).hasMessageContaining("reported no progress for PT0.2S after 3 steps");
            assertThat(error.steps()).isEqualTo(3);
            assertThat(error.worker().slot()).isEqualTo(1);
            assertThat(error.incarnation()).isEqualTo(1);
            assertThat(error.stallTimeout()).isEqualTo(Duration.ofMillis(200));
            assertThat(error.category()).isEqualTo(ErrorCategory.TIMEOUT);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            assertThat(kit.outcome(pool.call(echo("next")))).isEqualTo("next");
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest(options = "circuit-breaker.failure-threshold = 2")
        void andStopsToCountsAsATimeoutAndOpensTheBreakerOfItsHandler(TestPool kit, PythonPool pool) throws Exception {
            for (int steps = 1; steps <= 2; steps++) {
                PendingCall<String> call =
                        pool.call(PythonCall.to("stalls").args(steps).returning(String.class));
                assertThat(catchThrowableOfType(CallStalled.class, () -> kit.outcome(call)))
                        .isNotNull();
            }
            kit.awaitThat(
                    "its worker is off the second, too",
                    () -> pool.snapshot().openCircuits().size() == 2);

            CircuitOpen refused = catchThrowableOfType(
                    CircuitOpen.class,
                    () -> pool.call(PythonCall.to("stalls").args(3).returning(String.class))
                            .await());

            assertThat(refused.circuit()).isEqualTo(new Circuit(pool.name(), "stalls"));
            assertThat(pool.errors().byCategory()).containsEntry(ErrorCategory.TIMEOUT, 2L);
            PoolSnapshot snapshot = pool.snapshot();
            assertThat(snapshot.failed()).isEqualTo(2);
            assertThat(snapshot.ladder()).isEqualTo(new LadderCounts(0, 2, 0, 0));
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest(
                workers = 3,
                options = {"outliers.min-calls = 5", "outliers.eject-for = 1h", "circuit-breaker.enabled = false"})
        void andStopsToInOneWorkerOnlyMakesItNoOutlier(TestPool kit, PythonPool pool) throws Exception {
            int stalled = 0;
            while (stalled < 10 && !anyEjection(kit)) {
                for (PendingCall<String> call :
                        submit(pool, 3, PythonCall.to("stalls_in").args(1).returning(String.class))) {
                    try {
                        assertThat(kit.outcome(call)).isEqualTo("done");
                    } catch (CallStalled error) {
                        assertThat(error.worker().slot()).isEqualTo(1);
                        stalled++;
                    }
                }
            }

            assertThat(anyEjection(kit)).isFalse();
            assertThat(kit.worker(1).snapshot().health()).isEqualTo(WorkerSnapshot.Health.SOUND);
        }

        @VivariumTest(
                layers = Layer.FAKE,
                time = VivariumTest.Time.VIRTUAL,
                options = {"stall-timeout = 2s", "health-interval = 1d"})
        void andGoesOnIsLeftAlone(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PendingCall<String> call = pool.call(PythonCall.to("plods").args(5).returning(String.class));
            kit.awaitStarted(call);
            for (int second = 0; second < 5; second++) {
                time.advance(Duration.ofSeconds(1));
            }

            assertThat(kit.outcome(call)).isEqualTo("arrived");
        }

        @VivariumTest(expectWarnings = "did not end a call", options = "cancel-grace = 100ms")
        void isNotMeantWhenItNeverDoesAndHoldsTheInterpreterLock(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call =
                    pool.call(PythonCall.to("stubborn").returning(String.class).timeout(Duration.ofMillis(900)));

            PoolException error = catchThrowableOfType(PoolException.class, () -> kit.outcome(call));

            assertThat(error).isInstanceOf(CallTimedOut.class);
        }
    }
}
