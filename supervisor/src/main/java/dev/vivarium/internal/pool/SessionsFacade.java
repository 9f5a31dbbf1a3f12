package dev.vivarium.internal.pool;

import dev.vivarium.SessionCounts;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.internal.session.SessionReport;
import dev.vivarium.session.PoolSessions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;

/** What can be done about the sessions of a running pool. */
final class SessionsFacade implements PoolSessions {

    private final PoolContext context;
    private final ActorRef<SessionRouter.Command> router;

    SessionsFacade(PoolContext context, ActorRef<SessionRouter.Command> router) {
        this.context = context;
        this.router = router;
    }

    /** Returns a stage that also ends when nobody is there any more to end it. */
    static <T> CompletionStage<T> untilClosed(PoolContext context, CompletableFuture<T> over) {
        var unused = context.closed()
                .thenRun(() -> over.completeExceptionally(
                        new IllegalStateException("pool '" + context.config().name() + "' has closed")));
        return over.minimalCompletionStage();
    }

    @Override
    public SessionCounts counts() {
        return context.sessionStats().counts();
    }

    @Override
    public CompletionStage<Done> migrate(String session, WorkerId to) {
        CompletableFuture<Done> over = new CompletableFuture<>();
        tell(new SessionReport.Migrate(session, slot(to), over));
        return untilClosed(context, over);
    }

    @Override
    public CompletionStage<Integer> evacuate(WorkerId worker) {
        CompletableFuture<Integer> over = new CompletableFuture<>();
        tell(new SessionReport.Evacuate(slot(worker), over));
        return untilClosed(context, over);
    }

    @Override
    public CompletionStage<Integer> rebalance() {
        CompletableFuture<Integer> over = new CompletableFuture<>();
        tell(new SessionReport.Rebalance(over));
        return untilClosed(context, over);
    }

    private void tell(SessionReport order) {
        router.tell(new SessionRouter.Session(order));
    }

    private int slot(WorkerId worker) {
        if (!worker.pool().equals(context.config().name())) {
            throw new IllegalArgumentException(
                    worker + " is not a worker of pool '" + context.config().name() + "'");
        }
        return worker.slot();
    }
}
