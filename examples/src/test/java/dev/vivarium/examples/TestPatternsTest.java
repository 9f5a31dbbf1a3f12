package dev.vivarium.examples;

import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerState;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.ArrivalPlan;
import dev.vivarium.testkit.ConcurrentCalls;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.PerformanceAnalysis;
import dev.vivarium.testkit.PerformanceAnalysis.Limit;
import dev.vivarium.testkit.PerformanceAnalyzer;
import dev.vivarium.testkit.PoolMonitor;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestData;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.Workload;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The patterns of docs/guide/TEST_PATTERNS.md, and what to leave: all of them run, and all pass; that is what is wrong with some. */
class TestPatternsTest {

    private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    static WorkerScript script() {
        return WorkerScript.standard().with("price", call -> new Reaction.Reply(42));
    }

    @Test
    void theGuideShowsTestsThatAreRun() throws Exception {
        String source =
                stripped(Files.readString(Path.of("src/test/java/dev/vivarium/examples/TestPatternsTest.java")));
        List<String> snippets = SNIPPET.matcher(Files.readString(Path.of("../docs/guide/TEST_PATTERNS.md")))
                .results()
                .map(match -> stripped(match.group(1)))
                .toList();

        assertThat(snippets)
                .hasSize(16)
                .doesNotHaveDuplicates()
                .allSatisfy(snippet -> assertThat(source).contains(snippet));
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Nested
    class Waiting {

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void waitsForTheEvent(TestPool kit, TestWorker worker) throws Exception {
            worker.kill();

            assertThat(worker.awaitState(WorkerState.READY).incarnation()).isEqualTo(2);
        }

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void waitsLongEnough(TestPool kit, TestWorker worker, TestTime time) {
            worker.kill();

            time.advance(Duration.ofSeconds(30)); // Enough? For whom?

            assertThat(kit.pool().snapshot().total()).isEqualTo(1); // It was 1 before, too.
        }
    }

    @Nested
    class Failures {

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void saysWhichFailureAndWhetherItRan(PythonPool pool) {
            assertThat(pool.call("die", String.class, 9))
                    .failedWith(WorkerCrashed.class)
                    .execution(Execution.UNKNOWN)
                    .workerEndedBy(TransitionCause.KILLED);
        }

        @VivariumTest
        void saysThatSomethingFailed(PythonPool pool) {
            // The handler's name has a typo: this would pass, whatever a dying worker looks like.
            assertThatThrownBy(() -> pool.call("dei", String.class, 9).await()).isInstanceOf(RuntimeException.class);
        }
    }

    @Nested
    class Moments {

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void namesTheMoment(TestPool kit, FaultInjector faults) throws Exception {
            PythonCall<String> call =
                    PythonCall.to("echo").args("hello").returning(String.class).retrySafe();

            try (FaultLease killed = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9))) {
                assertThat(kit.pool().call(call).await()).isEqualTo("hello");
                assertThat(killed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void hopesForTheMoment(TestPool kit, TestWorker worker) throws Exception {
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("echo")
                            .args("hello")
                            .returning(String.class)
                            .retrySafe());

            worker.kill(); // Before it was sent? After it was answered?

            assertThat(call.await()).isEqualTo("hello");
        }
    }

    @Nested
    class Holding {

        @VivariumTest(workers = 1)
        void holdsTheWorker(TestPool kit) throws Exception {
            PendingCall<String> held = kit.pool().call("held", String.class, "gate", "first");
            kit.awaitStarted(held);
            PendingCall<String> waits = kit.pool().call("echo", String.class, "second");

            assertThat(kit.pool().snapshot().waiting()).isEqualTo(1);

            kit.open("gate");
            assertThat(waits.await()).isEqualTo("second");
            assertThat(held.await()).isEqualTo("first");
        }

        @VivariumTest(workers = 1)
        void keepsTheWorkerBusyForAWhile(TestPool kit) throws Exception {
            PendingCall<String> busy = kit.pool().call("slow", String.class, 0.5, "first");
            PendingCall<String> waits = kit.pool().call("echo", String.class, "second");

            assertThat(kit.outcome(waits)).isEqualTo("second"); // Nothing says that it ever waited.
            assertThat(kit.outcome(busy)).isEqualTo("first");
        }
    }

    @Nested
    class Time {

        @VivariumTest
        void letsAnHourPass(TestPool kit, TestTime time) throws Exception {
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofHours(1)));
            kit.awaitStarted(call);

            time.advance(Duration.ofHours(1).minusNanos(1));
            assertThat(call.isDone()).isFalse();
            time.advance(Duration.ofNanos(1));

            assertThat(call).failedWith(CallTimedOut.class);
        }

        @VivariumTest(time = VivariumTest.Time.REAL)
        void makesTheDeadlineSmall(TestPool kit) {
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofMillis(50)));

            // Real time: slow on a quiet machine, and on a busy one the call may time out before it has started.
            assertThatThrownBy(call::await).isInstanceOf(CallTimedOut.class);
        }
    }

    @Nested
    class Chance {

        @VivariumTest
        void drawsByTheTestsSeed(TestPool kit) throws Exception {
            TestData data = TestData.of(kit);

            for (int i = 0; i < 20; i++) {
                String text = data.text(30);
                assertThat(kit.pool().call("echo", String.class, text).await()).isEqualTo(text);
            }
        }

        @VivariumTest
        void drawsAnew(TestPool kit) throws Exception {
            Random random = new Random(); // Whatever it finds is found once.

            String text = Integer.toString(random.nextInt());

            assertThat(kit.pool().call("echo", String.class, text).await()).isEqualTo(text);
        }
    }

    @Nested
    class Layers {

        @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
        void asksAllLayersTheSame(TestPool kit) {
            assertThat(kit.pool().call("fail", String.class, "no tea"))
                    .failedWith(dev.vivarium.PythonException.class)
                    .execution(Execution.RAN);
        }

        @VivariumTest
        void asksItsOwnScript(TestPool kit) throws Exception {
            // Of Python it says nothing: the answer is the test's own.
            assertThat(kit.pool().call("price", Integer.class, "tea").await()).isEqualTo(42);
        }
    }

    @Nested
    class Speed {

        @VivariumTest(workers = 2)
        void saysWhatLimits(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            Workload work = Workload.of(kit)
                    .calls(1, data -> PythonCall.to("slow").args(0.05, "x").returning(String.class));

            List<CallOutcome<?>> ends = ConcurrentCalls.of(kit, monitor)
                    .asPlanned(work.over(ArrivalPlan.evenly(20, Duration.ofSeconds(10))));

            PerformanceAnalysis analysis =
                    PerformanceAnalyzer.analyze(monitor.now(), kit.events().all());
            assertThat(ends).hasSize(200);
            assertThat(analysis.finding(Limit.QUEUEING)).as(analysis::text).isEmpty();
        }

        @VivariumTest(time = VivariumTest.Time.REAL)
        void looksAtTheClock(TestPool kit) throws Exception {
            long begun = System.nanoTime();

            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");

            // So generous that it finds nothing, and still red one day, for somebody else's load.
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMinutes(1));
        }
    }
}
