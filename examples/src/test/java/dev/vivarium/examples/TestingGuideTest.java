package dev.vivarium.examples;

import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerState;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.ArrivalPlan;
import dev.vivarium.testkit.ConcurrentCalls;
import dev.vivarium.testkit.FailureAnalyzer;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.MonitorReport;
import dev.vivarium.testkit.PerformanceAnalysis;
import dev.vivarium.testkit.PerformanceAnalysis.Limit;
import dev.vivarium.testkit.PerformanceAnalyzer;
import dev.vivarium.testkit.PoolFailures;
import dev.vivarium.testkit.PoolMonitor;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestData;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.Workload;
import dev.vivarium.testkit.junit5.CommandAudit;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/guide/testing.md. */
class TestingGuideTest {

    static WorkerScript script() {
        return WorkerScript.standard()
                .with("price", call -> new Reaction.Reply(42))
                .with("liar", call -> new Reaction.Foreign(call.callId() + 1, "not yours"));
    }

    @VivariumTest
    void aFakeWorkerAnswersAtOnceAndTimeStandsStill(TestPool kit, TestTime time) throws Exception {
        assertThat(kit.pool().call("price", Integer.class, "tea").await()).isEqualTo(42);

        PendingCall<String> slow =
                kit.pool().call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofHours(1)));
        kit.awaitStarted(slow);
        time.advance(Duration.ofHours(1));

        assertThatThrownBy(slow::await).isInstanceOf(CallTimedOut.class);
    }

    @VivariumTest(layers = Layer.SCRIPTED, workers = 1, expectWarnings = "broke the protocol")
    void aScriptedWorkerLies(TestPool kit) {
        assertThatThrownBy(() -> kit.pool().call("liar", String.class).await())
                .isInstanceOf(WorkerCrashed.class)
                .hasMessageContaining("UNEXPECTED_TYPE");
    }

    @VivariumTest(
            layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
            workers = 1,
            expectWarnings = "KILL")
    void aWorkerDiesAfterItsWorkAndBeforeItsAnswer(TestPool kit, FaultInjector faults) throws Exception {
        PythonCall<String> call =
                PythonCall.to("echo").args("hello").returning(String.class).retrySafe();

        try (FaultLease killed = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9))) {
            assertThat(kit.pool().call(call).await()).isEqualTo("hello");
            assertThat(killed.landed()).isEqualTo(1);
        }
    }

    @VivariumTest(layers = Layer.PYTHON, workers = 4)
    void manyCallsAreMadeAtTheSameMoment(TestPool kit) throws Exception {
        List<PendingCall<Integer>> calls = kit.synchronize(100, i -> kit.pool().call("echo", Integer.class, i));

        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).await()).isEqualTo(i);
        }
    }

    @VivariumTest(workers = 1, expectWarnings = "KILL")
    void aProbeSeesWhatThePoolTells(TestPool kit, TestWorker worker) throws Exception {
        TestProbe<PoolEvent> probe = kit.eventProbe();

        worker.kill();

        probe.fishForMessage(
                Duration.ofSeconds(20),
                event -> event instanceof PoolEvent.WorkerExited
                        ? org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes.complete()
                        : org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes.continueAndIgnore());
        assertThat(worker.awaitState(WorkerState.READY).incarnation()).isEqualTo(2);
    }

    @VivariumTest(layers = Layer.PYTHON, readiness = VivariumTest.Readiness.NOT_STARTED)
    void aTestStartsItsPoolWithSettingsOfItsOwn(TestPool kit, @TempDir Path folder) throws Exception {
        Path handlers = Files.writeString(folder.resolve("prices.py"), "def price(item): return len(item)\n");

        kit.start(settings -> settings.handlers(handlers.toString()).callbackExecutor(Runnable::run));

        assertThat(kit.pool().call("price", Integer.class, "tea").await()).isEqualTo(3);
    }

    @VivariumTest(workers = 1)
    void aSecondPoolIsNotHeldUpByTheFirst(TestPool kit) throws Exception {
        TestPool other = kit.another("beside").start().ensureReady();
        PendingCall<String> held = kit.pool().call("held", String.class, "gate", "first");

        assertThat(other.pool().call("echo", String.class, "second").await()).isEqualTo("second");

        assertThat(held.isDone()).isFalse();
    }

    @VivariumTest(workers = 1, expectWarnings = "KILL")
    void aCallThatLostItsWorkerSaysWhatIsKnown(PythonPool pool) {
        assertThat(pool.call("die", String.class, 9))
                .attempts(1)
                .failedWith(WorkerCrashed.class)
                .execution(Execution.UNKNOWN)
                .workerEndedBy(TransitionCause.KILLED);
    }

    @VivariumTest
    void whatHappenedToACallIsAText(TestPool kit) {
        PendingCall<String> call = kit.pool().call("fail", String.class, "no tea");

        assertThat(call).failedWith(PythonException.class);

        assertThat(FailureAnalyzer.of(kit).explain(call)).contains("ValueError: no tea");
    }

    @VivariumTest(layers = Layer.PYTHON, workers = 2)
    void aMonitorTellsWhereTheTimeOfCallsGoes(TestPool kit) throws Exception {
        PoolMonitor monitor = PoolMonitor.of(kit);
        ConcurrentCalls calls = ConcurrentCalls.of(kit, monitor);
        IntFunction<PythonCall<Integer>> echo =
                i -> PythonCall.to("echo").args(i).returning(Integer.class).retrySafe();

        monitor.phase("quiet");
        calls.oneAfterTheOther(4, 1000, echo);
        monitor.phase("after a kill");
        PoolFailures.of(kit).killAllWorkers();
        calls.atOnce(20, echo);

        MonitorReport report = monitor.report();
        assertThat(report.phase("quiet").calls().succeeded()).isEqualTo(1000);
        assertThat(report.phase("after a kill").workers().restarts()).isEqualTo(2);
        System.out.println(report.text());
    }

    @VivariumTest(layers = Layer.PYTHON, workers = 2)
    void anyValueAndTheLargestBodyComeBack(TestPool kit) throws Exception {
        TestData data = TestData.of(kit);
        PythonCall<String> largest = data.ofBodySize("echo", 1 << 20);

        for (int i = 0; i < 100; i++) {
            JsonNode unused =
                    kit.pool().call("echo", JsonNode.class, data.value()).await(); // The ledger compares.
        }

        assertThat(kit.pool().call(largest).await())
                .isEqualTo(largest.positional().get(0));
    }

    @VivariumTest(workers = 4)
    void aMinuteOfCallersTakesAMoment(TestPool kit) throws Exception {
        Workload callers = Workload.of(kit)
                .calls(9, data -> PythonCall.to("slow").args(0.02, data.value()).retrySafe())
                .calls(1, data -> PythonCall.to("count"))
                .inSessions(1, 20);
        ArrivalPlan minute = ArrivalPlan.atRandom(20, Duration.ofMinutes(1)).then(ArrivalPlan.burst(30));

        List<CallOutcome<?>> ends = ConcurrentCalls.of(kit, PoolMonitor.of(kit)).asPlanned(callers.over(minute));

        assertThat(ends).allMatch(end -> end instanceof CallOutcome.Succeeded<?>);
    }

    @VivariumTest(workers = 2)
    void theAnalyzerSaysWhatLimits(TestPool kit) throws Exception {
        PoolMonitor monitor = PoolMonitor.of(kit);
        ConcurrentCalls calls = ConcurrentCalls.of(kit, monitor);
        IntFunction<PythonCall<String>> slow =
                i -> PythonCall.to("slow").args(0.05, "x").returning(String.class);

        monitor.phase("two callers");
        calls.oneAfterTheOther(2, 40, slow);
        monitor.phase("eight callers");
        calls.oneAfterTheOther(8, 40, slow);

        MonitorReport report = monitor.report();
        PerformanceAnalysis now = PerformanceAnalyzer.analyze(
                report.phase("eight callers"), kit.events().all());
        assertThat(now.findings().get(0).limit()).isEqualTo(Limit.QUEUEING);
        System.out.println(now.text());
        System.out.println(PerformanceAnalyzer.compare(report.phase("two callers"), report.phase("eight callers"))
                .text());
    }

    @Nested
    class ACommand {

        @RegisterExtension
        final CommandAudit audit = new CommandAudit();

        @Test
        void leavesNothingBehind() throws Exception {
            ProcessBuilder command = new ProcessBuilder("sh", "-c", "echo work > $TMPDIR/scratch; rm $TMPDIR/scratch");

            assertThat(audit.mark(command).start().waitFor()).isZero();
        }
    }
}
