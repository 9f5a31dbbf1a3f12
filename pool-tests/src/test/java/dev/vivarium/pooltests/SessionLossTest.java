package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.counted;
import static dev.vivarium.pooltests.SessionSteps.settle;
import static dev.vivarium.pooltests.SessionSteps.slotOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionLost;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
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
}
