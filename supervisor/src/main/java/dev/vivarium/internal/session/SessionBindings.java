package dev.vivarium.internal.session;

import dev.vivarium.PoolEvent;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.SessionStats.Count;
import dev.vivarium.internal.core.SessionTable;
import dev.vivarium.session.SessionStore;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Ends bindings: tells the worker, counts, and sweeps those that were not used. */
final class SessionBindings {

    private static final int SWEPT_AT_ONCE = 1000;

    private final PoolContext context;
    private final SessionTable table;
    private final SessionStore store;
    private final RouterAccess router;
    // The slots whose worker serves, with its incarnation.
    private final Map<Integer, Integer> alive = new HashMap<>();
    private boolean sweeping;

    SessionBindings(PoolContext context, SessionTable table, RouterAccess router) {
        this.context = context;
        this.table = table;
        this.store = context.sessions();
        this.router = router;
    }

    /** Returns the slots whose worker serves, with its incarnation; the lane changes it. */
    Map<Integer, Integer> alive() {
        return alive;
    }

    /** Makes the number of bindings known, and has unused ones swept from the first on. */
    void changed() {
        context.sessionStats().bindings(table.size());
        if (!sweeping) {
            sweeping = true;
            sweepLater();
        }
    }

    /** A session is bound to a worker, by a call or by request. */
    void bound(String session, int slot, int incarnation, long epoch) {
        if (context.events().isHeard()) {
            context.events()
                    .publish(new PoolEvent.SessionBound(
                            session,
                            context.worker(slot),
                            incarnation,
                            epoch,
                            context.clock().now()));
        }
    }

    /** A session has left a worker, which may have to release something. Counted before anybody is told. */
    void gone(SessionTable.@Nullable Unbound unbound) {
        context.sessionStats().bindings(table.size());
        if (unbound == null || unbound.slot() == 0) {
            return;
        }
        if (unbound.expired()) {
            context.sessionStats().count(Count.EXPIRED);
            context.events()
                    .publish(new PoolEvent.SessionExpired(
                            unbound.session(),
                            context.worker(unbound.slot()),
                            context.clock().now()));
        }
        Integer living = alive.get(unbound.slot());
        boolean hasSomething = unbound.resident() || context.sessionHooks().contains("close");
        if (living != null && living == unbound.incarnation() && hasSomething) {
            router.close(unbound.session(), unbound.slot(), unbound.incarnation());
        }
    }

    void onSweepDue() {
        List<SessionTable.Unbound> expired = table.expire(context.clock().nanoTime(), SWEPT_AT_ONCE);
        expired.forEach(this::gone);
        var unused = SessionFetch.asked(
                () -> store.removeExpired(context.clock().now(), SWEPT_AT_ONCE).toCompletableFuture());
        if (expired.size() == SWEPT_AT_ONCE) {
            router.tell(new SessionReport.SweepDue()); // Others get their turn in between.
        } else {
            sweepLater();
        }
    }

    private void sweepLater() {
        Duration wait = context.config().sessions().ttl().dividedBy(10);
        router.tellAfter("sweep", wait.toMillis() < 10 ? Duration.ofMillis(10) : wait, new SessionReport.SweepDue());
    }
}
