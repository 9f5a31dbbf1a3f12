package dev.vivarium.internal.session;

import dev.vivarium.SessionBusy;
import dev.vivarium.SessionMode;
import dev.vivarium.SessionPolicy;
import dev.vivarium.SessionRefused;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.SessionStats.Count;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.core.SessionTable;
import dev.vivarium.internal.core.SessionTable.Known;
import dev.vivarium.internal.core.StateLife;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way of a session's calls through the router, whose thread is the only one that uses this. {@link SessionTable} decides.
 *
 * <p>A call waits for its turn, then for a worker; when it has both, and the worker does not have the state, the session is
 * read, with the worker kept for it. The turn ends when the worker is out of the call and what the call changed is stored: the
 * worker's next offer says the first, so that a call costs no further message.
 */
public final class SessionLane {

    private final PoolContext context;
    private final RouterCore core;
    private final Map<Long, ActiveCall> calls;
    private final SessionPolicy policy;
    private final StateLife life;
    private final SessionStore store;
    private final SessionTable table;
    private final SessionMoves moves;
    private final SessionFetch fetch;
    private final SessionRepeats repeats;
    private final RouterAccess router;
    private final SessionBindings bindings;
    private final Map<Integer, Integer> alive;
    // The slots whose worker has not ended, with its incarnation: also of one that is degraded and serves no calls now.
    private final Map<Integer, Integer> living = new HashMap<>();
    // The call that a worker has, of a session or not.
    private final Map<Integer, ActiveCall> running = new HashMap<>();
    // Which assignment a worker is kept for while a session is read.
    private final Map<Integer, RouterCore.Assignment> assigned = new HashMap<>();

    /**
     * Creates the lane.
     *
     * @param calls the calls that wait, by id
     */
    public SessionLane(PoolContext context, RouterCore core, Map<Long, ActiveCall> calls, RouterAccess router) {
        this.context = context;
        this.core = core;
        this.calls = calls;
        this.policy = context.config().sessions();
        this.life = new StateLife(policy.stateTtl());
        this.store = context.sessions();
        this.table = new SessionTable(policy.ttl(), policy.maxBindings());
        this.bindings = new SessionBindings(context, table, router);
        this.alive = bindings.alive();
        this.moves = new SessionMoves(context, table, bindings, router, this::leave);
        this.fetch = new SessionFetch(context, table, bindings, router, new Way());
        this.repeats = new SessionRepeats(context);
        this.router = router;
    }

    private static SessionTicket ticket(ActiveCall call) {
        return Objects.requireNonNull(call.session());
    }

    private long now() {
        return context.clock().nanoTime();
    }

    /** Returns whether a lost call may run again because its handler has no effect but on its session. */
    public boolean isRetrySafe(ActiveCall call) {
        return repeats.isRetrySafe(call);
    }

    /** A call of a session arrives, and is among the calls that wait. */
    public void submit(ActiveCall call) {
        SessionTicket ticket = ticket(call);
        try {
            bindings.gone(table.makeRoom(ticket.session()));
        } catch (IllegalStateException e) {
            calls.remove(call.id());
            call.fail(new SessionRefused(
                    ticket.session(),
                    SessionRefused.Reason.BINDINGS,
                    policy.maxBindings(),
                    Execution.NOT_STARTED,
                    call.attempts(),
                    call + " was refused: " + e.getMessage() + ", and sessions.max-bindings is "
                            + policy.maxBindings()));
            return;
        }
        if (ticket.concurrent() && moves.isAwaited(ticket.session())) {
            ticket.waitsForItsTurn();
        }
        long holder = table.holder(ticket.session());
        if (table.arrive(ticket.session(), call.id(), ticket.concurrent(), now())) {
            route(call, false);
        } else if (ticket.mode() == SessionMode.STRICT_FAIL_FAST && isRunning(ticket.session(), holder)) {
            busy(call);
        } else {
            core.hold(call.id(), call.waitsUntil(), now(), 0);
        }
        bindings.changed();
    }

