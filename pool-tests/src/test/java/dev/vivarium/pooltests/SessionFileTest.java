package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionPolicy.Store;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.WorkerState;
import dev.vivarium.session.Durability;
import dev.vivarium.session.FileSessionStore;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;

/** A pool that keeps sessions in a file opens it, and closes it when it has closed. */
@VivariumTest(readiness = Readiness.NOT_STARTED)
class SessionFileTest {

    @TempDir
    Path folder;

    private PoolConfigBuilder inFile(PoolConfigBuilder settings) {
        return settings.sessions(sessions ->
                sessions.store(Store.FILE).file(folder.resolve("sessions")).durability(Durability.PROCESS_CRASH));
    }

    private static int counted(TestPool kit, PythonSession session) throws Exception {
        return kit.outcome(session.call("count", Integer.class));
    }

    private FileSessionStore open() throws Exception {
        return FileSessionStore.open(folder.resolve("sessions"), Durability.FSYNC, 1 << 20, 1 << 20);
    }

    @VivariumTest
    void findsItsSessionsAgain(TestPool kit) throws Exception {
        PythonPool first = kit.start(this::inFile).pool();
        assertThat(counted(kit, first.session("a"))).isEqualTo(1);
        first.close(Duration.ofSeconds(10));

        try (FileSessionStore left = open()) { // Which it could not be if the pool still had it.
            assertThat(left.load("a").toCompletableFuture().join()).isPresent();
        }
    }

    @VivariumTest
    void thatIsSpawnedOpensItWhenASessionIsUsed(TestPool kit) throws Exception {
        var unused = kit.actors().spawn(kit.behavior(this::inFile));
        kit.events().awaitState(1, WorkerState.READY);
        PythonSession session = kit.pool().session("a");

        try (FileSessionStore taken = open()) {
            assertThatThrownBy(() -> counted(kit, session))
                    .isInstanceOf(SessionStoreFailed.class)
                    .hasMessageContaining(folder.resolve("sessions").toString());
            assertThat(taken).isNotNull();
        }

        assertThat(counted(kit, session)).isEqualTo(1);
    }

    @VivariumTest
    void doesNotStartWhereTheFileCannotBeOpened(TestPool kit) throws Exception {
        try (FileSessionStore taken = open()) {
            assertThatThrownBy(() -> kit.start(this::inFile))
                    .isInstanceOfSatisfying(
                            PoolStartFailed.class,
                            e -> assertThat(e.reason()).isEqualTo(PoolStartFailed.Reason.NO_SESSION_STORE))
                    .hasMessageContaining(folder.resolve("sessions").toString());
            assertThat(taken).isNotNull();
        }
    }
}
