package dev.vivarium.internal.session;

import dev.vivarium.PoolEvent;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.SessionStats.Count;
import dev.vivarium.internal.core.SessionTable;
import dev.vivarium.internal.core.SessionTable.Known;
import dev.vivarium.internal.core.StateLife;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.Commit;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import dev.vivarium.session.SessionUpdate;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads sessions for calls that are about to leave, and finds out what has been answered before, and what is lost. */
final class SessionFetch {

    /** What goes on with a call whose session was read. */
    interface Way {
        /** It may leave; false when it has ended meanwhile. */
        boolean send(ActiveCall call, int slot, int incarnation, SessionRecord record);

        /** It waits, and may go nowhere until it is told. */
        void park(ActiveCall call);

        /** It does not wait any more; false when it had ended. */
        boolean unpark(ActiveCall call);

        /** It has ended. */
        void left(ActiveCall call);

        /** It waits for a worker again. */
        void again(ActiveCall call);
    }

    private final PoolContext context;
    private final SessionTable table;
    private final SessionStore store;
    private final StateLife life;
    private final SessionBindings bindings;
    private final RouterAccess router;
    private final Way way;

    SessionFetch(PoolContext context, SessionTable table, SessionBindings bindings, RouterAccess router, Way way) {
        this.bindings = bindings;
        this.router = router;
        this.context = context;
        this.table = table;
        this.store = context.sessions();
        this.life = new StateLife(context.config().sessions().stateTtl());
        this.way = way;
    }

