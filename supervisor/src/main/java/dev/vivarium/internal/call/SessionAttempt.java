package dev.vivarium.internal.call;

import dev.vivarium.PoolException;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionRefused;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.SessionHead;
import dev.vivarium.session.Commit;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import dev.vivarium.session.SessionUpdate;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One call of a session on one worker. Its changes are stored before its caller hears of the answer, and only if the call is
 * still open then: from there on nobody else can end it. Thread-safe.
 */
public final class SessionAttempt {

    /** How an attempt ended. */
    public sealed interface End {}

    /**
     * It was answered, and the worker has what is stored.
     *
     * @param written whether anything was stored
     */
    public record Kept(long revision, long version, boolean resident, boolean written) implements End {}

    /**
     * It was not answered with a result, or too late.
     *
     * @param storeUnknown whether it is not known what is stored
     */
    public record Dropped(boolean storeUnknown) implements End {}

    /** The hook that opens sessions raised, so that something is lost; the call is still open, and has not been told. */
    public record OpenFailed(SessionLost loss) implements End {}

    /** The worker asks for the state; nothing was run. */
    public record StateWanted() implements End {}

    /** The handler asked to be called again later; what it changed is dropped, and the call is still open. */
    public record Postponed() implements End {}

    /** Another call with its key was answered meanwhile, and it is answered the same. */
    public record Replayed() implements End {}

    /** What is stored has changed meanwhile; the call is still open. */
    public record Conflicted() implements End {}

    /**
     * What the attempt is based on.
     *
     * @param visiting whether the session is with another worker; what this one keeps of it does not count
     * @param state the state to send along, or null when the worker has it
     */
    public record Base(
            int slot,
            int incarnation,
            long revision,
            long version,
            long epoch,
            boolean resident,
            boolean visiting,
            @Nullable Map<String, byte[]> state) {}

    /** How often a call tries to store what others have not made obsolete, only moved on. */
    private static final int MOST_WRITES = 100;

    private final SessionStore store;
    private final String session;
    private final @Nullable String key;
    private final int keptAnswers;
    private final BooleanSupplier refresh;
    private final Supplier<Instant> expiry;
    private final Base base;
    private final CompletableFuture<End> end = new CompletableFuture<>();

    /**
     * Creates an attempt.
     *
     * @param key the call's idempotency key, or null
     * @param refresh says, once it is answered, whether something shall be stored although nothing has changed
     * @param expiry says when the session may be forgotten
     */
    public SessionAttempt(
            SessionStore store,
            String session,
            @Nullable String key,
            int keptAnswers,
            BooleanSupplier refresh,
            Supplier<Instant> expiry,
            Base base) {
        this.store = store;
        this.session = session;
        this.key = key;
        this.keptAnswers = keptAnswers;
        this.refresh = refresh;
        this.expiry = expiry;
        this.base = base;
    }

    /** Returns what it is based on. */
    public Base base() {
        return base;
    }

    /** Returns the head that goes before the call. */
    public SessionHead head() {
        return new SessionHead(session, base.version(), base.epoch(), base.resident());
    }

    /** Returns how it ended, or null while it has not. */
    public @Nullable End end() {
        return end.getNow(null);
    }

    /** Has a listener told, on any thread, once it has ended. */
    public void whenEnded(Consumer<End> listener) {
        var unused = end.thenAccept(listener);
    }

    /**
     * The worker answered with a result.
     *
     * @param told encoded values by key, null for a removed one; null when nothing changed
     * @param resident whether the session has something in the worker that cannot travel; of no meaning without changes
     * @return false when the call had ended before
     */
    public boolean answered(
            ActiveCall call, byte[] result, @Nullable Map<String, byte @Nullable []> told, boolean resident) {
        if (!call.beginCommit()) {
            end.complete(new Dropped(false));
            return false;
        }
        // A visited worker may tell of what it keeps itself with each answer: that is nothing to be stored.
        Map<String, byte @Nullable []> changes = base.visiting() && told != null && told.isEmpty() ? null : told;
        if (changes == null && key == null && !refresh.getAsBoolean()) {
            end.complete(new Kept(base.revision(), base.version(), base.resident(), false));
            call.committed(result);
            return true;
        }
        if (key != null && call.hasReceived()) {
            end.complete(new Dropped(false));
            call.commitFailed(new SessionRefused(
                    session,
                    SessionRefused.Reason.NOT_ENCODABLE,
                    0,
                    Execution.RAN,
                    call.attempts(),
                    "the result of " + call + " holds bytes or arrays, which cannot be kept under a key"));
            return true;
        }
        SessionUpdate update = new SessionUpdate(
                changes == null ? Map.of() : changes,
                base.epoch(),
                (changes == null || base.visiting()) ? base.resident() : resident,
                key == null ? null : new SessionUpdate.Answer(key, result),
                keptAnswers,
                expiry.get());
        commit(call, result, new Write(changes != null, base.revision(), 1, update));
        return true;
    }

