package dev.vivarium.testkit.assertions;

import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThat;
import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThatEvents;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.Circuit;
import dev.vivarium.LadderCounts;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionCounts;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.SessionHistory;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Each assertion about pools, sessions, events and books holds where it should, and fails with what there is elsewhere. */
class PoolAssertionsTest {

    private static void fails(ThrowingCallable assertion, String... parts) {
        assertThatThrownBy(assertion).isInstanceOf(AssertionError.class).hasMessageContainingAll(parts);
    }

    @Nested
    class OfASnapshot {

        private static WorkerSnapshot worker(int slot, int incarnation, Phase phase) {
            return new WorkerSnapshot(
                    new WorkerId("p", slot), incarnation, phase, 7, 0, 0, 0, -1, null, WorkerSnapshot.Health.SOUND);
        }

        private final PoolSnapshot snapshot = new PoolSnapshot(
                "p",
                PoolState.SERVING,
                2,
                3,
                Duration.ZERO,
                20,
                10,
                5,
                4,
                1,
                0,
                0,
                0,
                new LadderCounts(0, 0, 0, 0),
                SessionCounts.NONE,
                List.of(new Circuit("p", "price")),
                List.of(worker(1, 2, Phase.IDLE), worker(2, 1, Phase.BUSY)));

        @Test
        void readEachOfItsNumbers() {
            assertThat(snapshot)
                    .isServing()
                    .state(PoolState.SERVING)
                    .wanted(2)
                    .waiting(3)
                    .accepted(20)
                    .succeeded(10)
                    .failed(5)
                    .retried(4)
                    .restarts(1)
                    .workers(Phase.BUSY, 1)
                    .worker(1, Phase.IDLE)
                    .incarnation(1, 2);
        }

        @Test
        void failWithTheNumberThatThereIs() {
            fails(() -> assertThat(snapshot).state(PoolState.CLOSED), "<CLOSED>", "<SERVING>");
            fails(() -> assertThat(snapshot).wanted(1), "wanted should be <1>, and is <2>");
            fails(() -> assertThat(snapshot).waiting(1), "waiting should be <1>, and is <3>");
            fails(() -> assertThat(snapshot).accepted(1), "accepted should be <1>, and is <20>");
            fails(() -> assertThat(snapshot).succeeded(1), "succeeded should be <1>, and is <10>");
            fails(() -> assertThat(snapshot).failed(1), "failed should be <1>, and is <5>");
            fails(() -> assertThat(snapshot).retried(1), "retried should be <1>, and is <4>");
            fails(() -> assertThat(snapshot).restarts(2), "restarts should be <2>, and is <1>");
            fails(() -> assertThat(snapshot).workers(Phase.BUSY, 2), "BUSY workers should be <2>, and is <1>");
            fails(() -> assertThat(snapshot).worker(2, Phase.IDLE), "slot 2", "<BUSY>");
            fails(() -> assertThat(snapshot).incarnation(2, 2), "slot 2", "<1>");
            fails(() -> assertThat(snapshot).worker(3, Phase.IDLE), "should be a slot 3");
            fails(() -> assertThat(snapshot).isIdle(), "IDLE workers should be <2>, and is <1>");
            fails(() -> assertThat(snapshot).hasNoOpenCalls(), "waiting should be <0>");
            fails(() -> assertThat(snapshot).hasNoOpenCircuits(), "price");
        }

        @VivariumTest(workers = 1)
        void areMadeOfAPoolAsItIs(TestPool kit, PythonPool pool) throws Exception {
            assertThat(pool).isServing().isIdle().hasNoOpenCalls().hasNoOpenCircuits();
            var call = pool.call("held", String.class, "gate", "x");
            kit.awaitStarted(call);

            fails(() -> assertThat(pool).isIdle(), "IDLE");
            fails(() -> assertThat(pool).hasNoOpenCalls(), "open calls should be <0>, and is <1>");

            kit.open("gate");
            call.await();
        }
    }

    @Nested
    class OfSessions {

