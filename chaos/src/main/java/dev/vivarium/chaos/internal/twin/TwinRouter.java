package dev.vivarium.chaos.internal.twin;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.recovery.Recovery;
import dev.vivarium.internal.session.RouterAccess;
import dev.vivarium.internal.session.SessionLane;
import dev.vivarium.internal.session.SessionReport;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Carries the decisions of a real {@link RouterCore}, a real {@link Recovery} and a real {@link SessionLane} out, step by step as the
 * router's actor does in the pool. For one thread.
 */
final class TwinRouter {

    private final World world;
    private final RouterCore core = new RouterCore();
    private final Map<Long, ActiveCall> calls = new HashMap<>();
    private final Map<Integer, TwinSlot> workers = new HashMap<>();
    private final Map<Integer, Way> toSlots = new HashMap<>();
    private final Map<Object, VirtualTime.Task> later = new HashMap<>();
    private final Map<Long, VirtualTime.Task> delayed = new HashMap<>();
    private final Set<Long> parked = new LinkedHashSet<>();
    private final Way toSelf;
    private final Chance chance;
    private final SessionLane sessions;
    private VirtualTime.@Nullable Task deadline;
    private long nextDeadline = Long.MAX_VALUE;

    TwinRouter(World world) {
        this.world = world;
        this.toSelf = new Way(world.time);
        this.chance = new Chance(world.streams, "router");
        this.sessions = new SessionLane(world.context, core, calls, new Door());
        world.context.recovery().whenPlaceFree(() -> toSelf.send(chance.hop(), this::placeFree));
    }

    private long now() {
        return world.time.nanoTime();
    }

    /** The router as sessions see it. */
    private final class Door implements RouterAccess {
        @Override
        public void tell(SessionReport report) {
            toSelf.send(chance.hop(), () -> session(report));
        }

        @Override
        public void tellAfter(Object key, Duration delay, SessionReport report) {
            forget(key);
            later.put(key, world.time.after(delay, () -> {
                later.remove(key);
                session(report);
            }));
        }

        @Override
        public void forget(Object key) {
            VirtualTime.Task task = later.remove(key);
            if (task != null) {
                task.cancel();
            }
        }

        @Override
        public void again(ActiveCall call) {
            TwinRouter.this.again(call);
        }

        @Override
        public void postponed(ActiveCall call) {
            if (call.takePostponed() != null) {
                throw new IllegalStateException("the twin's handlers ask for no later try");
            }
        }

        @Override
        public void send(ActiveCall call, int slot, int incarnation) {
            TwinSlot worker = workers.get(slot);
            if (worker == null) {
                throw new IllegalStateException("slot " + slot + " was assigned and is not known");
            }
            lease(worker, incarnation, call);
        }

        @Override
        public void close(String session, int slot, int incarnation) {
            // A worker of the twin keeps nothing of a session but a copy.
        }
    }

    private void session(SessionReport report) {
        sessions.on(report);
        assign();
    }

    private void lease(TwinSlot worker, int incarnation, ActiveCall call) {
        toSlots.computeIfAbsent(worker.number(), slot -> new Way(world.time))
                .send(chance.hop(), () -> worker.lease(incarnation, call));
    }

    void submit(ActiveCall call) {
        calls.put(call.id(), call);
        if (call.session() != null) {
            sessions.submit(call);
        } else {
            core.submit(call.id(), call.deadline(), now());
        }
        arrived(call);
        assign();
    }

    void offered(TwinSlot worker, int incarnation, boolean probe) {
        if (probe) {
            core.probe(worker.number(), incarnation);
        } else {
            core.available(worker.number(), incarnation);
        }
        workers.put(worker.number(), worker);
        sessions.offered(worker.number(), incarnation);
        assign();
    }

    void withdrawn(int slot, int incarnation) {
        core.unavailable(slot, incarnation);
        sessions.withdrawn(slot, incarnation);
        assign();
    }

    void workerEnded(int slot, int incarnation) {
        sessions.ended(slot, incarnation);
        assign();
    }

    void gone(TwinSlot worker) {
        core.forget(worker.number());
        sessions.gone(worker.number());
        workers.remove(worker.number());
        Way way = toSlots.remove(worker.number());
        (way == null ? new Way(world.time) : way).send(chance.hop(), worker::forgotten);
    }

    void refused(ActiveCall call) {
        if (call.session() != null) {
            sessions.lost(call);
        }
        again(call);
        arrived(call);
        assign();
    }

    void lost(ActiveCall call, WorkerExit exit, Execution execution) {
        call.lost(new CallAttempt(exit.worker(), exit.incarnation(), exit.cause(), execution));
        if (call.session() != null) {
            sessions.lost(call);
        }
        if (call.isDone()) {
            left(call);
        } else {
            decided(call, world.context.recovery().afterLoss(loss(call), exit, false));
        }
        assign();
    }

    private void again(ActiveCall call) {
        if (!call.requeue()) {
            left(call);
        } else {
            calls.put(call.id(), call);
            giveBack(call);
        }
    }

    private void giveBack(ActiveCall call) {
        arrived(call);
        if (call.session() != null) {
            sessions.giveBack(call);
        } else {
            core.giveBack(call.id(), call.waitsUntil(), now());
        }
    }

