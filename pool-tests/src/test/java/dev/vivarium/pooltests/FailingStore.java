package dev.vivarium.pooltests;

import dev.vivarium.session.Commit;
import dev.vivarium.session.MemorySessionStore;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import dev.vivarium.session.SessionUpdate;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A store that fails as long as it is told to. */
final class FailingStore implements SessionStore {

    /** Completes when commits may go on. */
    volatile CompletableFuture<Void> commits = CompletableFuture.completedFuture(null);

    volatile boolean reads = true;
    volatile boolean writes = true;
    volatile boolean answers = true;
    volatile boolean sound = true;

    volatile boolean understood = true;

    /** What was answered last while commits might not go on; done also when whoever asked has given up. */
    volatile CompletableFuture<Commit> late = new CompletableFuture<>();

    /** What is made of a session that is read. */
    volatile UnaryOperator<SessionRecord> view = UnaryOperator.identity();

    /** Is told of a session before it is read or removed, on the thread of the router, which waits for it. */
    volatile Consumer<String> asked = session -> {};

    /** What whoever asks for it stumbles over. */
    private static final class Odd<T> extends CompletableFuture<T> {
        @Override
        public boolean isDone() {
            throw new IllegalStateException("a defect");
        }
    }

    private final SessionStore real = new MemorySessionStore(1000, 1000);

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String session) {
        asked.accept(session);
        if (!sound) {
            throw new AssertionError("a defect of the store");
        }
        if (!answers) {
            return new CompletableFuture<>();
        }
        return reads
                ? real.load(session).thenApply(stored -> stored.map(view))
                : CompletableFuture.failedFuture(new IOException("no reading"));
    }

    @Override
    public CompletionStage<Commit> commit(String session, long expected, SessionUpdate update) {
        if (!sound) {
            throw new AssertionError("a defect of the store");
        }
        if (!writes) {
            return CompletableFuture.failedFuture(new IOException("no writing"));
        }
        CompletableFuture<Void> gate = commits;
        if (gate.isDone()) {
            return real.commit(session, expected, update);
        }
        CompletableFuture<Commit> answer = new CompletableFuture<>();
        // Also when nobody waits for the answer any more, as a database would.
        var unused =
                gate.thenCompose(open -> real.commit(session, expected, update)).thenAccept(answer::complete);
        late = answer;
        return answer;
    }

    @Override
    public CompletionStage<Boolean> remove(String session) {
        asked.accept(session);
        if (!understood) {
            return new Odd<>();
        }
        return answers ? real.remove(session) : new CompletableFuture<>();
    }

    @Override
    public CompletionStage<Integer> removeExpired(Instant now, int atMost) {
        return real.removeExpired(now, atMost);
    }

    @Override
    public void close() {
        real.close();
    }
}
