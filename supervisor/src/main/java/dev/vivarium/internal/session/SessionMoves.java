package dev.vivarium.internal.session;

import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.SessionTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * Sends sessions from worker to worker on request. A session that has something in its worker stays there unless a hook can
 * make that anew: nothing may be lost by a move that somebody asked for. Calls under way are not touched: a session moves between
 * two calls, because the answer of one may bring what cannot travel.
 */
final class SessionMoves {

    private final PoolContext context;
    private final SessionTable table;
    private final SessionBindings bindings;
    private final RouterAccess router;
    // What shall be done once a session has no calls.
    private final Map<String, SessionReport.Unbind> leaving = new HashMap<>();
    // What shall be done with sessions once the call whose turn it is has ended.
    private final Map<String, List<Runnable>> afterTheTurn = new HashMap<>();

    SessionMoves(PoolContext context, SessionTable table, SessionBindings bindings, RouterAccess router) {
        this.context = context;
        this.table = table;
        this.bindings = bindings;
        this.router = router;
    }

    private boolean mustStay() {
        return !context.sessionHooks().contains("open");
    }

    private void betweenCalls(String session, Runnable move) {
        if (table.holder(session) == 0) {
            move.run();
        } else {
            afterTheTurn.computeIfAbsent(session, name -> new ArrayList<>()).add(move);
        }
    }

    /** The call whose turn it was has ended, and the next has not been sent anywhere yet. */
    void between(String session) {
        List<Runnable> moves = afterTheTurn.isEmpty() ? null : afterTheTurn.remove(session);
        if (moves != null) {
            moves.forEach(Runnable::run);
        }
    }

    /** Binds a session to another worker, now or once its call has ended. */
    void migrate(SessionReport.Migrate order) {
        betweenCalls(order.session(), () -> move(order));
    }

    private void move(SessionReport.Migrate order) {
        Integer incarnation = bindings.alive().get(order.slot());
        if (incarnation == null) {
            refuse(order.over(), context.worker(order.slot()) + " does not serve");
        } else if (table.slot(order.session()) == 0) {
            refuse(order.over(), "session '" + order.session() + "' is with no worker");
        } else if (mustStay() && table.isResident(order.session())) {
            refuse(
                    order.over(),
                    "session '" + order.session()
                            + "' has something in its worker, and no function is marked with @session_open");
        } else {
            bindings.gone(moved(order.session(), order.slot(), incarnation));
            context.callbacks().execute(() -> order.over().complete(Done.getInstance()));
        }
    }

    private void refuse(CompletableFuture<Done> over, String why) {
        context.callbacks().execute(() -> over.completeExceptionally(new IllegalStateException(why)));
    }

    /** Lets a session go, now or once it has no calls. */
    void unbind(SessionReport.Unbind order) {
        if (table.holder(order.session()) == 0) {
            letGo(order);
            return;
        }
        SessionReport.Unbind before = leaving.get(order.session());
        if (before == null) {
            leaving.put(order.session(), order);
            return;
        }
        leaving.put(
                order.session(),
                new SessionReport.Unbind(order.session(), order.forget() || before.forget(), before.over()));
        var unused = before.over().thenAccept(order.over()::complete);
    }

    /** A call of a session has ended; it may have no others. */
    void left(String session) {
        SessionReport.Unbind order = leaving.isEmpty() || table.holder(session) != 0 ? null : leaving.remove(session);
        if (order != null) {
            letGo(order);
        }
    }

    private void letGo(SessionReport.Unbind order) {
        bindings.gone(table.unbind(order.session()));
        if (!order.forget()) {
            context.callbacks().execute(() -> order.over().complete(Done.getInstance()));
            return;
        }
        table.forgotten(order.session());
        CompletableFuture<?> removing = SessionFetch.asked(
                () -> context.sessions().remove(order.session()).toCompletableFuture());
        if (!removing.isDone()) {
            router.tellAfter(
                    order, context.config().sessions().storeTimeout(), SessionFetch.tooLate(context, removing));
        }
        var unused =
                removing.whenComplete((removed, failure) -> context.callbacks().execute(() -> {
                    if (failure == null) {
                        order.over().complete(Done.getInstance());
                    } else {
                        order.over().completeExceptionally(failure);
                    }
                }));
    }

    /** Several moves that are told as one: how many sessions have moved, once none is left to try. */
    private final class Batch {
        private final CompletableFuture<Integer> over;
        private int open = 1;
        private int moved;

        Batch(CompletableFuture<Integer> over) {
            this.over = over;
        }

        /** Ends the binding of a session between two calls, if it is still that one and may end. */
        void move(String session, int from, Supplier<SessionTable.@Nullable Unbound> end) {
            open++;
            betweenCalls(session, () -> {
                if (table.slot(session) == from && !(mustStay() && table.isResident(session))) {
                    SessionTable.Unbound ended = end.get();
                    bindings.gone(ended);
                    moved += ended == null ? 0 : 1;
                }
                oneDone();
            });
        }

        void oneDone() {
            if (--open == 0) {
                int sum = moved;
                context.callbacks().execute(() -> over.complete(sum));
            }
        }
    }

    void evacuate(SessionReport.Evacuate order) {
        Batch batch = new Batch(order.over());
        for (String session : table.boundTo(order.slot(), false)) {
            batch.move(session, order.slot(), () -> table.unbind(session));
        }
        batch.oneDone();
    }

    void rebalance(SessionReport.Rebalance order) {
        Map<Integer, Integer> load = new TreeMap<>();
        bindings.alive().keySet().forEach(slot -> load.put(slot, 0));
        table.load().forEach((slot, sessions) -> load.computeIfPresent(slot, (key, none) -> sessions));
        int total = load.values().stream().mapToInt(Integer::intValue).sum();
        int share = load.isEmpty() ? 0 : (total + load.size() - 1) / load.size();
        Batch batch = new Batch(order.over());
        for (Map.Entry<Integer, Integer> from : List.copyOf(load.entrySet())) {
            if (from.getValue() <= share) {
                continue;
            }
            for (String session : table.boundTo(from.getKey(), mustStay())) {
                Integer to = emptiest(load);
                if (load.getOrDefault(from.getKey(), 0) <= share || to == null || to.equals(from.getKey())) {
                    break;
                }
                load.merge(from.getKey(), -1, Integer::sum);
                load.merge(to, 1, Integer::sum);
                batch.move(session, from.getKey(), () -> to(session, to));
            }
        }
        batch.oneDone();
    }

    /** Binds a session to another worker, unless that has ended meanwhile. */
    private SessionTable.@Nullable Unbound to(String session, int slot) {
        Integer incarnation = bindings.alive().get(slot);
        return incarnation == null ? null : moved(session, slot, incarnation);
    }

    private SessionTable.@Nullable Unbound moved(String session, int slot, int incarnation) {
        SessionTable.Unbound before = table.move(session, slot, incarnation);
        if (before != null) {
            bindings.bound(session, slot, incarnation, table.epoch(session));
        }
        return before;
    }

    private static @Nullable Integer emptiest(Map<Integer, Integer> load) {
        return load.entrySet().stream()
                .min(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }
}