    private void left(ActiveCall call) {
        if (call.session() != null) {
            sessions.left(call);
        }
    }

    // Calls that are tried again.

    private Recovery.Loss loss(ActiveCall call) {
        boolean safe = call.session() == null ? call.retrySafe() : sessions.isRetrySafe(call);
        return new Recovery.Loss(
                call.toString(),
                safe,
                !call.mayRepeat(),
                call.mayRepeat() ? call.maxRetries() : 0,
                call.attempts(),
                call.deadline() - now(),
                call.admission());
    }

    private void decided(ActiveCall call, Recovery.Verdict verdict) {
        if (verdict instanceof Recovery.Retry retry) {
            repeat(call, retry.delay());
        } else {
            call.fail(((Recovery.Fail) verdict).error());
            left(call);
        }
    }

    private void repeat(ActiveCall call, Duration delay) {
        List<CallAttempt> attempts = call.attempts();
        CallAttempt last = attempts.get(attempts.size() - 1);
        world.context.stats().countRetry();
        world.context
                .events()
                .publish(new PoolEvent.CallRetried(
                        call.id(),
                        call.handler(),
                        attempts.size(),
                        last.worker(),
                        last.incarnation(),
                        delay,
                        world.time.now()));
        if (!call.requeue()) {
            left(call);
            return;
        }
        calls.put(call.id(), call);
        if (delay.isZero()) {
            resume(call);
        } else {
            delay(call, now() + delay.toNanos());
        }
    }

    private void delay(ActiveCall call, long due) {
        long id = call.id();
        delayed.put(id, world.time.after(due - now(), () -> {
            due(id);
            assign();
        }));
    }

    private boolean resume(ActiveCall call) {
        if (call.admission().takePlace()) {
            giveBack(call);
            return true;
        }
        parked.add(call.id());
        delay(call, call.waitsUntil());
        return false;
    }

    private void due(long id) {
        ActiveCall call = calls.get(id);
        if (delayed.remove(id) == null || call == null) {
            return;
        }
        if (parked.remove(id)) {
            calls.remove(id);
            expire(call);
            left(call);
        } else {
            resume(call);
        }
    }

    private void placeFree() {
        for (Iterator<Long> first = parked.iterator(); first.hasNext(); first = parked.iterator()) {
            long id = first.next();
            parked.remove(id);
            VirtualTime.Task task = delayed.remove(id);
            if (task != null) {
                task.cancel();
            }
            ActiveCall call = calls.get(id);
            boolean waits = call != null && !resume(call);
            if (waits || (call != null && call.admission().hasPlace())) {
                assign();
                return;
            }
        }
        world.context.recovery().nobodyWaits();
        assign();
    }

    // Deadlines.

    private void expire(ActiveCall call) {
        PoolException overBudget = call.admission().overBudget(call.deadline(), now());
        if (overBudget != null) {
            call.fail(overBudget);
            return;
        }
        call.fail(new CallTimedOut(
                Recovery.ofAttempts(call.attempts()),
                call.timeout(),
                world.context.snapshot(),
                call.attempts(),
                call + " did not end in time; it was waiting for a worker",
                ""));
    }

    private void deadlineDue() {
        nextDeadline = Long.MAX_VALUE;
        for (long id : core.expire(now())) {
            ActiveCall call = calls.remove(id);
            if (call != null) {
                expire(call);
                left(call);
            }
        }
        assign();
    }

    private void arrived(ActiveCall call) {
        if (nextDeadline != Long.MAX_VALUE && call.waitsUntil() - nextDeadline < 0) {
            timeDeadline(call.waitsUntil());
        }
    }

    private void timeDeadline(long due) {
        nextDeadline = due;
        if (deadline != null) {
            deadline.cancel();
        }
        deadline = world.time.after(due - now(), this::deadlineDue);
    }

    private void assign() {
        List<RouterCore.Assignment> assignments = core.assign();
        while (!assignments.isEmpty()) {
            assignments.forEach(this::carryOut);
            assignments = core.assign();
        }
        waitsChanged();
    }

    private void carryOut(RouterCore.Assignment assignment) {
        ActiveCall call = calls.remove(assignment.callId());
        TwinSlot worker = workers.get(assignment.slot());
        if (call == null || worker == null) {
            throw new IllegalStateException("nothing is known about " + assignment);
        }
        if (call.waitsUntil() - now() <= 0) {
            expire(call);
            left(call);
        } else if (call.session() != null) {
            if (sessions.assigned(call, assignment)) {
                return;
            }
        } else if (call.lease(now(), world.context.worker(assignment.slot()), assignment.incarnation())) {
            sessions.sent(assignment.slot(), call);
            lease(worker, assignment.incarnation(), call);
            return;
        }
        core.free(assignment);
    }

    private void waitsChanged() {
        if (core.waiting() == 0) {
            if (nextDeadline != Long.MAX_VALUE && deadline != null) {
                deadline.cancel();
            }
            nextDeadline = Long.MAX_VALUE;
        } else if (nextDeadline == Long.MAX_VALUE) {
            timeDeadline(core.earliestDeadline());
        }
    }

    /** Returns how many calls wait. */
    int waiting() {
        return core.waiting() + delayed.size();
    }

    /** Returns how many workers may be leased. */
    int idleWorkers() {
        return core.idleWorkers();
    }
}
