package dev.vivarium.testkit;

import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.PoolFailures.Occupation;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

/** Pools fail as they are told to, and calls are made together. */
@VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED})
class PoolFailuresTest {

    private static PythonCall<Integer> echo(int value) {
        return PythonCall.to("echo").args(value).returning(Integer.class);
    }

    @Nested
    class AFailure {

        @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
        void ofAllWorkersIsOverWhenAllAreReplaced(TestPool kit, PythonPool pool) throws Exception {
            assertThat(PoolFailures.of(kit).killAllWorkers()).isEqualTo(2);

            assertThat(pool).incarnation(1, 2).incarnation(2, 2).isIdle();
            assertThat(pool.call(echo(1))).succeededWith(1);
        }

        @VivariumTest
        void onTheStartLeavesTheExecutionUnknown(TestPool kit, PythonPool pool) {
            try (FaultLease killed = PoolFailures.of(kit).killOnStart(1)) {
                assertThat(pool.call(echo(1))).failedWith(WorkerCrashed.class).execution(Execution.UNKNOWN);
                assertThat(killed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest
        void thatLosesAnAnswerLeadsToAnotherAttempt(TestPool kit, PythonPool pool) {
            try (FaultLease lost = PoolFailures.of(kit).loseAnswers(1)) {
                assertThat(pool.call(echo(1).retrySafe())).succeededWith(1).attempts(2);
                assertThat(lost.landed()).isEqualTo(1);
            }
        }

        @VivariumTest(layers = Layer.FAKE)
        void thatHangsEndsAtTheDeadline(TestPool kit, PythonPool pool) {
            try (FaultLease hung = PoolFailures.of(kit).hang(1)) {
                assertThat(pool.call(echo(1).timeout(Duration.ofSeconds(1))))
                        .passingTimeOf(kit)
                        .failedWith(CallTimedOut.class);
                assertThat(hung.landed()).isEqualTo(1);
            }
        }

        @VivariumTest(workers = 1)
        void inALoopIsOverAfterSoManyStarts(TestPool kit, PythonPool pool) throws Exception {
            try (FaultLease loop = PoolFailures.of(kit).crashLoop(1, 3)) {
                kit.passTimeUntil("out of the loop", () -> loop.landed() == 3);
                kit.passTimeUntil("up again", () -> pool.snapshot().count(Phase.IDLE) == 1);
            }

            assertThat(pool).incarnation(1, 5);
            assertThat(kit.events()).contain(PoolEvent.RestartScheduled.class, restart -> restart.failures() == 3);
        }

        @VivariumTest
        void toFindAFreeWorkerLastsAsLongAsAllAreOccupied(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Integer> waiting;
            try (Occupation occupied = PoolFailures.of(kit).occupyAll()) {
                waiting = pool.call(echo(1));

                assertThat(pool).workers(Phase.BUSY, 2);
                assertThat(waiting).isPending();
                assertThat(occupied.calls()).hasSize(2);
            }
            assertThat(waiting).succeededWith(1);
        }
    }

    @Nested
    class Calls {

        @VivariumTest
        void atOnceAreWatchedAndComeBackByNumber(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);

            List<CallOutcome<Integer>> outcomes =
                    ConcurrentCalls.of(kit, monitor).atOnce(20, PoolFailuresTest::echo);

            for (int i = 0; i < outcomes.size(); i++) {
                assertThat(outcomes.get(i)).succeededWith(i);
            }
            assertThat(outcomes).hasSize(20);
            assertThat(monitor.now().calls().watched()).isEqualTo(20);
            assertThat(monitor.now().steps().get(CallStep.TOTAL).count()).isEqualTo(20);
        }

        @VivariumTest
        void oneAfterTheOtherAreAllMadeThoughSomeFail(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);

            List<CallOutcome<Integer>> outcomes = ConcurrentCalls.of(kit, monitor)
                    .oneAfterTheOther(
                            3,
                            30,
                            i -> i % 10 == 0 ? PythonCall.to("fail").args("no").returning(Integer.class) : echo(i));

            assertThat(outcomes).hasSize(30);
            assertThat(outcomes.get(29)).succeededWith(29);
            assertThat(monitor.now().errors()).containsEntry("PythonException", 3L);
        }

        @VivariumTest(layers = Layer.FAKE, workers = 4)
        void oneAfterTheOtherAreAtATimeAsManyAsThereAreCallers(TestPool kit, PythonPool pool) throws Exception {
            ConcurrentCalls calls = ConcurrentCalls.of(kit, PoolMonitor.of(kit));
            CompletableFuture<List<CallOutcome<String>>> all = CompletableFuture.supplyAsync(() -> {
                try {
                    return calls.oneAfterTheOther(
                            2,
                            5,
                            i -> PythonCall.to("held").args("gate" + i, "x").returning(String.class));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            kit.awaitThat("two are made", () -> pool.snapshot().accepted() == 2);
            kit.time().advance(Duration.ZERO);
            assertThat(pool).accepted(2);

            kit.open("gate0");
            kit.awaitThat("a third is made", () -> pool.snapshot().accepted() == 3);
            for (int i = 1; i < 5; i++) {
                kit.open("gate" + i);
            }

            assertThat(all.get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)).hasSize(5);
        }

        @VivariumTest(layers = Layer.FAKE)
        void areRefusedWhereTheyCannotBeMadeOrWatched(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            TestPool other = kit.another("beside").start().ensureReady();

            assertThatThrownBy(() -> ConcurrentCalls.of(other, monitor)).hasMessageContaining("not " + other.name());
            ConcurrentCalls calls = ConcurrentCalls.of(kit, monitor);
            assertThatThrownBy(() -> calls.oneAfterTheOther(0, 1, PoolFailuresTest::echo))
                    .hasMessageContaining("callers must be 1 or more, got 0");
            assertThatThrownBy(() -> calls.oneAfterTheOther(1, 1, i -> {
                        throw new IllegalArgumentException("no call " + i);
                    }))
                    .hasRootCauseMessage("no call 0");
            assertThatThrownBy(() -> calls.oneAfterTheOther(1, 3, i -> {
                        throw new AssertionError("mine");
                    }))
                    .hasRootCauseMessage("mine");
            assertThatThrownBy(() -> calls.oneAfterTheOther(1, 0, PoolFailuresTest::echo))
                    .hasMessageContaining("count must be 1 or more, got 0");
        }
    }
}
