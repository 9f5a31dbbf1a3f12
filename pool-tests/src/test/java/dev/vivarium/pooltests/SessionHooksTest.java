package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.done;
import static dev.vivarium.pooltests.SessionSteps.settle;
import static dev.vivarium.pooltests.SessionSteps.slotOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallCancelled;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.TransitionCause;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The functions that open sessions and close them, in pools. */
@VivariumTest(layers = Layer.PYTHON, workers = 2, readiness = Readiness.NOT_STARTED, expectWarnings = "SIGKILL")
class SessionHooksTest {

    @TempDir
    Path folder;

    private Path handlers(String hooks) throws IOException {
        return Files.writeString(folder.resolve("hooks.py"), """
                import os
                from vivarium_testkit import recorded, wait_for
                from vivarium_worker import Context, handler, session_close, session_open

                here = os.path.dirname(__file__)

                @handler
                def look(ctx: Context):
                    return ctx.session.local.get("model")

                @recorded
                def look_held(ctx: Context, gate: str):
                    wait_for(gate)
                    return ctx.session.local.get("model")
                """ + hooks);
    }

    @Nested
    class AFunctionThatOpensAndRaises {

        private final FailingStore store = new FailingStore();

        private PythonPool started(TestPool kit) throws Exception {
            Path handlers = handlers("""

                    @session_open
                    def open_it(session):
                        if os.path.exists(os.path.join(here, "broken")):
                            raise RuntimeError("no model")
                        session.local["model"] = "loaded"
                    """);
            return kit.start(settings -> settings.handlers(handlers.toString()).sessionStore(store))
                    .pool();
        }

        @VivariumTest(options = "sessions.store-timeout = 500 ms")
        void hasALossToldThatTheStoreHasNotedTooLate(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            PythonSession session = broken(kit, pool);
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;
            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(SessionStoreFailed.class);

            gate.complete(null);

            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(SessionLost.class);
            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(PythonException.class);
            assertThat(pool.snapshot().sessions().lost()).isEqualTo(1);
        }

        @VivariumTest(options = "sessions.store-timeout = 500 ms")
        void hasNoLossToldWhenItOpensTheSessionBeforeTheStoreHasNotedIt(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            PythonSession session = broken(kit, pool);
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;
            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(SessionStoreFailed.class);

            Files.delete(folder.resolve("broken"));
            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");
            gate.complete(null);
            done(session.unbind()); // So that the next call has the session read.

            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");
            assertThat(pool.snapshot().sessions().lost()).isZero();
        }

        @VivariumTest
        void losesNothingThatIsStillInTheWorkerThatTheCallDoesNotVisit(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            PythonSession session = pool.session("a");
            kit.ensureReady();
            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");
            settle(kit, 2);
            PendingCall<String> home = session.concurrent().call("look_held", String.class, "go");
            kit.awaitStarted(home);
            Files.createFile(folder.resolve("broken"));

            assertThatThrownBy(() -> kit.outcome(session.concurrent().call("look", String.class)))
                    .isInstanceOf(PythonException.class)
                    .hasMessageContaining("no model");
            kit.open("go");

            assertThat(kit.outcome(home)).isEqualTo("loaded");
            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");
            assertThat(pool.snapshot().sessions().lost()).isZero();
        }

        private PythonSession broken(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");
            Files.createFile(folder.resolve("broken"));
            kit.worker(slotOf(kit, "a")).kill();
            kit.events()
                    .await(
                            "killed",
                            PoolEvent.WorkerExited.class,
                            event -> event.exit().cause() == TransitionCause.KILLED);
            return session;
        }

        @VivariumTest
        void hasALossToldOnceThoughTheStoreTakesItsTime(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            PythonSession session = broken(kit, pool);
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;

            PendingCall<String> first = session.call("look", String.class);
            PendingCall<String> second = session.call("look", String.class);
            kit.awaitThat("marking", () -> gate.getNumberOfDependents() > 0);
            gate.complete(null);

            assertThatThrownBy(() -> kit.outcome(first))
                    .isInstanceOf(SessionLost.class)
                    .hasMessageContaining("no model");
            assertThatThrownBy(() -> kit.outcome(second)).isInstanceOf(PythonException.class);
            assertThat(pool.snapshot().sessions().lost()).isEqualTo(1);
        }

        @VivariumTest
        void hasNoLossToldThatTheStoreDoesNotKeep(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            PythonSession session = broken(kit, pool);
            store.writes = false;

            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(SessionStoreFailed.class);
            store.writes = true;

            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(SessionLost.class);
            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(PythonException.class);
        }

        @VivariumTest
        void hasTheNextCallToldWhenTheFirstIsCancelledMeanwhile(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            PythonSession session = broken(kit, pool);
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;

            PendingCall<String> first = session.call("look", String.class);
            kit.awaitThat("marking", () -> gate.getNumberOfDependents() > 0);
            first.cancel();
            assertThatThrownBy(() -> kit.outcome(first)).isInstanceOf(CallCancelled.class);
            gate.complete(null);

            assertThatThrownBy(() -> kit.outcome(session.call("look", String.class)))
                    .isInstanceOf(SessionLost.class);
            assertThat(pool.snapshot().sessions().lost()).isEqualTo(1);
        }
    }

    @Nested
    class AFunctionThatCloses {

        @VivariumTest(
                workers = 1,
                options = "sessions.close-timeout = 200 ms",
                expectWarnings = {"exited with status 1", "stderr"})
        void andDoesNotReturnEndsItsWorkerAndNoCall(TestPool kit) throws Exception {
            Path handlers = handlers("""

                    @session_open
                    def open_it(session):
                        session.local["model"] = "loaded"

                    @session_close
                    def close_it(session):
                        wait_for("never")
                    """);
            PythonPool pool = kit.start(settings -> settings.handlers(handlers.toString()))
                    .pool();
            PythonSession session = pool.session("a");
            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");

            done(session.unbind());
            PendingCall<String> behind = pool.session("b").call("look", String.class);

            PoolEvent.WorkerExited ended = kit.events().await(PoolEvent.WorkerExited.class);
            assertThat(ended.exit().status()).isEqualTo(1);
            assertThat(ended.exit().lastLines()).anyMatch(line -> line.contains("in close_it"));
            assertThat(kit.outcome(behind)).isEqualTo("loaded");
            assertThat(kit.outcome(session.call("look", String.class))).isEqualTo("loaded");
        }
    }
}
