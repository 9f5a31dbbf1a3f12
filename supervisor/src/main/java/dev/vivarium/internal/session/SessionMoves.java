package dev.vivarium.internal.session;

import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.SessionTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * Sends sessions from worker to worker on request. A session that has something in its worker stays there unless a hook can
 * make that anew: nothing may be lost by a move that somebody asked for. Calls under way are not touched: the next one moves.
 */
final class SessionMoves {

    private final PoolContext context;
    private final SessionTable table;
    // The slots whose worker serves, with its incarnation.
    private final Map<Integer, Integer> alive;

    private final Consumer<SessionTable.@Nullable Unbound> gone;
    // What shall be done once a session has no calls.
    private final Map<String, SessionReport.Unbind> leaving = new HashMap<>();
    // Where sessions shall go once the call that they have has ended: only then it is known whether they may.
    private final Map<String, List<SessionReport.Migrate>> migrating = new HashMap<>();

    SessionMoves(
            PoolContext context,
            SessionTable table,
            Map<Integer, Integer> alive,
            Consumer<SessionTable.@Nullable Unbound> gone) {
        this.gone = gone;
        this.context = context;
        this.table = table;
        this.alive = alive;
    }

    private boolean mustStay() {
        return !context.sessionHooks().contains("open");
    }

    /** Binds a session to another worker, now or once its call has ended. */
    void migrate(SessionReport.Migrate order) {
        if (table.holder(order.session()) == 0) {
            move(order);
        } else {
            migrating
                    .computeIfAbsent(order.session(), session -> new ArrayList<>())
                    .add(order);
        }
    }

    private void move(SessionReport.Migrate order) {
        Integer incarnation = alive.get(order.slot());
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
            gone.accept(table.move(order.session(), order.slot(), incarnation));
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
        List<SessionReport.Migrate> moves = migrating.isEmpty() ? null : migrating.remove(session);
        if (moves != null) {
            moves.forEach(this::move);
        }
        SessionReport.Unbind order = leaving.isEmpty() || table.holder(session) != 0 ? null : leaving.remove(session);
        if (order != null) {
            letGo(order);
        }
    }

    private void letGo(SessionReport.Unbind order) {
        gone.accept(table.unbind(order.session()));
        if (!order.forget()) {
            context.callbacks().execute(() -> order.over().complete(Done.getInstance()));
            return;
        }
        table.forgotten(order.session());
        var unused = SessionFetch.asked(
                        () -> context.sessions().remove(order.session()).toCompletableFuture())
                .whenComplete((removed, failure) -> context.callbacks().execute(() -> {
                    if (failure == null) {
                        order.over().complete(Done.getInstance());
                    } else {
                        order.over().completeExceptionally(failure);
                    }
                }));
    }

    void evacuate(SessionReport.Evacuate order) {
        List<String> sessions = table.boundTo(order.slot(), mustStay());
        for (String session : sessions) {
            gone.accept(table.unbind(session));
        }
        int moved = sessions.size();
        context.callbacks().execute(() -> order.over().complete(moved));
    }

    void rebalance(SessionReport.Rebalance order) {
        Map<Integer, Integer> load = new TreeMap<>();
        alive.keySet().forEach(slot -> load.put(slot, 0));
        table.load().forEach((slot, sessions) -> load.computeIfPresent(slot, (key, none) -> sessions));
        int total = load.values().stream().mapToInt(Integer::intValue).sum();
        int share = load.isEmpty() ? 0 : (total + load.size() - 1) / load.size();
        int moved = 0;
        for (Map.Entry<Integer, Integer> from : List.copyOf(load.entrySet())) {
            if (from.getValue() <= share) {
                continue;
            }
            for (String session : table.boundTo(from.getKey(), mustStay())) {
                Integer to = emptiest(load);
                if (load.getOrDefault(from.getKey(), 0) <= share || to == null || to.equals(from.getKey())) {
                    break;
                }
                SessionTable.Unbound before = table.move(session, to, alive.getOrDefault(to, 0));
                if (before != null) {
                    gone.accept(before);
                    load.merge(from.getKey(), -1, Integer::sum);
                    load.merge(to, 1, Integer::sum);
                    moved++;
                }
            }
        }
        int sum = moved;
        context.callbacks().execute(() -> order.over().complete(sum));
    }

    private static @Nullable Integer emptiest(Map<Integer, Integer> load) {
        return load.entrySet().stream()
                .min(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }
}
