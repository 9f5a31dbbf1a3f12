package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the runner sees of a pool: the port at which wrongs can be planted. */
class Subject {

    /**
     * How a call ended.
     *
     * @param answer what it was answered with; null for null, and with an error
     * @param error what it failed with, or null
     * @param attempts how often it was sent
     */
    record Told(@Nullable JsonNode answer, @Nullable Throwable error, int attempts) {}

    private final Supplier<PythonPool> pool;
    private final Set<Long> open = ConcurrentHashMap.newKeySet();

    /** Creates the view of a pool, which need not have been started yet. */
    Subject(Supplier<PythonPool> pool) {
        this.pool = pool;
    }

    final PythonPool pool() {
        return pool.get();
    }

    /** Returns whether the call of that id has not ended for its caller. */
    final boolean isOpen(long callId) {
        return open.contains(callId);
    }

    /**
     * Makes a call, in a session if one is given.
     *
     * @param told is told the outcome, once
     * @return a stage that ends with it
     */
    CompletionStage<?> call(
            PythonCall<JsonNode> call, @Nullable String session, int number, BiConsumer<Call.Outcome, Told> told) {
        PendingCall<JsonNode> pending = send(call, session);
        return pending.handle((answer, error) -> {
            told.accept(
                    error == null ? Call.Outcome.OK : Call.Outcome.FAILED, new Told(answer, error, pending.attempts()));
            return answer;
        });
    }

    final PendingCall<JsonNode> send(PythonCall<JsonNode> call, @Nullable String session) {
        PendingCall<JsonNode> pending =
                session == null ? pool().call(call) : pool().session(session).call(call);
        open.add(pending.id());
        var unused = pending.whenComplete((answer, error) -> open.remove(pending.id()));
        return pending;
    }

    PoolSnapshot snapshot() {
        return pool().snapshot();
    }

    /** Passes an event on. */
    void event(PoolEvent event, Consumer<PoolEvent> to) {
        to.accept(event);
    }

    /** A fault has landed for the first time. */
    void landed() {}

    /** All has ended, and the pool is about to be closed. */
    void ending() {}

    /** Returns what kept this view from being what it was to be. */
    List<String> troubles() {
        return List.of();
    }
}