    /**
     * A try to store what the call made of the session.
     *
     * @param changing whether the call has changed something, the answer to its key apart
     * @param expected the revision that must be stored
     * @param number counts the tries
     */
    private record Write(boolean changing, long expected, int number, SessionUpdate update) {}

    private void commit(ActiveCall call, byte[] result, Write write) {
        var unused = asked(() -> store.commit(session, write.expected(), write.update()))
                .whenComplete((commit, failure) -> committed(call, result, write, commit, failure));
    }

    @SuppressWarnings("CatchingUnchecked") // A store of the user's may fail in any way.
    private static <T> CompletableFuture<T> asked(Supplier<CompletionStage<T>> question) {
        try {
            return question.get().toCompletableFuture();
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * Another call has written the session meanwhile. Only when both have changed it is one of them too late: a call that has only
     * read it wants nothing stored but its answer, and an answer beside the state does not make the state another one.
     */
    private void overtaken(ActiveCall call, byte[] result, Write write) {
        if (key == null && !write.changing()) {
            end.complete(new Dropped(false)); // Whoever wrote it has said that it is in use.
            call.committed(result);
        } else if (write.number() == MOST_WRITES) {
            conflicted(call);
        } else {
            var unused = asked(() -> store.load(session).thenApply(stored -> stored.orElse(SessionRecord.NEW)))
                    .whenComplete((stored, failure) -> reread(call, result, write, stored, failure));
        }
    }

    private void reread(
            ActiveCall call, byte[] result, Write write, @Nullable SessionRecord record, @Nullable Throwable failure) {
        if (record == null) {
            failed(call, failure);
            return;
        }
        byte[] answered = key == null ? null : record.answers().get(key);
        if (answered != null) {
            end.complete(new Replayed());
            call.committed(answered);
        } else if (write.changing() && record.version() != base.version()) {
            conflicted(call);
        } else {
            SessionUpdate update = write.update();
            SessionUpdate onTop = new SessionUpdate(
                    update.changes(),
                    Math.max(update.epoch(), record.epoch()),
                    // A visitor knows nothing of what is in the session's own worker, and a reader of no news about it.
                    (write.changing() && !base.visiting()) ? update.resident() : record.resident(),
                    update.answer(),
                    update.keptAnswers(),
                    update.expiresAt());
            commit(call, result, new Write(write.changing(), record.revision(), write.number() + 1, onTop));
        }
    }

    private void conflicted(ActiveCall call) {
        call.uncommitted();
        end.complete(new Conflicted());
    }

    private void committed(
            ActiveCall call, byte[] result, Write write, @Nullable Commit commit, @Nullable Throwable failure) {
        if (commit instanceof Commit.Committed done) {
            // What it has in its worker is the state only if nothing was written in between.
            end.complete(write.number() == 1 ? kept(done.record()) : new Dropped(false));
            call.committed(result);
        } else if (commit instanceof Commit.Conflict) {
            overtaken(call, result, write);
        } else if (commit instanceof Commit.Refused refused) {
            end.complete(new Dropped(false));
            call.commitFailed(refusal(call, refused));
        } else {
            failed(call, failure);
        }
    }

    private static Kept kept(SessionRecord record) {
        return new Kept(record.revision(), record.version(), record.resident(), true);
    }

    private void failed(ActiveCall call, @Nullable Throwable failure) {
        end.complete(new Dropped(true));
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        call.commitFailed(new SessionStoreFailed(
                session,
                Execution.RAN,
                call.attempts(),
                call + " ran, and it is not known whether what it changed in session '" + session + "' was kept: "
                        + cause,
                cause));
    }

    private PoolException refusal(ActiveCall call, Commit.Refused refused) {
        return new SessionRefused(
                session,
                refused.reason(),
                refused.limit(),
                Execution.RAN,
                call.attempts(),
                call + " ran, and what it changed in session '" + session + "' cannot be kept: "
                        + (refused.reason() == SessionRefused.Reason.SESSION_QUOTA
                                ? "the session would take "
                                : "all sessions would take ")
                        + refused.size() + " bytes, the limit is " + refused.limit());
    }

    /** The worker answered with an error, or ended. */
    public void dropped() {
        end.complete(new Dropped(false));
    }

    /** The worker could not make anew what the session had in another one. */
    public void openFailed(SessionLost loss) {
        end.complete(new OpenFailed(loss));
    }

    /** The store has not said in time whether it keeps what was changed. */
    public void givenUp() {
        end.complete(new Dropped(true));
    }

    /** The worker answered that it is to be asked again later. */
    public void postponed() {
        end.complete(new Postponed());
    }

    /**
     * The worker asks for the state.
     *
     * @return false when it was sent along, so that this must not be
     */
    public boolean stateWanted() {
        if (base.state() != null || base.version() == 0) {
            return false;
        }
        end.complete(new StateWanted());
        return true;
    }
}
