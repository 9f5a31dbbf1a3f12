package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.engine;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;
import org.slf4j.LoggerFactory;

/** A test that leaves something behind, or whose books do not balance, fails and says what it was. */
@Tag("processes")
@ResourceLock("processes of this JVM") // Runs of tests within a test look for what this JVM has started.
class VivariumExtensionTest {

    private static Events run(Class<?> tests) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(tests))
                .execute()
                .testEvents();
    }

    private static void failsWith(Class<?> tests, Predicate<String> text) {
        Events events = run(tests);

        assertThat(events.succeeded().count()).isZero();
        events.assertThatEvents().haveExactly(1, event(finishedWithFailure(message(text))));
    }

    @Test
    void namesAWarning() {
        failsWith(
                Warns.class,
                text -> text.contains("left behind, on layer FAKE with seed")
                        && text.contains("WARNING: WARN careless"));
    }

    @Test
    void namesAFaultThatNeverLanded() {
        failsWith(ArmsInVain.class, text -> text.contains("FAULT: Signalled[signal=9] at EXECUTED"));
    }

    @Test
    void namesAnAnswerThatIsAnotherCalls() {
        failsWith(Swaps.class, text -> text.contains("the books do not balance") && text.contains("FOREIGN"));
    }

    private static String stackTrace(Class<?> tests) {
        Throwable thrown = run(tests)
                .finished()
                .failed()
                .list()
                .get(0)
                .getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .orElseThrow();
        StringWriter shown = new StringWriter();
        thrown.printStackTrace(new PrintWriter(shown));
        return shown.toString();
    }

    private static void showsItsCircumstances(Class<?> tests, String failure) {
        assertThat(stackTrace(tests))
                .contains(failure)
                .containsPattern("on layer FAKE with -Dvivarium.testkit.seed=-?\\d+; the last events were:")
                .contains("PoolStateChanged");
    }

    @Test
    void showsSeedAndLastEventsWithTheFailureOfATest() {
        showsItsCircumstances(Fails.class, "it does not hold");
    }

    @Test
    void tellsWhatHappenedToTheCallThatATestFailedWith() {
        assertThat(stackTrace(FailsWithACall.class))
                .containsPattern("what happened to call \\d+ of 'die': it failed with WorkerCrashed, after 1 attempt")
                .contains("execution UNKNOWN")
                .contains("started +")
                .containsPattern("/1#1 ended in call \\d+: KILLED");
    }

    @Test
    void tellsWhatHappenedToTheCallBehindAnotherFailure() {
        assertThat(stackTrace(FailsBecauseOfACall.class))
                .containsPattern("what happened to call \\d+ of 'fail': it failed with PythonException");
    }

    @Test
    void tellsOfNoCallWhenATestFailsByItself() {
        assertThat(stackTrace(Fails.class)).doesNotContain("what happened to");
    }

    @Test
    void showsSeedAndLastEventsWithTheFailureOfWhatRunsBeforeOrAfterATest() {
        showsItsCircumstances(FailsBefore.class, "not prepared");
        showsItsCircumstances(FailsAfter.class, "not put away");
    }

    @Test
    void showsSeedAndLastEventsWithALeakAndWithBooksThatDoNotBalance() {
        showsItsCircumstances(Warns.class, "left behind");
        showsItsCircumstances(Swaps.class, "the books do not balance");
    }

    @Test
    void failsTheRunForAWarningThatBelongsToNoTest() {
        EngineExecutionResults run = EngineTestKit.engine("junit-jupiter")
                .configurationParameter(WarningsOfTheRun.LOGGERS, "astray")
                .selectors(selectClass(WarnsWithoutAName.class))
                .execute();

        assertThat(run.testEvents().succeeded().count()).isEqualTo(1);
        run.containerEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        event(
                                engine(),
                                finishedWithFailure(message(text -> text.contains("belong to no test")
                                        && text.contains("WARN astray.logger: nobody's business")))));
    }

    @Nested
    class AProcessThatATestStartsAndLeaves {

        @AfterEach
        void end() {
            LeavesAProcess.LEFT.forEach(Process::destroyForcibly);
            LeavesAProcess.LEFT.clear();
        }

        private static EngineExecutionResults leave(String when) {
            return EngineTestKit.engine("junit-jupiter")
                    .configurationParameter(ProcessesOfTheRun.WHEN, when)
                    .selectors(selectClass(LeavesAProcess.class))
                    .execute();
        }

        private static Predicate<String> namesIt(String beginning) {
            long pid = LeavesAProcess.LEFT.get(0).pid();
            return text ->
                    text.contains(beginning) && text.contains("PROCESS: " + pid + " ") && text.contains("tail -f");
        }

        @Test
        void failsThatTest() {
            Events tests = leave("test").testEvents();

            tests.assertThatEvents()
                    .haveExactly(
                            1, event(finishedWithFailure(message(namesIt("the test left behind, on layer FAKE")))));
        }

        @Test
        void failsTheRunWhereTestsMayRunSideBySide() {
            EngineExecutionResults run = leave("run");

            assertThat(run.testEvents().succeeded().count()).isEqualTo(1);
            run.containerEvents()
                    .assertThatEvents()
                    .haveExactly(
                            1,
                            event(
                                    engine(),
                                    finishedWithFailure(message(namesIt("the tests left processes")
                                            .and(text -> text.contains(LeavesAProcess.class.getName()))))));
        }

        @Test
        void isNotLookedForWhereThatIsNotWanted() {
            EngineExecutionResults run = leave("never");

            assertThat(run.allEvents().failed().count()).isZero();
        }

        @Test
        void isLookedForAsAValueThatIsKnownSays() {
            leave("sometimes")
                    .testEvents()
                    .assertThatEvents()
                    .haveExactly(
                            1,
                            event(finishedWithFailure(message(
                                    "vivarium.testkit.processes must be test, run or never, got \"sometimes\""))));
        }
    }

    @Test
    void saysThatAConstructorCannotHaveWhatBeginsAfterIt() {
        failsWith(
                TakesFaultsTooEarly.class,
                text -> text.contains("begins after the constructor") && text.contains("take the FaultInjector"));
    }

    @Test
    void failsWhereALayerIsNotThere() {
        failsWith(WithoutPython.class, text -> text.contains("/surely/not/python"));
    }

    @Test
    void keepsTheSeedOfAFailureButNotOfAPoolThatNeverBegan(@TempDir Path folder) {
        Path seeds = folder.resolve("failing-seeds");
        EngineTestKit.Builder kept =
                EngineTestKit.engine("junit-jupiter").configurationParameter(FailingSeeds.FILE, seeds.toString());

        assertThat(kept.selectors(selectClass(WithoutPython.class))
                        .execute()
                        .testEvents()
                        .failed()
                        .count())
                .isEqualTo(1);
        assertThat(seeds).doesNotExist();

        assertThat(kept.selectors(selectClass(Fails.class))
                        .execute()
                        .testEvents()
                        .failed()
                        .count())
                .isPositive();
        assertThat(seeds).content().contains("FAKE\t" + Fails.class.getName() + "#fails");
    }

    @Test
    void lendsEveryPartOfTheKitAndTakesTheNearestAttributes() {
        Events events = run(Lends.class);

        assertThat(events.succeeded().count()).isEqualTo(2);
        assertThat(events.failed().count()).isZero();
    }

    @Test
    void inheritsAttributesAndScriptOfSuperclassesBeforeThoseOfEnclosingOnes() {
        Events events = run(Enclosing.Inherits.class);

        assertThat(events.succeeded().count()).isEqualTo(2);
        assertThat(events.failed().count()).isZero();
    }

    @Test
    @SuppressWarnings("deprecation") // What came in its place is not in JUnit before 5.13.
    void isClosedAtTheEndOfTheRunByAnyJUnit() {
        assertThat(ExtensionContext.Store.CloseableResource.class)
                .isAssignableFrom(WarningsOfTheRun.class)
                .isAssignableFrom(ProcessesOfTheRun.class);
    }

    @VivariumTest(workers = 5)
    static final class Enclosing {
        private Enclosing() {}

        @VivariumTest(workers = 4)
        interface Tested {}

        @VivariumTest(layers = Layer.FAKE, workers = 3)
        abstract static class Contract implements Tested {
            static WorkerScript script() {
                return WorkerScript.standard().with("mine", call -> new Reaction.Reply(1));
            }

            @VivariumTest
            void holds(TestPool kit) throws Exception {
                assertThat(kit.pool().call("mine", Integer.class).await()).isEqualTo(1);
                assertThat(kit.pool().snapshot().wanted()).isEqualTo(3);
                assertThat(kit.layer()).isEqualTo(Layer.SCRIPTED);
            }
        }

        @VivariumTest(layers = Layer.SCRIPTED)
        static class Inherits extends Contract {
            @VivariumTest(workers = 1)
            void nearest(TestPool kit) {
                assertThat(kit.pool().snapshot().wanted()).isEqualTo(1);
            }
        }
    }

    static class LeavesAProcess {
        private static final List<Process> LEFT = new CopyOnWriteArrayList<>();

        @VivariumTest
        void careless(TestPool kit) throws Exception {
            LEFT.add(new ProcessBuilder("tail", "-f", "/dev/null").start());
        }
    }

    static class Warns {
        @VivariumTest
        void careless(TestPool kit) {
            LoggerFactory.getLogger("careless")
                    .warn("{} was careless", kit.pool().name());
        }
    }

    static class Fails {
        @VivariumTest
        void fails() {
            throw new AssertionError("it does not hold");
        }
    }

    @VivariumTest(workers = 1, expectWarnings = "KILL")
    static class FailsWithACall {
        @VivariumTest
        void fails(PythonPool pool) throws Exception {
            pool.call(PythonCall.to("die").args(9).timed()).await();
        }
    }

    static class FailsBecauseOfACall {
        @VivariumTest
        void fails(PythonPool pool) throws Exception {
            try {
                pool.call("fail", String.class, "no").await();
            } catch (PythonException e) {
                throw new IllegalStateException("the service does not work", e);
            }
        }
    }

    static class FailsBefore {
        @BeforeEach
        void prepare() {
            throw new IllegalStateException("not prepared");
        }

        @VivariumTest
        void neverRuns() {}
    }

    static class FailsAfter {
        @AfterEach
        void putAway() {
            throw new IllegalStateException("not put away");
        }

        @VivariumTest
        void runs() {}
    }

    static class WarnsWithoutAName {
        @VivariumTest
        void warns() {
            LoggerFactory.getLogger("astray.logger").warn("nobody's business");
        }
    }

    static class TakesFaultsTooEarly {
        TakesFaultsTooEarly(FaultInjector faults) {
            var unused = faults.leases();
        }

        @VivariumTest
        void neverRuns() {}
    }

    static class ArmsInVain {
        @VivariumTest
        void vain(FaultInjector faults) {
            var unused = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9));
        }
    }

    static class Swaps {
        static WorkerScript script() {
            return WorkerScript.standard().with("echo", call -> new Reaction.Reply("another's"));
        }

        @VivariumTest
        void swaps(PythonPool pool) throws Exception {
            assertThat(pool.call("echo", String.class, "mine").await()).isEqualTo("another's");
        }
    }

    @VivariumTest(layers = Layer.PYTHON, expectWarnings = "/surely/not/python")
    static class WithoutPython {
        @VivariumTest(options = "python = /surely/not/python")
        void neverRuns() {}
    }

    @VivariumTest(workers = 3, options = "queue-capacity = 7", readiness = VivariumTest.Readiness.NONE)
    static class Lends {
        @VivariumTest
        void parts(
                TestPool kit, TestWorker worker, FaultInjector faults, Ledger ledger, TestTime time, PythonPool pool) {
            assertThat(kit.layer()).isEqualTo(Layer.FAKE);
            assertThat(worker.slot()).isEqualTo(1);
            assertThat(faults.leases()).isEmpty();
            assertThat(ledger.report().calls()).isZero();
            assertThat(time.isVirtual()).isTrue();
            assertThat(pool.snapshot().wanted()).isEqualTo(3);
        }

        @VivariumTest(
                workers = 1,
                readiness = VivariumTest.Readiness.ALL_WORKERS,
                layers = Layer.PYTHON,
                handlers = "/handlers/recorded.py")
        void nearest(TestPool kit) throws Exception {
            assertThat(kit.pool().snapshot().wanted()).isEqualTo(1);
            assertThat(kit.pool().call("twice", Integer.class, 4).await()).isEqualTo(8);
            assertThat(kit.ledger().report().executions()).isEqualTo(1);
        }
    }
}