    /** Returns whether a call is open; one that has ended will give its turn and its worker back any moment. */
    private boolean isRunning(String session, long callId) {
        ActiveCall holder = running.get(table.slot(session));
        return holder == null || holder.id() != callId || !holder.isDone();
    }

    private void busy(ActiveCall call) {
        calls.remove(call.id());
        core.remove(call.id());
        String session = ticket(call).session();
        call.fail(new SessionBusy(
                session,
                call.attempts(),
                call + " was not sent: session '" + session + "' is with " + context.worker(table.slot(session))
                        + ", which runs another call"));
        left(call);
    }

    /** It is a call's turn: it waits for a worker. */
    private void route(ActiveCall call, boolean again) {
        SessionTicket ticket = ticket(call);
        int slot = table.slot(ticket.session());
        ActiveCall there = running.get(slot);
        core.remove(call.id());
        if (staysWith(slot, ticket)) {
            boolean free = core.isIdle(slot) || (there != null && there.isDone());
            if (ticket.mode() == SessionMode.STRICT_FAIL_FAST && !free) {
                busy(call);
            } else {
                core.hold(call.id(), call.waitsUntil(), now(), slot);
            }
            return;
        }
        if (again) {
            core.giveBack(call.id(), call.waitsUntil(), now());
        } else {
            core.submit(call.id(), call.waitsUntil(), now());
        }
        if (slot != 0) {
            core.prefer(call.id(), slot);
        }
    }

    /** Returns whether a call may have no other worker: as its mode demands, or because its session would lose something. */
    private boolean staysWith(int slot, SessionTicket ticket) {
        return (alive.containsKey(slot) && ticket.mode() != SessionMode.HINT) || losesElsewhere(slot, ticket.session());
    }

    private boolean losesElsewhere(int slot, String session) {
        Integer incarnation = living.get(slot);
        return incarnation != null
                && !context.sessionHooks().contains("open")
                && table.isResident(session, slot, incarnation);
    }

    /** A call that had a worker waits for another. */
    public void giveBack(ActiveCall call) {
        route(call, true);
    }

    /**
     * A worker may have a call of a session.
     *
     * @return whether it does, or is kept for it; if not, it is free
     */
    public boolean assigned(ActiveCall call, RouterCore.Assignment worker) {
        int slot = worker.slot();
        int incarnation = worker.incarnation();
        SessionTicket ticket = ticket(call);
        int home = table.slot(ticket.session());
        if (home != slot && losesElsewhere(home, ticket.session())) {
            calls.put(call.id(), call); // A concurrent call has left something there since this one was let go.
            route(call, true);
            return false;
        }
        assigned.put(slot, worker);
        if (ticket.key() == null && table.isCached(ticket.session(), slot, incarnation)) {
            return send(call, slot, incarnation, null);
        }
        return fetch.read(call, slot, incarnation);
    }

    /** What becomes of calls whose session was read. */
    private final class Way implements SessionFetch.Way {
        @Override
        public boolean send(ActiveCall call, int slot, int incarnation, SessionRecord record) {
            return SessionLane.this.send(call, slot, incarnation, record);
        }

        @Override
        public void park(ActiveCall call) {
            calls.put(call.id(), call);
            core.hold(call.id(), call.waitsUntil(), now(), 0);
        }

        @Override
        public boolean unpark(ActiveCall call) {
            core.remove(call.id());
            return calls.remove(call.id()) != null;
        }

        @Override
        public void left(ActiveCall call) {
            SessionLane.this.left(call);
        }

        @Override
        public void again(ActiveCall call) {
            calls.put(call.id(), call);
            route(call, true);
        }
    }

