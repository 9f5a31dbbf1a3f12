package dev.vivarium.pooltests;

import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.TestPool;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** What tests of sessions do again and again. */
final class SessionSteps {

    private SessionSteps() {}

    static PythonCall<Integer> count() {
        return PythonCall.to("count").returning(Integer.class);
    }

    static int counted(TestPool kit, PythonSession session) throws InterruptedException {
        return kit.outcome(session.call(count()));
    }

    /** Counts without letting virtual time pass, which a worker that is slow to answer could not keep up with. */
    static int countedAtOnce(PythonSession session) throws InterruptedException {
        return session.call(count()).await();
    }

    static <T> T done(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    /** Waits until as many bindings of a session have been told, and returns those there are. */
    static List<PoolEvent.SessionBound> bindings(TestPool kit, String session, int atLeast)
            throws InterruptedException {
        kit.awaitThat(
                "told of " + atLeast + " bindings", () -> told(kit, session).size() >= atLeast);
        return told(kit, session);
    }

    static List<PoolEvent.SessionBound> told(TestPool kit, String session) {
        return kit.events().all().stream()
                .filter(PoolEvent.SessionBound.class::isInstance)
                .map(PoolEvent.SessionBound.class::cast)
                .filter(bound -> bound.session().equals(session))
                .toList();
    }

    /** Whether a worker ended because it was killed, and not, say, because it was slow to start. */
    static boolean isKill(PoolEvent.WorkerExited event) {
        return event.exit().cause() == TransitionCause.KILLED;
    }

    static int slotOf(TestPool kit, String session) throws InterruptedException {
        List<PoolEvent.SessionBound> all = bindings(kit, session, 1);
        return all.get(all.size() - 1).worker().slot();
    }

    /** Waits until all workers are idle. */
    static void settle(TestPool kit, int workers) throws InterruptedException {
        kit.passTimeUntil("idle", () -> kit.pool().snapshot().count(Phase.IDLE) == workers);
    }
}