    @SuppressWarnings("CatchingUnchecked") // A store of the user's may fail in any way.
    static <T> CompletableFuture<T> asked(Supplier<CompletableFuture<T>> question) {
        try {
            return question.get();
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** What fails a question that the store has not answered in time: one that never does holds no call and no worker. */
    static SessionReport.StoreDue tooLate(PoolContext context, CompletableFuture<?> question) {
        return new SessionReport.StoreDue(() -> question.completeExceptionally(
                new TimeoutException("the store has not answered within sessions.store-timeout, "
                        + context.config().sessions().storeTimeout())));
    }

    private void limit(ActiveCall call, CompletableFuture<?> question) {
        long left = Math.max(0, call.deadline() - context.clock().nanoTime());
        long most = context.config().sessions().storeTimeout().toNanos();
        router.tellAfter(call, Duration.ofNanos(Math.min(left, most)), tooLate(context, question));
    }

    private static SessionTicket ticket(ActiveCall call) {
        return Objects.requireNonNull(call.session());
    }

    /**
     * Reads the session of a call for which there is a worker.
     *
     * @return whether the worker is taken, or must be kept for it
     */
    boolean read(ActiveCall call, int slot, int incarnation) {
        String session = ticket(call).session();
        CompletableFuture<SessionRecord> loading = asked(
                () -> store.load(session).toCompletableFuture().thenApply(stored -> stored.orElse(SessionRecord.NEW)));
        if (loading.isDone()) {
            return loading.handle((stored, failure) -> loaded(call, slot, incarnation, stored, failure))
                    .join();
        }
        way.park(call); // Meanwhile it waits like others, so that its deadline and its caller find it.
        limit(call, loading);
        var unused = loading.whenComplete(
                (stored, failure) -> router.tell(new SessionReport.Loaded(call, slot, incarnation, stored, failure)));
        return true;
    }

    /**
     * What the router makes of a stored session.
     *
     * @param answer what the call's key was answered before, or null
     * @param age how many nanoseconds ago it was stored
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Reading(byte @Nullable [] answer, Known known, long age) {}

    private Reading reading(SessionRecord record, @Nullable String key) {
        return new Reading(
                key == null ? null : record.answers().get(key),
                new Known(record.revision(), record.version(), record.epoch(), record.resident()),
                record.revision() == 0
                        ? 0
                        : life.ageNanos(record.expiresAt(), context.clock().now()));
    }

    /** Goes on with a call whose session was read; returns whether its worker is taken. */
    boolean loaded(
            ActiveCall call, int slot, int incarnation, @Nullable SessionRecord record, @Nullable Throwable failure) {
        SessionTicket ticket = ticket(call);
        String session = ticket.session();
        if (record == null) {
            failed(call, "could not be read", failure);
            return false;
        }
        Reading reading;
        try {
            reading = reading(record, ticket.key());
        } catch (RuntimeException | Error e) { // What a store of the user's has returned may be anything.
            failed(call, "could not be read", e);
            return false;
        }
        if (reading.answer() != null) {
            if (call.lease(context.clock().nanoTime()) && call.succeed(reading.answer())) {
                context.sessionStats().count(Count.REPLAYED);
            }
            way.left(call);
            return false;
        }
        SessionTable.Owed owed = table.takeOwed(session, reading.known().resident());
        if (owed != null) {
            if (!owed.certain()) {
                bindings.gone(table.unbind(session));
                lost(session, owed.epoch());
            }
            tellLoss(call, loss(call, owed.epoch()));
            return false;
        }
        boolean older = table.read(session, reading.known(), context.clock().nanoTime() - reading.age());
        boolean reopened = context.sessionHooks().contains("open");
        if (older || (!reopened && table.losesResident(session, slot, incarnation))) {
            way.park(call);
            markLoss(call, record.revision(), loss(call, Math.max(1, table.epoch(session))), false, older);
            return false;
        }
        return way.send(call, slot, incarnation, record);
    }

    /** Something of the session is gone. Its store is told first, so that the loss is told once, whatever happens. */
    private void markLoss(ActiveCall call, long revision, SessionLost loss, boolean leased, boolean older) {
        table.lossFound(loss.session(), loss.epoch());
        CompletableFuture<Commit> marking = clearResident(loss.session(), revision, loss.epoch());
        if (marking.isDone()) {
            var unused = marking.handle((commit, failure) -> {
                        lossMarked(new SessionReport.LossMarked(call, loss, leased, older, commit, failure));
                        return true;
                    })
                    .join();
        } else {
            limit(call, marking);
            var unused = marking.whenComplete((commit, failure) ->
                    router.tell(new SessionReport.LossMarked(call, loss, leased, older, commit, failure)));
        }
    }

    /**
     * The hook that opens sessions has raised. The call keeps its turn until the loss is stored, so that no other finds it, too.
     *
     * @return false when the call has ended: nobody is told, and the hook gets another try with the next one
     */
    boolean openFailed(ActiveCall call, SessionAttempt attempt, SessionLost loss) {
        if (call.isDone()) {
            return false;
        }
        markLoss(call, attempt.base().revision(), loss, true, false);
        return true;
    }

    /** Stores that a session has nothing in its worker any more. */
    private CompletableFuture<Commit> clearResident(String session, long revision, long epoch) {
        SessionUpdate update = new SessionUpdate(
                Map.of(),
                epoch,
                false,
                null,
                context.config().sessions().keptAnswers(),
                life.expiry(context.clock().now()));
        return asked(() -> store.commit(session, revision, update).toCompletableFuture());
    }

    void lossMarked(SessionReport.LossMarked marked) {
        ActiveCall call = marked.call();
        String session = ticket(call).session();
        table.forgotten(session);
        boolean waits = marked.leased() || way.unpark(call);
        long epoch = marked.loss().epoch();
        if (marked.commit() instanceof Commit.Committed) {
            if (waits) {
                table.lossTold(session, epoch);
            } else {
                table.owe(session, epoch);
            }
            bindings.gone(table.unbind(session));
            lost(session, epoch);
            if (waits) {
                tellLoss(call, marked.loss());
            }
        } else if (marked.commit() instanceof Commit.Conflict) {
            table.lossNotStored(session);
            if (waits) {
                again(call, marked.leased()); // Another call has told of the loss, or has gone on since.
            }
        } else {
            notMarked(marked);
            if (waits) {
                failed(call, "could not be written", marked.failure());
            }
        }
    }

    private void again(ActiveCall call, boolean leased) {
        if (leased) {
            router.again(call);
        } else {
            way.again(call);
        }
    }

    /** The store may still do what it was asked to, however late, and so may make the loss one that nobody finds again. */
    private void notMarked(SessionReport.LossMarked marked) {
        SessionLost loss = marked.loss();
        if (marked.older()) {
            table.owe(loss.session(), loss.epoch());
            lost(loss.session(), loss.epoch());
        } else {
            table.lossUnknown(loss.session(), loss.epoch());
        }
    }

    /** A loss is known, and will be told to a call. */
    private void lost(String session, long epoch) {
        context.sessionStats().count(Count.LOST);
        context.events()
                .publish(new PoolEvent.SessionWasLost(
                        session, epoch, context.clock().now()));
    }

    private static SessionLost loss(ActiveCall call, long epoch) {
        String session = ticket(call).session();
        return new SessionLost(
                session,
                epoch,
                call.attempts(),
                "session '" + session + "', epoch " + epoch + ", has lost what it had in its worker, or in its store; "
                        + call + " was not run. The next call goes on with the state that there is",
                null);
    }

    private void tellLoss(ActiveCall call, SessionLost loss) {
        if (!call.fail(loss)) {
            table.owe(loss.session(), loss.epoch()); // Its caller has ended it a moment ago, and hears of nothing else.
        }
        way.left(call);
    }

    private void failed(ActiveCall call, String what, @Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        String session = ticket(call).session();
        call.fail(new SessionStoreFailed(
                session,
                Execution.NOT_STARTED,
                call.attempts(),
                call + " was not run: session '" + session + "' " + what + ": " + cause,
                cause));
        way.left(call);
    }

    /** A call's changes are still being stored at its deadline. */
    void commitDue(ActiveCall call) {
        String session = ticket(call).session();
        call.commitFailed(new SessionStoreFailed(
                session,
                Execution.RAN,
                call.attempts(),
                call + " ran, and its deadline passed before its changes of session '" + session
                        + "' were stored; it is not known whether they will be",
                null));
        SessionAttempt attempt = ticket(call).attempt();
        if (attempt != null) {
            attempt.givenUp(); // Its turn is over, whatever the store may do yet.
        }
    }
}