    private boolean send(ActiveCall call, int slot, int incarnation, @Nullable SessionRecord record) {
        if (!call.lease(now(), context.worker(slot), incarnation)) {
            left(call);
            return false;
        }
        SessionTicket ticket = ticket(call);
        String session = ticket.session();
        int before = table.slot(session);
        Integer beforeAlive = alive.get(before);
        SessionTable.Departure departure =
                table.depart(session, slot, incarnation, ticket.concurrent(), beforeAlive != null);
        context.sessionStats().count(departure.cached() ? Count.HIT : Count.MISS);
        Known known = departure.known();
        if (departure.kind() == SessionTable.Kind.MOVED) {
            context.sessionStats().count(Count.REBIND);
            if (beforeAlive != null && before != slot) {
                bindings.gone(new SessionTable.Unbound(session, before, beforeAlive, false, known.resident()));
            }
        }
        if (departure.kind() == SessionTable.Kind.MOVED || departure.kind() == SessionTable.Kind.FIRST) {
            bindings.bound(session, slot, incarnation, known.epoch());
        }
        long written = table.written(session, now());
        boolean bring = !departure.cached() && known.version() > 0;
        ticket.leaves(new SessionAttempt(
                store,
                session,
                ticket.key(),
                policy.keptAnswers(),
                () -> life.isOld(now() - written),
                () -> life.expiry(context.clock().now()),
                new SessionAttempt.Base(
                        slot,
                        incarnation,
                        known.revision(),
                        known.version(),
                        known.epoch(),
                        known.resident(),
                        departure.kind() == SessionTable.Kind.VISIT,
                        record != null && bring ? record.state() : null)));
        running.put(slot, call);
        router.send(call, slot, incarnation);
        return true;
    }

    /** A call of no session was sent to a worker. */
    public void sent(int slot, ActiveCall call) {
        running.put(slot, call);
    }

    /** A worker may be leased: it is out of the call that it had. */
    public void offered(int slot, int incarnation) {
        alive.put(slot, incarnation);
        Integer before = living.put(slot, incarnation);
        assigned.remove(slot);
        settle(slot);
        if (before != null && before != incarnation) {
            routeHeld(slot);
        }
    }

    /** A worker may not be leased any more. */
    public void withdrawn(int slot, int incarnation) {
        Integer known = alive.get(slot);
        if (known == null || known == incarnation) {
            alive.remove(slot);
            assigned.remove(slot);
            settle(slot);
            routeHeld(slot);
        }
    }

    private void routeHeld(int slot) {
        for (long id : core.heldFor(slot)) {
            ActiveCall call = calls.get(id);
            if (call != null) {
                route(call, true);
            }
        }
    }

    /** A worker has ended. */
    public void ended(int slot, int incarnation) {
        if (living.remove(slot, incarnation)) {
            withdrawn(slot, incarnation);
            routeHeld(slot);
        }
    }

    /** A slot has ended. */
    public void gone(int slot) {
        living.remove(slot);
        withdrawn(slot, alive.getOrDefault(slot, 0));
        routeHeld(slot);
    }

    private void settle(int slot) {
        ActiveCall call = running.remove(slot);
        SessionTicket ticket = call == null ? null : call.session();
        SessionAttempt attempt = ticket == null ? null : ticket.attempt();
        if (call == null) {
            return;
        }
        if (attempt == null) {
            router.postponed(call);
            return;
        }
        SessionAttempt.End end = attempt.end();
        if (end != null) {
            ended(call, attempt, end);
            return;
        }
        // Being stored; or its worker has ended, which is told otherwise as well.
        attempt.whenEnded(how -> router.tell(new SessionReport.Ended(call, attempt, how)));
        router.tellAfter(
                attempt, Duration.ofNanos(Math.max(0, call.deadline() - now())), new SessionReport.CommitDue(call));
    }

    /** A worker has ended with a call, or could not take it; what becomes of the call follows. */
    public void lost(ActiveCall call) {
        SessionTicket ticket = ticket(call);
        SessionAttempt attempt = ticket.attempt();
        if (attempt != null) {
            running.remove(attempt.base().slot(), call);
            attempt.dropped();
            table.dropped(ticket.session(), false);
            var unused = ticket.settle(attempt);
        }
    }

