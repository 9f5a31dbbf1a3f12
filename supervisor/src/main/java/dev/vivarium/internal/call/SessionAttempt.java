package dev.vivarium.internal.call;

import dev.vivarium.PoolException;
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
     * @param openFailed whether the hook that opens sessions raised
     */
    public record Dropped(boolean storeUnknown, boolean openFailed) implements End {}

    /** The worker asks for the state; nothing was run. */
    public record StateWanted() implements End {}

    /** The handler asked to be called again later; what it changed is dropped, and the call is still open. */
    public record Postponed() implements End {}

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

    private final SessionStore store;
    private final String session;
    private final @Nullable String key;
    private final int keptAnswers;
    private final boolean refresh;
    private final Supplier<Instant> expiry;
    private final Base base;
    private final CompletableFuture<End> end = new CompletableFuture<>();

    /**
     * Creates an attempt.
     *
     * @param key the call's idempotency key, or null
     * @param refresh whether something shall be stored although nothing has changed
     * @param expiry says when the session may be forgotten
     */
    public SessionAttempt(
            SessionStore store,
            String session,
            @Nullable String key,
            int keptAnswers,
            boolean refresh,
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
        return new SessionHead(session, base.version(), base.epoch());
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
     * @param changes encoded values by key, null for a removed one; null when nothing changed
     * @param resident whether the session has something in the worker that cannot travel; of no meaning without changes
     * @return false when the call had ended before
     */
    public boolean answered(
            ActiveCall call, byte[] result, @Nullable Map<String, byte @Nullable []> changes, boolean resident) {
        if (!call.beginCommit()) {
            end.complete(new Dropped(false, false));
            return false;
        }
        if (changes == null && key == null && !refresh) {
            end.complete(new Kept(base.revision(), base.version(), base.resident(), false));
            call.committed(result);
            return true;
        }
        SessionUpdate update = new SessionUpdate(
                changes == null ? Map.of() : changes,
                base.epoch(),
                (changes == null || base.visiting()) ? base.resident() : resident,
                key == null ? null : new SessionUpdate.Answer(key, result),
                keptAnswers,
                expiry.get());
        var unused = commit(update).whenComplete((commit, failure) -> committed(call, result, commit, failure));
        return true;
    }

    @SuppressWarnings("CatchingUnchecked") // A store of the user's may fail in any way.
    private CompletableFuture<Commit> commit(SessionUpdate update) {
        try {
            return store.commit(session, base.revision(), update).toCompletableFuture();
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void committed(ActiveCall call, byte[] result, @Nullable Commit commit, @Nullable Throwable failure) {
        if (commit instanceof Commit.Committed done) {
            SessionRecord record = done.record();
            end.complete(new Kept(record.revision(), record.version(), record.resident(), true));
            call.committed(result);
        } else if (commit instanceof Commit.Conflict) {
            call.uncommitted();
            end.complete(new Conflicted());
        } else if (commit instanceof Commit.Refused refused) {
            end.complete(new Dropped(false, false));
            call.commitFailed(refusal(call, refused));
        } else {
            end.complete(new Dropped(true, false));
            Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
            call.commitFailed(new SessionStoreFailed(
                    session,
                    Execution.RAN,
                    call.attempts(),
                    call + " ran, and it is not known whether what it changed in session '" + session + "' was kept: "
                            + cause,
                    cause));
        }
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

    /**
     * The worker answered with an error, or ended.
     *
     * @param openFailed whether the hook that opens sessions raised
     */
    public void dropped(boolean openFailed) {
        end.complete(new Dropped(false, openFailed));
    }

    /** The store has not said in time whether it keeps what was changed. */
    public void givenUp() {
        end.complete(new Dropped(true, false));
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
