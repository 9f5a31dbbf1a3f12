package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.bindings;
import static dev.vivarium.pooltests.SessionSteps.count;
import static dev.vivarium.pooltests.SessionSteps.counted;
import static dev.vivarium.pooltests.SessionSteps.done;
import static dev.vivarium.pooltests.SessionSteps.settle;
import static dev.vivarium.pooltests.SessionSteps.slotOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallCancelled;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionMode;
import dev.vivarium.WorkerId;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.Done;
import org.junit.jupiter.api.Nested;

/** Sessions that are sent from worker to worker, or let go, on request. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 2,
        options = "sessions.mode = strict-queue")
class SessionMovesTest {

    @Nested
    class AMove {

        @VivariumTest
        void isMadeByTheNextCall(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_QUEUE);
            counted(kit, session);
            int other = 3 - slotOf(kit, "a");

            done(pool.sessions().migrate("a", new WorkerId(pool.name(), other)));

            assertThat(counted(kit, session)).isEqualTo(2);
            settle(kit, 2);
            assertThat(kit.worker(other).snapshot().completed()).isEqualTo(1);
            assertThat(counted(kit, session)).isEqualTo(3);
        }

        @VivariumTest
        void emptiesAWorkerAndEvensOut(TestPool kit, PythonPool pool) throws Exception {
            for (int i = 0; i < 10; i++) {
                counted(kit, pool.session("s" + i).mode(SessionMode.STRICT_QUEUE));
            }
            for (int i = 0; i < 10; i++) {
                done(pool.sessions().migrate("s" + i, new WorkerId(pool.name(), 1)));
            }

            assertThat(done(pool.sessions().rebalance())).isEqualTo(5);
            assertThat(done(pool.sessions().evacuate(new WorkerId(pool.name(), 1))))
                    .isEqualTo(5);

            for (int i = 0; i < 10; i++) {
                assertThat(counted(kit, pool.session("s" + i))).isEqualTo(2);
            }
        }

        @VivariumTest
        void isRefusedWhereSomethingWouldBeLost(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_QUEUE);
            kit.outcome(session.call("keep_local", Void.class, "model"));
            settle(kit, 2);
            int slot = slotOf(kit, "a");

            assertThatThrownBy(() -> done(pool.sessions().migrate("a", new WorkerId(pool.name(), 3 - slot))))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("has something in its worker");
            assertThat(done(pool.sessions().evacuate(new WorkerId(pool.name(), slot))))
                    .isZero();
            assertThatThrownBy(() -> done(pool.sessions().migrate("b", new WorkerId(pool.name(), 1))))
                    .hasMessageContaining("is with no worker");
            assertThatThrownBy(() -> done(pool.sessions().migrate("a", new WorkerId(pool.name(), 9))))
                    .hasMessageContaining("does not serve");
        }

        @VivariumTest
        void waitsForACallThatRuns(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> held = session.call("count_held", Integer.class, "go");
            kit.awaitStarted(held);
            int slot = slotOf(kit, "a");

            CompletionStage<Done> moved = pool.sessions().migrate("a", new WorkerId(pool.name(), 3 - slot));
            PendingCall<Integer> next = session.call(count());
            assertThat(moved.toCompletableFuture()).isNotDone();
            kit.open("go");

            done(moved);
            assertThat(kit.outcome(held)).isEqualTo(1);
            assertThat(kit.outcome(next)).isEqualTo(2);
            assertThat(bindings(kit, "a", 2))
                    .last()
                    .satisfies(bound -> assertThat(bound.worker().slot()).isEqualTo(3 - slot));
        }

        @VivariumTest
        void isNotMadeEarlierBecauseACallThatWaitsIsCancelled(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Void> held = session.call("keep_local_held", Void.class, "go", "model");
            kit.awaitStarted(held);
            PendingCall<Integer> waiting = session.call(count());

            CompletionStage<Done> moved = pool.sessions().migrate("a", new WorkerId(pool.name(), 3 - slotOf(kit, "a")));
            waiting.cancel();
            assertThatThrownBy(() -> kit.outcome(waiting)).isInstanceOf(CallCancelled.class);
            counted(kit, pool.session("b"));
            kit.open("go");

            assertThatThrownBy(() -> done(moved)).hasMessageContaining("has something in its worker");
            assertThat(kit.outcome(session.call("recall_local", String.class))).isEqualTo("model");
        }
    }

    @Nested
    class AnEvacuation {

        @VivariumTest
        void takesASessionAwayBetweenItsCalls(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> held = session.call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            CompletionStage<Integer> evacuated = pool.sessions().evacuate(new WorkerId(pool.name(), slotOf(kit, "a")));
            kit.open("go");

            assertThat(done(evacuated)).isEqualTo(1);
            assertThat(kit.outcome(held)).isEqualTo(1);
            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest
        void leavesWhatTheRunningCallMakesUnableToTravel(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Void> held = session.call("keep_local_held", Void.class, "go", "model");
            kit.awaitStarted(held);

            CompletionStage<Integer> evacuated = pool.sessions().evacuate(new WorkerId(pool.name(), slotOf(kit, "a")));
            kit.open("go");

            assertThat(done(evacuated)).isZero();
            kit.outcome(held);
            assertThat(kit.outcome(session.call("recall_local", String.class))).isEqualTo("model");
        }
    }

    @Nested
    class ARebalancing {

        @VivariumTest
        void leavesWhatTheRunningCallMakesUnableToTravel(TestPool kit, PythonPool pool) throws Exception {
            counted(kit, pool.session("b"));
            settle(kit, 2);
            PendingCall<Void> held = pool.session("a").call("keep_local_held", Void.class, "go", "model");
            kit.awaitStarted(held);
            done(pool.sessions().migrate("b", new WorkerId(pool.name(), slotOf(kit, "a"))));

            CompletionStage<Integer> rebalanced = pool.sessions().rebalance();
            kit.open("go");

            assertThat(done(rebalanced)).isBetween(0, 1);
            kit.outcome(held);
            assertThat(kit.outcome(pool.session("a").call("recall_local", String.class)))
                    .isEqualTo("model");
        }
    }

    @Nested
    class ABinding {

        @VivariumTest
        void isEndedOnRequestAfterTheCallsThereAre(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> held = session.call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            var unbound = session.unbind();
            kit.open("go");
            done(unbound);

            assertThat(pool.snapshot().sessions().bindings()).isZero();
            assertThat(counted(kit, session)).isEqualTo(2);
            done(session.end());
            assertThat(counted(kit, session)).isEqualTo(1);
        }

        @VivariumTest
        void thatIsNotInUseIsEndedAtOnce(TestPool kit, PythonPool pool) throws Exception {
            counted(kit, pool.session("a"));
            counted(kit, pool.session("b"));
            settle(kit, 2);

            done(pool.session("a").unbind());

            assertThat(pool.snapshot().sessions().bindings()).isEqualTo(1);
        }
    }
}