    private void ended(ActiveCall call, SessionAttempt attempt, SessionAttempt.End end) {
        SessionTicket ticket = ticket(call);
        router.forget(attempt);
        if (!ticket.settle(attempt)) {
            return; // It has left again, or is known to have ended.
        }
        String session = ticket.session();
        SessionAttempt.Base base = attempt.base();
        if (end instanceof SessionAttempt.Kept kept) {
            table.kept(
                    session,
                    base.slot(),
                    base.incarnation(),
                    new Known(kept.revision(), kept.version(), base.epoch(), kept.resident()),
                    kept.written(),
                    ticket.concurrent(),
                    now());
        } else if (end instanceof SessionAttempt.Dropped dropped) {
            table.dropped(session, dropped.storeUnknown());
        } else if (end instanceof SessionAttempt.OpenFailed failed) {
            table.dropped(session, false);
            if (fetch.openFailed(call, attempt, failed.loss())) {
                return;
            }
        } else if (end instanceof SessionAttempt.Replayed) {
            context.sessionStats().count(Count.REPLAYED);
            table.dropped(session, false);
        } else if (end instanceof SessionAttempt.Postponed) {
            table.dropped(session, false);
            router.postponed(call); // Its turn goes on, so that the calls of a session stay in order.
            return;
        } else {
            table.dropped(session, true);
            boolean again = end instanceof SessionAttempt.StateWanted || repeats.mayAfterConflict(call, ticket);
            if (!call.isDone() && again) {
                router.again(call);
                return;
            }
        }
        left(call);
    }

    /** A call has left the router for good, and its turn with it. */
    public void left(ActiveCall call) {
        SessionTicket ticket = ticket(call);
        leave(ticket.session(), call.id(), ticket.concurrent());
    }

    /** A call has left, or an order that took its turn among them. */
    private void leave(String session, long id, boolean concurrent) {
        boolean turnOver = table.holder(session) == id;
        long next = table.leave(session, id, concurrent, now());
        if (turnOver) {
            moves.between(session); // Before the next call goes where the session is.
        }
        while (next > 0) {
            ActiveCall waiting = calls.get(next);
            if (waiting != null && !waiting.isDone()) {
                route(waiting, false);
                break;
            }
            next = table.leave(session, next, false, now());
        }
        bindings.changed();
        if (next < 0) {
            moves.turn(next);
        } else if (concurrent) {
            moves.visitorLeft(session);
        }
    }

    /** Carries out what the router was told. */
    public void on(SessionReport report) {
        if (report instanceof SessionReport.Loaded loaded) {
            onLoaded(loaded);
        } else if (report instanceof SessionReport.Ended ended) {
            ended(ended.call(), ended.attempt(), ended.end());
        } else if (report instanceof SessionReport.LossMarked marked) {
            router.forget(marked.call());
            fetch.lossMarked(marked);
        } else if (report instanceof SessionReport.CommitDue due) {
            fetch.commitDue(due.call());
        } else if (report instanceof SessionReport.SweepDue) {
            bindings.onSweepDue();
        } else if (report instanceof SessionReport.StoreDue due) {
            due.tooLate().run();
        } else if (report instanceof SessionReport.Removed removed) {
            moves.removed(removed);
        } else if (report instanceof SessionReport.Unbind order) {
            moves.unbind(order);
        } else if (report instanceof SessionReport.Migrate order) {
            moves.migrate(order);
        } else if (report instanceof SessionReport.Evacuate order) {
            moves.evacuate(order);
        } else if (report instanceof SessionReport.Rebalance order) {
            moves.rebalance(order);
        }
    }

    private void onLoaded(SessionReport.Loaded loaded) {
        ActiveCall call = loaded.call();
        router.forget(call);
        core.remove(call.id());
        boolean waits = calls.remove(call.id()) != null;
        RouterCore.Assignment kept = assigned.get(loaded.slot());
        // The worker may have been withdrawn and offered again meanwhile, and have another call.
        boolean there = kept != null && kept.callId() == call.id() && kept.incarnation() == loaded.incarnation();
        boolean taken = false;
        if (waits && there) {
            taken = fetch.loaded(call, loaded.slot(), loaded.incarnation(), loaded.stored(), loaded.failure());
        } else if (waits) {
            calls.put(call.id(), call);
            route(call, true);
        }
        if (kept != null && there && !taken) {
            core.free(kept);
        }
    }
}
