package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.MonitorReport.Spread;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Nested;

/** What a monitor reports is what happened in the pool. */
@VivariumTest(workers = 1)
class PoolMonitorTest {

    private static final PythonCall<String> ECHO =
            PythonCall.to("echo").args("x").returning(String.class);

    private static PythonCall<String> held(String gate) {
        return PythonCall.to("held").args(gate, "x").returning(String.class);
    }

    private static void awaitTold(TestPool kit, Predicate<PoolEvent> event) throws InterruptedException {
        kit.awaitThat("told", () -> kit.events().all().stream().anyMatch(event));
    }

    private static void isAbout(Duration length, Duration expected) {
        assertThat(length).isCloseTo(expected, expected.dividedBy(1000));
    }

    @Nested
    class OfCalls {

        @VivariumTest
        void tellsWhereTheirTimeWent(TestPool kit, TestTime time) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            PendingCall<String> first = monitor.call(held("gate"));
            kit.awaitStarted(first);
            PendingCall<String> second = monitor.call(ECHO);
            time.advance(Duration.ofSeconds(5));
            kit.open("gate");
            first.await();
            second.await();

            Phase phase = monitor.now();

            Spread queue = phase.steps().get(CallStep.QUEUE);
            assertThat(queue.count()).isEqualTo(2);
            assertThat(queue.min()).isZero();
            isAbout(queue.max(), Duration.ofSeconds(5));
            isAbout(queue.mean(), Duration.ofMillis(2500));
            isAbout(queue.deviation(), Duration.ofMillis(2500));
            Spread exchange = phase.steps().get(CallStep.EXCHANGE);
            isAbout(exchange.max(), Duration.ofSeconds(5));
            assertThat(exchange.p50()).isZero();
            isAbout(exchange.p99(), Duration.ofSeconds(5));
            Spread total = phase.steps().get(CallStep.TOTAL);
            assertThat(total.count()).isEqualTo(2);
            isAbout(total.min(), Duration.ofSeconds(5));
            assertThat(phase.steps()).containsKeys(CallStep.SEND, CallStep.START, CallStep.RUN, CallStep.DELIVER);
        }

        @VivariumTest(expectWarnings = "KILL")
        void countsThemWithTheirErrors(TestPool kit, PythonPool pool) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            monitor.call(ECHO).await();
            pool.call(ECHO).await();
            PendingCall<String> lost = monitor.watch(pool.call("die", String.class, 9));
            assertThat(catchThrowable(lost::await)).isNotNull();

            Phase phase = monitor.now();

