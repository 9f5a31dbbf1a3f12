package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.count;
import static dev.vivarium.pooltests.SessionSteps.counted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.DrainPolicy.Queued;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;

/** Calls that reach a slot a moment after its worker has ended: nothing was sent, and they come back. */
@VivariumTest(
        layers = Layer.FAKE,
        workers = 1,
        readiness = Readiness.NOT_STARTED,
        options = "sessions.max-bindings = 2",
        expectWarnings = "SIGKILL")
class LateLeaseTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);

    /** Holds the router up where it asks the store for a session. */
    private record Door(CompletableFuture<Void> reached, CompletableFuture<Void> opened) {
        Door() {
            this(new CompletableFuture<>(), new CompletableFuture<>());
        }

        void pass() {
            reached.complete(null);
            opened.orTimeout(Scripts.LIMIT_S, TimeUnit.SECONDS).join();
        }

        void awaitReached() throws Exception {
            reached.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        void open() {
            opened.complete(null);
        }
    }

    private final Door first = new Door();
    private final Door second = new Door();

    private PythonPool start(TestPool kit) throws InterruptedException {
        Map<String, Door> doors = Map.of("first", first, "second", second);
        FailingStore store = new FailingStore();
        store.asked = session -> {
            Door door = doors.get(session);
            if (door != null) {
                door.pass();
            }
        };
        return kit.start(settings -> settings.sessionStore(store)).ensureReady().pool();
    }

    private void holdRouterUp(PythonPool pool) throws Exception {
        var unused = pool.session("first").end();
        first.awaitReached();
    }

    private static void endWorker(TestPool kit) throws InterruptedException {
        kit.worker(1).kill();
        kit.events().await("killed", PoolEvent.WorkerExited.class, SessionSteps::isKill);
    }

    /** Has a call of a session sent to a worker that has ended, and cancelled before the router hears that. */
    private void cancelOnTheWayBack(TestPool kit, PythonSession session) throws Exception {
        holdRouterUp(kit.pool());
        PendingCall<Integer> call = session.call(count().timeout(Duration.ofSeconds(1)));
        var unused = kit.pool().session("second").end();
        endWorker(kit);
        first.open();
        second.awaitReached();
        call.cancel();
        assertThatThrownBy(call::await).isInstanceOf(CallCancelled.class);
        second.open();
    }

    @VivariumTest
    void areRefusedWhileThePoolCloses(TestPool kit) throws Exception {
        PythonPool pool = start(kit);
        holdRouterUp(pool);
        PendingCall<String> call = pool.call("echo", String.class, "x");
        endWorker(kit);
        TestProbe<PoolSnapshot> closing = kit.actors().createTestProbe();
        pool.actor().tell(new PoolCommand.Close(LIMIT, Queued.REFUSE, null));
        pool.actor().tell(new PoolCommand.GetSnapshot(closing.getRef()));
        closing.receiveMessage(LIMIT);
        first.open();

        PoolClosed error = catchThrowableOfType(PoolClosed.class, () -> call.await(LIMIT));

        assertThat(error).hasMessageContaining("was not sent");
        assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
    }

    @VivariumTest
    void leaveTheirTurnToTheNextOfTheirSessionWhenTheyHaveEnded(TestPool kit) throws Exception {
        PythonSession session = start(kit).session("a");
        cancelOnTheWayBack(kit, session);

        assertThat(counted(kit, session)).isEqualTo(1);
    }

    @VivariumTest
    void leaveTheirSessionOnceWhenTheyHaveEndedSoThatItGivesWayToOthers(TestPool kit, TestTime time) throws Exception {
        PythonPool pool = start(kit);
        cancelOnTheWayBack(kit, pool.session("a").concurrent());
        time.advance(Duration.ofSeconds(1)); // Its deadline, at which nothing of it may be left to be done.
        PendingCall<Integer> held = pool.session("b").call("count_held", Integer.class, "go");
        kit.passTimeUntil("started", () -> kit.ledger().starts(held.id()) == 1);

        PendingCall<Integer> other = pool.session("c").call(count());
        kit.open("go");

        assertThat(kit.outcome(held)).isEqualTo(1);
        assertThat(kit.outcome(other)).isEqualTo(1);
    }
}
