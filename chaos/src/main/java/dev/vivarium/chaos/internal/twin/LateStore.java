package dev.vivarium.chaos.internal.twin;

import dev.vivarium.session.Commit;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import dev.vivarium.session.SessionUpdate;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** A store that does at once what it is asked for, and says so after a drawn time. */
final class LateStore implements SessionStore {

    private final SessionStore store;
    private final VirtualTime time;
    private final Chance chance;

    LateStore(SessionStore store, VirtualTime time, Chance chance) {
        this.store = store;
        this.time = time;
        this.chance = chance;
    }

    private <T> CompletionStage<T> late(Supplier<CompletionStage<T>> question) {
        CompletableFuture<T> told = new CompletableFuture<>();
        var unused = question.get().thenAccept(answer -> time.after(chance.hop(), () -> told.complete(answer)));
        return told;
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String session) {
        return late(() -> store.load(session));
    }

    @Override
    public CompletionStage<Commit> commit(String session, long expected, SessionUpdate update) {
        return late(() -> store.commit(session, expected, update));
    }

    @Override
    public CompletionStage<Boolean> remove(String session) {
        return late(() -> store.remove(session));
    }

    @Override
    public CompletionStage<Integer> removeExpired(Instant now, int atMost) {
        return late(() -> store.removeExpired(now, atMost));
    }

    @Override
    public void close() {
        store.close();
    }
}