            assertThat(phase.calls().accepted()).isEqualTo(3);
            assertThat(phase.calls().succeeded()).isEqualTo(2);
            assertThat(phase.calls().failed()).isEqualTo(1);
            assertThat(phase.calls().watched()).isEqualTo(2);
            assertThat(phase.errors()).containsOnlyKeys("WorkerCrashed").containsEntry("WorkerCrashed", 1L);
            assertThat(phase.steps().get(CallStep.TOTAL).count()).isEqualTo(1);
        }

        @VivariumTest(options = "call-events = true")
        void tellsOfEachHandlerWhenCallsAreEvents(TestPool kit, PythonPool pool) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            pool.call(ECHO).await();
            PendingCall<String> failing = pool.call("fail", String.class, "no");
            assertThat(catchThrowable(failing::await)).isNotNull();
            awaitTold(kit, event -> event instanceof PoolEvent.CallEnded ended && ended.callId() == failing.id());

            Phase phase = monitor.now();

            assertThat(phase.handlers()).containsOnlyKeys("echo", "fail");
            assertThat(phase.handlers().get("echo").failed()).isZero();
            assertThat(phase.handlers().get("echo").took().count()).isEqualTo(1);
            assertThat(phase.handlers().get("fail").failed()).isEqualTo(1);
            assertThat(phase.steps()).isEmpty();
        }
    }

    @Nested
    class OfPhases {

        @VivariumTest
        void countsACallWhereItWasMade(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            monitor.phase("before");
            PendingCall<String> call = monitor.call(held("gate"));
            kit.awaitStarted(call);
            monitor.phase("after");
            kit.open("gate");
            call.await();

            MonitorReport report = monitor.report();

            assertThat(report.phases()).extracting(Phase::name).containsExactly("before", "after");
            Phase before = report.phase("before");
            Phase after = report.phase("after");
            assertThat(before.steps().get(CallStep.TOTAL).count()).isEqualTo(1);
            assertThat(after.steps()).isEmpty();
            assertThat(before.calls().accepted()).isEqualTo(1);
            assertThat(before.calls().open()).isEqualTo(1);
            assertThat(after.calls().accepted()).isZero();
            assertThat(after.calls().succeeded()).isEqualTo(1);
            assertThatThrownBy(() -> report.phase("later")).hasMessageContaining("[before, after]");
        }

        @VivariumTest
        void knowsHowLongTheyLasted(TestPool kit, TestTime time) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            time.advance(Duration.ofSeconds(3));
            monitor.call(ECHO).await();
            monitor.phase("second");
            time.advance(Duration.ofSeconds(2));
            monitor.phase("third");

            assertThat(monitor.report().phases())
                    .extracting(Phase::lasted)
                    .containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(2), Duration.ZERO);
            assertThat(monitor.report().phases().get(0).name()).isEqualTo(PoolMonitor.UNNAMED);
        }
    }

    @Nested
    class OfWorkers {

        @VivariumTest(workers = 2)
        void tellsHowBusyTheyWere(TestPool kit, TestTime time) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            PendingCall<String> call = monitor.call(held("gate"));
            kit.awaitStarted(call);
            time.advance(Duration.ofSeconds(6));
            kit.open("gate");
            call.await();
            time.advance(Duration.ofSeconds(4));

            MonitorReport.Workers workers = monitor.now().workers();

            assertThat(workers.utilisation()).isEqualTo(0.3);
            assertThat(workers.up()).isEqualTo(Duration.ofSeconds(20));
            assertThat(workers.busy().values()).containsExactly(Duration.ofSeconds(6));
            assertThat(workers.busy().keySet()).extracting(WorkerId::pool).containsExactly(kit.name());
        }

        @VivariumTest
        void sharesTheTimeOfACallThatGoesOnBetweenPhases(TestPool kit, TestTime time) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            PendingCall<String> call = monitor.call(held("gate"));
            kit.awaitStarted(call);
            time.advance(Duration.ofSeconds(1));
            monitor.phase("second");
            time.advance(Duration.ofSeconds(2));
            kit.open("gate");
            call.await();
            time.advance(Duration.ofSeconds(2));

            MonitorReport report = monitor.report();

            assertThat(report.phases().get(0).workers().utilisation()).isEqualTo(1);
            assertThat(report.phase("second").workers().utilisation()).isEqualTo(0.5);
        }

        @VivariumTest(expectWarnings = "KILL")
        void countsTheirEndsAndRestarts(TestPool kit, TestWorker worker) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            worker.kill();
            worker.awaitState(WorkerState.READY);
            awaitTold(kit, event -> event instanceof PoolEvent.WorkerExited);

            Phase phase = monitor.now();

            assertThat(phase.workers().ends()).containsOnlyKeys(TransitionCause.KILLED);
            assertThat(phase.workers().restarts()).isEqualTo(1);
            assertThat(phase.events()).containsEntry("WorkerExited", 1L).doesNotContainKey("GuardianLost");
        }
    }

    @Nested
    class AsAReport {

        @VivariumTest(options = "call-events = true")
        void isReadByHumansAndMachines(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            monitor.phase("quiet");
            PendingCall<String> call = monitor.call(ECHO);
            call.await();
            awaitTold(kit, event -> event instanceof PoolEvent.CallEnded);

            MonitorReport report = monitor.report();

            assertThat(report.text())
                    .contains("pool " + kit.name() + ", in ms; the monitor took")
                    .contains("quiet: 0.000 from 2030-01-01T00:00:00Z")
                    .contains("calls: 1 accepted, 1 succeeded, 0 failed, 0 retried, 0 late answers, 0 open; 1 watched")
                    .containsPattern("\n  total +1 +0.000 ")
                    .containsPattern("\n  of 'echo' +1 ")
                    .contains("CallEnded 1")
                    .contains("the pool at the end: SERVING, total=1, idle=");
            JsonNode json = new ObjectMapper().readTree(report.json());
            assertThat(json.at("/pool").asText()).isEqualTo(kit.name());
            assertThat(json.at("/phases/0/calls/succeeded").asLong()).isEqualTo(1);
            assertThat(json.at("/phases/0/steps/total/count").asLong()).isEqualTo(1);
            assertThat(json.at("/phases/0/handlers/echo/took/count").asLong()).isEqualTo(1);
            assertThat(json.at("/phases/0/events/CallEnded").asLong()).isEqualTo(1);
            assertThat(json.at("/overhead/calls").asLong()).isEqualTo(1);
        }

        @VivariumTest
        void tellsWhatTheMonitorHasCost(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            monitor.call(ECHO).await();
            kit.awaitThat(
                    "an event has been told", () -> monitor.report().overhead().events() > 0);

            MonitorReport.Overhead overhead = monitor.report().overhead();

            assertThat(overhead.calls()).isEqualTo(1);
            assertThat(overhead.spent()).isPositive().isLessThan(overhead.since());
            assertThat(overhead.share()).isBetween(0.0, 1.0);
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON, readiness = VivariumTest.Readiness.NOT_STARTED)
    class OfAPoolThatIsNoTests {

        @VivariumTest
        void isToldItsEventsAsTheyHappen(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.starting(
                    listener -> kit.adopt(PythonPool.start(kit.config(settings -> settings.eventListener(listener)))));
            var unused = monitor.pool()
                    .whenServing()
                    .toCompletableFuture()
                    .get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
            monitor.phase("calls");
            monitor.call(ECHO).await();

            MonitorReport report = monitor.report();

            assertThat(report.phases()).extracting(Phase::name).containsExactly(PoolMonitor.UNNAMED, "calls");
            assertThat(report.phases().get(0).events()).containsKeys("GuardianStarted", "WorkerTransitioned");
            assertThat(report.phase("calls").steps()).containsKeys(CallStep.START, CallStep.RUN, CallStep.TOTAL);
        }
    }
}
