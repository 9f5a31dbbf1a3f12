package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.count;
import static dev.vivarium.pooltests.SessionSteps.counted;
import static dev.vivarium.pooltests.SessionSteps.done;
import static dev.vivarium.pooltests.SessionSteps.settle;
import static dev.vivarium.pooltests.SessionSteps.slotOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallCancelled;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionRefused;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Nested;

/** What is lost with a session's worker is told to one call, whatever came before. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 2,
        expectWarnings = "SIGKILL")
class SessionLossTest {

    private static void killWorkerOf(TestPool kit, PythonSession session) throws Exception {
        kit.worker(slotOf(kit, session.id())).kill();
        kit.events().await("killed", PoolEvent.WorkerExited.class, SessionSteps::isKill);
    }

    private static void assertThatItsLossIsToldOnce(TestPool kit, PythonSession session) throws Exception {
        assertThatThrownBy(() -> kit.outcome(session.call("recall_local", String.class)))
                .isInstanceOf(SessionLost.class);
        assertThat(kit.outcome(session.call("recall_local", String.class))).isNull();
        assertThat(kit.pool().snapshot().sessions().lost()).isEqualTo(1);
    }

    @Nested
    class AfterAVisitThatEndsLater {

        private PendingCall<Void> home(TestPool kit, PythonSession session) throws Exception {
            counted(kit, session);
            settle(kit, 2);
            PendingCall<Void> home = session.concurrent().call("keep_local_held", Void.class, "home", "model");
            kit.awaitStarted(home);
            return home;
        }

        @VivariumTest
        void andWrites(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Void> home = home(kit, session);
            PendingCall<Integer> visit = session.concurrent().call("count_held_unsafely", Integer.class, "visit");
            kit.awaitStarted(visit);

            kit.open("home");
            kit.outcome(home);
            kit.open("visit");
            assertThat(kit.outcome(visit)).isEqualTo(2);
            settle(kit, 2);
            killWorkerOf(kit, session);

            assertThatItsLossIsToldOnce(kit, session);
        }

        @VivariumTest
        void andOnlyReadsThoughItHasAKey(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Void> home = home(kit, session);
            PendingCall<Integer> visit = session.concurrent()
                    .callOnce(
                            "k",
                            PythonCall.to("recall_held_unsafely")
                                    .args("visit", "count")
                                    .returning(Integer.class));
            kit.awaitStarted(visit);

            kit.open("home");
            kit.outcome(home);
            kit.open("visit");
            assertThat(kit.outcome(visit)).isEqualTo(1);
            settle(kit, 2);
            killWorkerOf(kit, session);

            assertThatItsLossIsToldOnce(kit, session);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED)
    class AfterAnAnswerThatWasNotStored {

        @VivariumTest
        void becauseTheStoreHasFailed(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            counted(kit, session);
            store.writes = false;
            assertThatThrownBy(() -> kit.outcome(session.call("keep_local", Void.class, "model")))
                    .isInstanceOf(SessionStoreFailed.class);
            store.writes = true;

            assertThat(kit.outcome(session.call("recall_local", String.class))).isEqualTo("model");
            killWorkerOf(kit, session);

            assertThatItsLossIsToldOnce(kit, session);
        }

        @VivariumTest(options = {"sessions.max-state-bytes = 1000", "sessions.max-total-bytes = 1000"})
        void becauseThereWasNoRoomForIt(TestPool kit) throws Exception {
            PythonPool pool = kit.start().pool();
            PythonSession session = pool.session("a");
            kit.outcome(pool.session("large").call("remember", Void.class, "x", "y".repeat(850)));
            assertThatThrownBy(() -> kit.outcome(session.call("keep_local", Void.class, "model")))
                    .isInstanceOf(SessionRefused.class);
            done(pool.session("large").end());

            assertThat(kit.outcome(session.call("recall_local", String.class))).isEqualTo("model");
            killWorkerOf(kit, session);

            assertThatItsLossIsToldOnce(kit, session);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED, options = "sessions.store-timeout = 1 s")
    class ThatTheStoreIsSlowToNote {

        private final FailingStore store = new FailingStore();

        private PythonSession lost(TestPool kit) throws Exception {
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            kit.outcome(session.call("keep_local", Void.class, "model"));
            killWorkerOf(kit, session);
            return session;
        }

        /** Has the store commit nothing from here on before this is completed. */
        private CompletableFuture<Void> closedGate() {
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;
            return gate;
        }

        private void assertThatTheStoreIsTooSlow(TestPool kit, PythonSession session) {
            assertThatThrownBy(() -> kit.outcome(session.call("recall_local", String.class)))
                    .isInstanceOfSatisfying(
                            SessionStoreFailed.class,
                            e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
        }

        @VivariumTest
        void isToldWhenItIsNotedAfterAll(TestPool kit) throws Exception {
            PythonSession session = lost(kit);
            CompletableFuture<Void> gate = closedGate();
            assertThatTheStoreIsTooSlow(kit, session);

            gate.complete(null);

            assertThatItsLossIsToldOnce(kit, session);
        }

        @VivariumTest
        void isToldWhenItIsNotedAfterAllAndItsCallWasCancelled(TestPool kit) throws Exception {
            PythonSession session = lost(kit);
            CompletableFuture<Void> gate = closedGate();
            PendingCall<String> cancelled = session.call("recall_local", String.class);
            kit.awaitThat("marking", () -> gate.getNumberOfDependents() > 0);
            cancelled.cancel();
            assertThatThrownBy(() -> kit.outcome(cancelled)).isInstanceOf(CallCancelled.class);
            kit.passTimeUntil("given up", () -> store.late.isDone());
            gate.complete(null);

            assertThatItsLossIsToldOnce(kit, session);
        }

        @VivariumTest
        void isToldWhenItIsNotedWhileTheNextCallHasItNoted(TestPool kit) throws Exception {
            PythonSession session = lost(kit);
            CompletableFuture<Void> first = closedGate();
            assertThatTheStoreIsTooSlow(kit, session);
            CompletableFuture<Void> second = closedGate();

            PendingCall<String> next = session.call("recall_local", String.class);
            kit.awaitThat("marking again", () -> second.getNumberOfDependents() > 0);
            first.complete(null);
            second.complete(null);

            assertThatThrownBy(() -> kit.outcome(next)).isInstanceOf(SessionLost.class);
            assertThat(kit.outcome(session.call("recall_local", String.class))).isNull();
            assertThat(kit.pool().snapshot().sessions().lost()).isEqualTo(1);
        }

        @VivariumTest
        void isToldThoughItIsTheStoresOwnAndItDoesNotNoteIt(TestPool kit) throws Exception {
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            kit.outcome(session.call("keep_local", Void.class, "model"));
            counted(kit, session);
            store.view = stored -> new SessionRecord(
                    stored.revision() - 1,
                    stored.version(),
                    stored.epoch(),
                    stored.resident(),
                    stored.state(),
                    stored.answers(),
                    stored.expiresAt());
            store.writes = false;
            assertThatThrownBy(() -> kit.outcome(session.callOnce("k", count())))
                    .isInstanceOf(SessionStoreFailed.class);
            store.view = UnaryOperator.identity();
            store.writes = true;

            assertThatThrownBy(() -> kit.outcome(session.callOnce("k", count())))
                    .isInstanceOf(SessionLost.class);
            assertThat(kit.outcome(session.callOnce("k", count()))).isEqualTo(2);
            assertThat(kit.pool().snapshot().sessions().lost()).isEqualTo(1);
        }

        @VivariumTest
        void isFoundAgainWhenItIsNotNoted(TestPool kit) throws Exception {
            PythonSession session = lost(kit);
            store.writes = false;
            assertThatTheStoreIsTooSlow(kit, session);

            store.writes = true;

            assertThatItsLossIsToldOnce(kit, session);
        }
    }
}
