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
    private final Leaving leaving;
    // The orders to let sessions go: they take their turn among the calls, and have numbers below 0.
    private final Map<Long, SessionReport.Unbind> orders = new HashMap<>();
    private long lastTurn;
    // What shall be done with sessions once the call whose turn it is has ended.
    private final Map<String, List<Runnable>> afterTheTurn = new HashMap<>();

    /** Ends the turn of an order. */
    interface Leaving {
        void leave(String session, long turn, boolean concurrent);
    }

    SessionMoves(
            PoolContext context, SessionTable table, SessionBindings bindings, RouterAccess router, Leaving leaving) {
        this.leaving = leaving;
        this.context = context;
        this.table = table;
        this.bindings = bindings;
        this.router = router;
    }

    private boolean mustStay() {
        return !context.sessionHooks().contains("open");
    }

    private void betweenCalls(String session, Runnable move) {
        if (table.holder(session) == 0 && table.visitors(session) == 0) {
            move.run();
        } else {
            afterTheTurn.computeIfAbsent(session, name -> new ArrayList<>()).add(move);
        }
    }

    /** Returns whether something waits until no call of a session is under way; then no call may pass the others by. */
    boolean isAwaited(String session) {
        return afterTheTurn.containsKey(session)
                || orders.values().stream().anyMatch(order -> order.session().equals(session));
    }

    /** The call whose turn it was has ended, and the next has not been sent anywhere yet. */
    void between(String session) {
        boolean still = afterTheTurn.isEmpty() || table.visitors(session) > 0;
        List<Runnable> moves = still ? null : afterTheTurn.remove(session);
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

    /** A call that did not wait for its turn has ended. */
    void visitorLeft(String session) {
        long holder = table.holder(session);
        if (holder == 0) {
            between(session);
        } else if (holder < 0) {
            turn(holder);
        }
    }

    /** Lets a session go after the calls there are: the order takes its turn as they do. */
    void unbind(SessionReport.Unbind order) {
        long turn = --lastTurn;
        orders.put(turn, order);
        if (table.arrive(order.session(), turn, false, context.clock().nanoTime())) {
            turn(turn);
        }
    }

    /** It is an order's turn, which it keeps until it is carried out; not before the concurrent calls there are have ended. */
    void turn(long turn) {
        SessionReport.Unbind order = orders.get(turn);
        if (order == null || table.visitors(order.session()) > 0) {
            return;
        }
        orders.remove(turn);
        bindings.gone(table.unbind(order.session()));
        if (!order.forget()) {
            removed(new SessionReport.Removed(turn, order, null));
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
                removing.whenComplete((done, failure) -> router.tell(new SessionReport.Removed(turn, order, failure)));
    }

    /** An order is carried out, and the calls after it go on. */
    void removed(SessionReport.Removed removed) {
        SessionReport.Unbind order = removed.order();
        router.forget(order);
        leaving.leave(order.session(), removed.turn(), false);
        Throwable failure = removed.failure();
        context.callbacks().execute(() -> {
            if (failure == null) {
                order.over().complete(Done.getInstance());
            } else {
                order.over().completeExceptionally(failure);
            }
        });
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

    /** Sends the sessions of a worker to the others, evenly; where there is none, their next calls bind them. */
    void evacuate(SessionReport.Evacuate order) {
        Map<Integer, Integer> load = load();
        load.remove(order.slot());
        Batch batch = new Batch(order.over());
        for (String session : table.boundTo(order.slot(), false)) {
            Integer to = emptiest(load);
            if (to == null) {
                batch.move(session, order.slot(), () -> table.unbind(session));
            } else {
                load.merge(to, 1, Integer::sum);
                batch.move(session, order.slot(), () -> to(session, to));
            }
        }
        batch.oneDone();
    }

    /** Returns how many sessions each worker that serves has. */
    private Map<Integer, Integer> load() {
        Map<Integer, Integer> load = new TreeMap<>();
        bindings.alive().keySet().forEach(slot -> load.put(slot, 0));
        table.load().forEach((slot, sessions) -> load.computeIfPresent(slot, (key, none) -> sessions));
        return load;
    }

    void rebalance(SessionReport.Rebalance order) {
        Map<Integer, Integer> load = load();
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

    /** Binds a session to another worker; to none, where that has ended meanwhile. */
    private SessionTable.@Nullable Unbound to(String session, int slot) {
        Integer incarnation = bindings.alive().get(slot);
        return incarnation == null ? table.unbind(session) : moved(session, slot, incarnation);
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