        @Test
        void readEachCount() {
            SessionCounts counts = new SessionCounts(1, 2, 3, 4, 5, 6, 7, 8);

            assertThat(counts)
                    .bindings(1)
                    .rebinds(4)
                    .expired(5)
                    .lost(6)
                    .conflicts(7)
                    .replayed(8);
            fails(() -> assertThat(counts).bindings(2), "bindings should be 2, and are 1");
            fails(() -> assertThat(counts).rebinds(2), "rebinds should be 2, and are 4");
            fails(() -> assertThat(counts).expired(2), "expired bindings should be 2, and are 5");
            fails(() -> assertThat(counts).lost(0), "losses should be 0, and are 6");
            fails(() -> assertThat(counts).conflicts(0), "conflicts should be 0, and are 7");
            fails(() -> assertThat(counts).replayed(0), "replayed calls should be 0, and are 8");
        }

        @Test
        void findWhatCannotHaveHappened() {
            SessionHistory history = new SessionHistory();
            history.incremented("chat", history.begin(), 1);
            assertThat(history).isConsistent();

            history.incremented("chat", history.begin(), 1);

            fails(() -> assertThat(history).isConsistent(), "cannot have happened in 2 operations", "chat");
        }
    }

    @Nested
    @VivariumTest(workers = 1, expectWarnings = "KILL")
    class OfEvents {

        @VivariumTest
        void seeWhatAWorkerWentThrough(TestPool kit, TestWorker worker) throws Exception {
            worker.kill();
            worker.awaitState(WorkerState.READY);

            assertThat(kit.events())
                    .contain(PoolEvent.WorkerExited.class)
                    .contain(PoolEvent.WorkerExited.class, 1)
                    .contain(
                            PoolEvent.WorkerExited.class,
                            exited -> exited.exit().signal() == 9)
                    .containNo(PoolEvent.GuardianLost.class)
                    .containInOrder(PoolEvent.WorkerExited.class, PoolEvent.WorkerTransitioned.class)
                    .showStates(1, WorkerState.INITIALIZING, WorkerState.READY, WorkerState.TERMINATED)
                    .showEnds(1, TransitionCause.KILLED);
        }

        @VivariumTest
        void failWithTheEventsThatThereAre(TestPool kit, TestWorker worker) throws Exception {
            worker.kill();
            worker.awaitState(WorkerState.READY);
            PoolEventsAssert events = assertThat(kit.events());

            fails(() -> events.contain(PoolEvent.GuardianLost.class), "GuardianLost", "the last events were:");
            fails(() -> events.contain(PoolEvent.WorkerExited.class, 2), "2 WorkerExited, and there are 1");
            fails(() -> events.contain(PoolEvent.WorkerExited.class, e -> e.callId() > 0), "WorkerExited that fits");
            fails(() -> events.containNo(PoolEvent.WorkerExited.class), "0 WorkerExited, and there are 1");
            fails(
                    () -> events.containInOrder(PoolEvent.WorkerExited.class, PoolEvent.GuardianLost.class),
                    "no GuardianLost after the first 1");
            fails(() -> events.showStates(1, WorkerState.READY, WorkerState.BUSY), "slot 1", "[READY, BUSY]");
            fails(() -> events.showEnds(1), "slot 1", "[KILLED]");
            fails(() -> events.showBindings("chat", 1), "session 'chat' should have been bound 1 times, and was 0");
        }

        @Test
        void readThoseOfACollection() {
            PoolEvent bound = new PoolEvent.SessionBound("chat", new WorkerId("p", 1), 1, 1, Instant.EPOCH);

            assertThatEvents(List.of(bound, bound)).showBindings("chat", 2);
            fails(() -> assertThatEvents(List.of()).contain(PoolEvent.SessionBound.class), "no event at all");
        }
    }

    @Nested
    class OfBooks {

        @VivariumTest
        void readThem(Ledger ledger, PythonPool pool) throws Exception {
            pool.call("echo", String.class, "x").await();

            assertThat(ledger).balances().calls(1).executions(1);
            fails(() -> assertThat(ledger).calls(2), "2 calls in the books, and there are 1");
            fails(() -> assertThat(ledger).executions(2), "2 executions in the books, and there are 1");
        }

        @VivariumTest
        void failWhereTheyDoNotBalance(TestPool kit, Ledger ledger, PythonPool pool) throws Exception {
            var call = pool.call("held", String.class, "gate", "x");

            fails(() -> assertThat(ledger).balances(), "do not", "LOST");

            kit.open("gate");
            call.await();
        }
    }
}
