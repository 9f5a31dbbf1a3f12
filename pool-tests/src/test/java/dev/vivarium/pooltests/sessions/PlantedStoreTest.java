package dev.vivarium.pooltests.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PythonPool;
import dev.vivarium.pooltests.sessions.PlantedStore.Wrong;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.SessionHistory;
import dev.vivarium.testkit.SessionHistory.Fault;
import dev.vivarium.testkit.SessionHistory.Finding;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What a store does wrong is seen by its sessions' callers, and named by the checker of histories. */
@VivariumTest(readiness = Readiness.NOT_STARTED)
class PlantedStoreTest {

    private final AtomicReference<@Nullable Wrong> next = new AtomicReference<>();
    private final SessionHistory history = new SessionHistory();

    private PythonSession session(TestPool kit) {
        PlantedStore store = new PlantedStore(wrong -> next.compareAndSet(wrong, null));
        PythonPool pool = kit.start(settings -> settings.sessionStore(store)).pool();
        return pool.session("s");
    }

    private void count(TestPool kit, PythonSession session) throws Exception {
        long begun = history.begin();
        history.incremented("s", begun, kit.outcome(session.call("count", Integer.class)));
    }

    /** Reads what is stored, and not what a worker has. */
    private void look(TestPool kit, PythonSession session) throws Exception {
        leave(kit, session);
        long begun = history.begin();
        history.read("s", begun, kit.outcome(session.call("recall", Integer.class, "count")));
        leave(kit, session);
    }

    private static void leave(TestPool kit, PythonSession session) throws Exception {
        var left = session.unbind().toCompletableFuture();
        kit.awaitThat("unbound", left::isDone);
    }

    private List<Fault> faults() {
        return history.check().stream().map(Finding::fault).toList();
    }

    @VivariumTest
    void nothingIsFoundWhereNothingIs(TestPool kit) throws Exception {
        PythonSession session = session(kit);

        count(kit, session);
        look(kit, session);
        count(kit, session);
        look(kit, session);

        assertThat(faults()).isEmpty();
    }

    @VivariumTest
    void aLostCommitIsFound(TestPool kit) throws Exception {
        PythonSession session = session(kit);
        count(kit, session);

        next.set(Wrong.LOST);
        count(kit, session);
        look(kit, session);

        assertThat(next).hasValue(null);
        assertThat(faults()).containsExactly(Fault.LOST_COMMIT);
    }

    @VivariumTest
    void aDoubledCommitIsFound(TestPool kit) throws Exception {
        PythonSession session = session(kit);
        count(kit, session);

        next.set(Wrong.DOUBLED);
        count(kit, session);
        look(kit, session);

        assertThat(next).hasValue(null);
        assertThat(faults()).containsExactly(Fault.DOUBLED_COMMIT);
    }

    @VivariumTest
    void aStaleReadIsFound(TestPool kit) throws Exception {
        PythonSession session = session(kit);
        count(kit, session);
        count(kit, session);

        next.set(Wrong.STALE);
        look(kit, session);
        look(kit, session);

        assertThat(next).hasValue(null);
        assertThat(faults()).containsExactly(Fault.STALE_READ);
    }
}
