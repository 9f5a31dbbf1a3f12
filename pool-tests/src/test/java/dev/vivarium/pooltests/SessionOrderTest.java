package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.count;
import static dev.vivarium.pooltests.SessionSteps.counted;
import static dev.vivarium.pooltests.SessionSteps.done;
import static dev.vivarium.pooltests.SessionSteps.settle;
import static dev.vivarium.pooltests.SessionSteps.slotOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.WorkerId;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import dev.vivarium.testkit.junit5.VivariumTest.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.apache.pekko.Done;
import org.junit.jupiter.api.Nested;

/** What comes before what in a session: calls in turn, calls that are concurrent, and what is asked of the session itself. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 2,
        expectWarnings = "SIGKILL")
class SessionOrderTest {

    @Nested
    class AnAnswer {

        @VivariumTest
        void ofAConcurrentCallIsSeenByTheNextCall(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            for (int i = 2; i < 100; i++) {
                assertThat(kit.outcome(session.concurrent().call(count()))).isEqualTo(i);
                assertThat(kit.outcome(session.call("recall", Integer.class, "count")))
                        .isEqualTo(i);
            }
            assertThat(pool.snapshot().sessions().conflicts()).isZero();
        }
    }

    @Nested
    class OfCallsThatOverlap {

        @VivariumTest
        void theOneThatOnlyReadsIsNeverTooLateThoughItHasAKey(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").concurrent();
            kit.outcome(session.call("remember", Void.class, "word", "old"));
            PythonCall<String> look =
                    PythonCall.to("recall_held_unsafely").args("go", "word").returning(String.class);
            PendingCall<String> reader = session.callOnce("k", look);
            kit.awaitStarted(reader);

            kit.outcome(session.call("remember", Void.class, "word", "new"));
            kit.open("go");

            assertThat(kit.outcome(reader)).isEqualTo("old");
            assertThat(kit.outcome(session.callOnce("k", look))).isEqualTo("old");
            assertThat(kit.outcome(session.call("recall", String.class, "word")))
                    .isEqualTo("new");
            assertThat(pool.snapshot().sessions().conflicts()).isZero();
        }

        @VivariumTest
        void theOneThatOnlyReadsMakesNoOtherTooLateThoughItHasAKey(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").concurrent();
            counted(kit, session);
            PendingCall<Integer> writer = session.call("count_held_unsafely", Integer.class, "go");
            kit.awaitStarted(writer);

            assertThat(kit.outcome(session.callOnce(
                            "k", PythonCall.to("recall").args("count").returning(Integer.class))))
                    .isEqualTo(1);
            kit.open("go");

            assertThat(kit.outcome(writer)).isEqualTo(2);
            assertThat(counted(kit, session)).isEqualTo(3);
            assertThat(pool.snapshot().sessions().conflicts()).isZero();
        }

        @VivariumTest(
                time = Time.VIRTUAL,
                options = {"sessions.ttl = 30s", "sessions.state-ttl = 40s", "health-interval = 1 day"})
        void theOneThatOnlyReadsIsNeverTooLateThoughItIsToKeepTheState(TestPool kit, PythonPool pool, TestTime time)
                throws Exception {
            PythonSession session = pool.session("a").concurrent();
            kit.outcome(session.call("remember", Void.class, "word", "old"));
            time.advance(Duration.ofSeconds(11));
            kit.outcome(session.call("recall", String.class, "word"));
            time.advance(Duration.ofSeconds(11));
            PendingCall<String> reader = session.call("recall_held_unsafely", String.class, "go", "word");
            kit.awaitStarted(reader);

            kit.outcome(session.call("remember", Void.class, "word", "new"));
            kit.open("go");

            assertThat(kit.outcome(reader)).isEqualTo("old");
            assertThat(pool.snapshot().sessions().conflicts()).isZero();
        }

        @VivariumTest
        void theOneThatOnlyLeavesSomethingInTheWorkerThatItVisitsIsNeverTooLate(TestPool kit, PythonPool pool)
                throws Exception {
            PythonSession session = pool.session("a").concurrent();
            PendingCall<Integer> home = session.call("count_held_unsafely", Integer.class, "home");
            kit.awaitStarted(home);
            PendingCall<Void> visit = session.call("keep_local_held", Void.class, "visit", "model");
            kit.awaitStarted(visit);

            kit.open("home");
            assertThat(kit.outcome(home)).isEqualTo(1);
            kit.open("visit");

            kit.outcome(visit);
            assertThat(pool.snapshot().sessions().conflicts()).isZero();
        }

        @VivariumTest
        void thoseWithOneKeyAreAnsweredTheSame(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").concurrent();
            PendingCall<Integer> late = session.callOnce(
                    "k", PythonCall.to("count_held_unsafely").args("go").returning(Integer.class));
            kit.awaitStarted(late);

            assertThat(kit.outcome(session.callOnce(
                            "k", PythonCall.to("count_unsafely").returning(Integer.class))))
                    .isEqualTo(1);
            kit.open("go");

            assertThat(kit.outcome(late)).isEqualTo(1);
            assertThat(counted(kit, session)).isEqualTo(2);
            assertThat(pool.snapshot().sessions().replayed()).isEqualTo(1);
        }
    }

    @Nested
    class TheEndOfASession {

        @VivariumTest
        void comesBeforeTheCallsMadeAfterIt(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> held = session.call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            CompletionStage<Done> end = session.end();
            PendingCall<Integer> after = session.call(count());
            kit.open("go");

            done(end);
            assertThat(kit.outcome(held)).isEqualTo(1);
            assertThat(kit.outcome(after)).isEqualTo(1);
            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest
        void waitsForTheConcurrentCallsThereAreAndForNoLaterOnes(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> held = session.concurrent().call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            CompletableFuture<Done> end = session.end().toCompletableFuture();
            PendingCall<Integer> after = session.concurrent().call(count());
            kit.outcome(pool.call("echo", String.class, "so the router has heard of all"));
            assertThat(end).isNotDone();
            kit.open("go");

            done(end);
            assertThat(kit.outcome(held)).isEqualTo(1);
            assertThat(kit.outcome(after)).isEqualTo(1);
        }
    }

    @Nested
    class AMove {

        @VivariumTest
        void waitsForConcurrentCallsToo(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            settle(kit, 2);
            int slot = slotOf(kit, "a");
            PendingCall<Void> held = session.concurrent().call("keep_local_held", Void.class, "go", "model");
            kit.awaitStarted(held);

            CompletableFuture<Done> moved = pool.sessions()
                    .migrate("a", new WorkerId(pool.name(), 3 - slot))
                    .toCompletableFuture();
            kit.outcome(pool.call("echo", String.class, "so the router has heard of it"));
            assertThat(moved).isNotDone();
            kit.open("go");

            kit.outcome(held);
            moved.handle((end, failure) -> failure).get();
            kit.outcome(session.call("recall_local", String.class));
            assertThat(pool.snapshot().sessions().lost()).isZero();
        }

        @VivariumTest
        void thatEvacuatesAWorkerSendsItsSessionsToOthers(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            settle(kit, 2);
            int slot = slotOf(kit, "a");

            done(pool.sessions().evacuate(new WorkerId(pool.name(), slot)));

            assertThat(counted(kit, session)).isEqualTo(2);
            assertThat(slotOf(kit, "a")).isEqualTo(3 - slot);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED)
    class AStore {

        @VivariumTest
        void thatNeverKeepsWhatItWasGivenHoldsNoTurn(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            counted(kit, session);
            store.commits = new CompletableFuture<>();

            assertThatThrownBy(() -> kit.outcome(session.call(count().timeout(Duration.ofSeconds(5)))))
                    .isInstanceOfSatisfying(
                            SessionStoreFailed.class,
                            e -> assertThat(e.execution()).isEqualTo(Execution.RAN));
            store.commits = CompletableFuture.completedFuture(null);

            assertThat(counted(kit, session)).isEqualTo(2);
            done(session.end());
        }

        @VivariumTest(workers = 1)
        void thatThrowsErrorsFailsTheCallAndNothingElse(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool =
                    kit.start(settings -> settings.sessionStore(store)).pool();
            store.sound = false;

            assertThatThrownBy(() -> counted(kit, pool.session("a")))
                    .isInstanceOf(SessionStoreFailed.class)
                    .hasRootCauseMessage("a defect of the store");
            store.sound = true;

            assertThat(counted(kit, pool.session("a"))).isEqualTo(1);
        }

        @VivariumTest
        void thatKeepsSessionsForEverIsReadAsOthersAre(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            store.view = stored -> with(stored, stored.answers(), Instant.MAX);
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            counted(kit, session);
            done(session.unbind());

            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(workers = 1)
        void thatReturnsWhatCannotBeReadFailsTheCallAndNothingElse(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            counted(kit, session);
            store.view = stored -> with(stored, new BrokenMap(), stored.expiresAt());

            assertThatThrownBy(() -> kit.outcome(session.callOnce("k", count())))
                    .isInstanceOfSatisfying(
                            SessionStoreFailed.class,
                            e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED))
                    .hasRootCauseMessage("a defect of the record");
            store.view = UnaryOperator.identity();

            assertThat(kit.outcome(session.callOnce("k", count()))).isEqualTo(2);
        }

        private static SessionRecord with(SessionRecord stored, Map<String, byte[]> answers, Instant expiresAt) {
            return new SessionRecord(
                    stored.revision(),
                    stored.version(),
                    stored.epoch(),
                    stored.resident(),
                    stored.state(),
                    answers,
                    expiresAt);
        }

        /** Fails whoever looks something up in it. */
        private static final class BrokenMap extends AbstractMap<String, byte[]> {
            @Override
            public byte[] get(Object key) {
                throw new IllegalStateException("a defect of the record");
            }

            @Override
            public Set<Entry<String, byte[]>> entrySet() {
                return Set.of();
            }
        }

        @VivariumTest
        void thatMarksALossAfterItsCallHasEndedHasTheNextCallTold(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool =
                    kit.start(settings -> settings.sessionStore(store)).pool();
            PythonSession session = pool.session("a");
            kit.outcome(session.call("keep_local", Void.class, "model"));
            kit.worker(slotOf(kit, "a")).kill();
            kit.events().await("killed", PoolEvent.WorkerExited.class, SessionSteps::isKill);
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;

            PendingCall<Integer> first = session.call(count());
            kit.awaitThat("marking", () -> gate.getNumberOfDependents() > 0);
            first.cancel();
            assertThatThrownBy(() -> kit.outcome(first)).isInstanceOf(CallCancelled.class);
            gate.complete(null);

            assertThatThrownBy(() -> counted(kit, session)).isInstanceOf(SessionLost.class);
            assertThat(counted(kit, session)).isEqualTo(1);
            assertThat(pool.snapshot().sessions().lost()).isEqualTo(1);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED, expectWarnings = "a defect")
    class ARouterThatStartsAnew {

        @VivariumTest(options = "sessions.store-timeout = 2 s")
        void goesOnToWaitForAStoreThatNeverReads(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool =
                    kit.start(settings -> settings.sessionStore(store)).pool();
            kit.ensureReady();
            store.answers = false;
            PendingCall<Integer> call = pool.session("a").call(count());
            store.understood = false;
            var unused = pool.session("b").end();

            assertThatThrownBy(() -> kit.outcome(call))
                    .isInstanceOf(SessionStoreFailed.class)
                    .hasMessageContaining("sessions.store-timeout");
        }

        @VivariumTest
        void endsCallsWhoseChangesAreStillBeingStoredAtTheirDeadline(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool =
                    kit.start(settings -> settings.sessionStore(store)).pool();
            kit.ensureReady();
            CompletableFuture<Void> gate = new CompletableFuture<>();
            store.commits = gate;
            PendingCall<Integer> call = pool.session("a").call(count().timeout(Duration.ofSeconds(5)));
            kit.awaitThat("being stored", () -> gate.getNumberOfDependents() > 0);
            settle(kit, 2);
            kit.outcome(pool.call("echo", String.class, "so the router has heard of it"));
            store.understood = false;
            var unused = pool.session("b").end();

            assertThatThrownBy(() -> kit.outcome(call)).isInstanceOf(SessionStoreFailed.class);
        }

        @VivariumTest(layers = Layer.FAKE, workers = 1)
        void endsCallsThatWaitForAWorkerAtTheirDeadline(TestPool kit, TestTime time) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool = kit.start(settings -> settings.sessionStore(store))
                    .ensureReady()
                    .pool();
            PendingCall<String> held = pool.call("held", String.class, "go", "x");
            kit.awaitStarted(held);
            PendingCall<String> waits = pool.call(
                    PythonCall.to("echo").args("x").returning(String.class).timeout(Duration.ofSeconds(5)));
            store.understood = false;
            var unused = pool.session("b").end();

            time.advance(Duration.ofSeconds(5));

            assertThat(waits.isDone()).isTrue();
            assertThatThrownBy(waits::await).isInstanceOf(CallTimedOut.class);
            kit.open("go");
            assertThat(held.await()).isEqualTo("x");
        }

        @VivariumTest(layers = Layer.FAKE, workers = 1)
        void sendsCallsAgainThatWaitedOutTheirDelay(TestPool kit, TestTime time) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool = kit.start(settings -> settings.sessionStore(store))
                    .ensureReady()
                    .pool();
            PendingCall<Integer> call = pool.call(PythonCall.to("retry_after")
                    .args(1, 5)
                    .returning(Integer.class)
                    .retrySafe());
            kit.events().await(PoolEvent.CallRetried.class);
            store.understood = false;
            var unused = pool.session("b").end();

            time.advance(Duration.ofSeconds(5));

            assertThat(call.isDone()).isTrue();
            assertThat(call.await()).isEqualTo(2);
        }
    }

    @Nested
    class AName {

        @VivariumTest(layers = Layer.FAKE)
        void isText(PythonPool pool) {
            assertThatThrownBy(() -> pool.session("a\ud800"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("surrogate");
            assertThatThrownBy(() -> pool.session("a").callOnce("k\udc00", count()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
