package dev.vivarium.internal.context;

import dev.vivarium.PoolStartFailed;
import dev.vivarium.SessionPolicy;
import dev.vivarium.session.Commit;
import dev.vivarium.session.FileSessionStore;
import dev.vivarium.session.MemorySessionStore;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import dev.vivarium.session.SessionUpdate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * The store of sessions that a pool opens, and closes, by itself. Actors use it, so a file is opened elsewhere, and what is
 * asked meanwhile waits for it. Thread-safe.
 */
final class OwnSessionStore {

    private final SessionPolicy policy;
    private final Executor blocking;
    private final SessionStore store;
    private @Nullable CompletableFuture<SessionStore> file; // Guarded by this.
    private boolean closed; // Guarded by this.

    /**
     * Creates the store. Nothing is opened yet.
     *
     * @param blocking threads that may block
     */
    OwnSessionStore(SessionPolicy policy, Executor blocking) {
        this.policy = policy;
        this.blocking = blocking;
        this.store = policy.store() == SessionPolicy.Store.FILE
                ? new Later()
                : new MemorySessionStore(policy.maxStateBytes(), policy.maxTotalBytes());
    }

    SessionStore store() {
        return store;
    }

    /** Opens it if it is a file, and waits for that. */
    void open() {
        if (policy.store() != SessionPolicy.Store.FILE) {
            return;
        }
        try {
            var unused = file().join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            throw new PoolStartFailed(
                    PoolStartFailed.Reason.NO_SESSION_STORE,
                    "the pool cannot keep sessions: " + (cause == null ? e : cause.getMessage()),
                    cause);
        }
    }

    /** Closes it; what is asked from now on fails. */
    synchronized CompletableFuture<Done> close() {
        closed = true;
        return file == null
                ? CompletableFuture.completedFuture(Done.getInstance())
                : file.handleAsync(
                        (opened, failure) -> {
                            if (opened != null) {
                                opened.close();
                            }
                            return Done.getInstance();
                        },
                        blocking);
    }

    private synchronized CompletableFuture<SessionStore> file() {
        if (closed) {
            return CompletableFuture.failedFuture(new IOException("the pool has closed"));
        }
        if (file == null || file.isCompletedExceptionally()) { // An actor that starts anew may still be closing it.
            file = CompletableFuture.supplyAsync(this::opened, blocking);
        }
        return file;
    }

    private SessionStore opened() {
        Path path = Objects.requireNonNull(policy.file());
        try {
            return FileSessionStore.open(path, policy.durability(), policy.maxStateBytes(), policy.maxTotalBytes());
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** The file, which may not be open yet. */
    private final class Later implements SessionStore {

        private <T> CompletionStage<T> ask(Function<SessionStore, CompletionStage<T>> question) {
            CompletableFuture<SessionStore> present = file();
            if (present.isDone() && !present.isCompletedExceptionally()) {
                return question.apply(present.join());
            }
            return present.thenCompose(question);
        }

        @Override
        public CompletionStage<Optional<SessionRecord>> load(String session) {
            return ask(opened -> opened.load(session));
        }

        @Override
        public CompletionStage<Commit> commit(String session, long expected, SessionUpdate update) {
            return ask(opened -> opened.commit(session, expected, update));
        }

        @Override
        public CompletionStage<Boolean> remove(String session) {
            return ask(opened -> opened.remove(session));
        }

        @Override
        public CompletionStage<Integer> removeExpired(Instant now, int atMost) {
            return ask(opened -> opened.removeExpired(now, atMost));
        }

        @Override
        public void close() {
            var unused = OwnSessionStore.this.close();
        }
    }
}
