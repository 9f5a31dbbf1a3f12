package dev.vivarium.internal.router;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolException;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.recovery.Recovery;
import dev.vivarium.internal.session.SessionLane;
import dev.vivarium.internal.session.SessionReport;
import dev.vivarium.internal.worker.WorkerSlot;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which worker a call goes to; {@link RouterCore} holds the queue and the idle workers. Calls without a session go
 * to the least used idle worker.
 *
 * <p>What it knows outlives a restart of the actor: a defect in handling one message must not lose the calls of others.
 */
public final class SessionRouter {

    /** The messages of the router. */
    public sealed interface Command {}

    /** A call arrives. */
    public record Submit(ActiveCall call) implements Command {}

    /** A call was cancelled while it waited. */
    public record Forget(long callId) implements Command {}

    /** A worker may be leased. */
    public record Offered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker) implements Command {}

    /** A degraded worker may be leased to one call. */
    public record ProbeOffered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker) implements Command {}

    /** A worker may not be leased any more. */
    public record Withdrawn(int slot, int incarnation) implements Command {}

    /** A slot has ended; its worker stays to refuse leases until it is told that it is forgotten. */
    public record Gone(int slot, ActorRef<WorkerSlot.Command> worker) implements Command {}

    /** A slot could not take a call; nothing was sent. */
    public record Refused(ActiveCall call) implements Command {}

    /** A worker ended with a call. */
    public record Lost(ActiveCall call, WorkerExit exit, Execution execution) implements Command {}

    /** Fail every call that waits, now and from now on. */
    public record RefuseAll() implements Command {}

    /** Something about sessions. */
    public record Session(SessionReport report) implements Command {}

    /** Something about all workers. */
    public record OfWorkers(WorkersReport report) implements Command {}

    record SessionDue(Object key) implements Command {}

    private record DeadlineDue() implements Command {}

    record RetryDue(long callId) implements Command {}

    private record PlaceFree() implements Command {}

    private static final Logger log = LoggerFactory.getLogger(SessionRouter.class);
    private static final String DEADLINE = "deadline";

    /** What outlives the actor's restarts. */
    private static final class Memory {
        private final RouterCore core = new RouterCore();
        private final Map<Long, ActiveCall> calls = new HashMap<>();
        private final RouterDoor door;
        private final SessionLane sessions;
        private final Map<Integer, ActorRef<WorkerSlot.Command>> workers = new HashMap<>();
        private final AllWorkers all;
        private final Repeats.Memory repeats = new Repeats.Memory();
        private boolean refusing;

        Memory(PoolContext context) {
            door = new RouterDoor(context);
            sessions = new SessionLane(context, core, calls, door);
            all = new AllWorkers(context, core, calls, door, sessions::sent);
        }
    }

    private final PoolContext context;
    private final TimerScheduler<Command> timers;
    private final IntConsumer pressure;
    private final Memory memory;
    private final Refusal refusal;
    private final Repeats repeats;
    private long nextDeadline = Long.MAX_VALUE;

    private SessionRouter(PoolContext context, TimerScheduler<Command> timers, IntConsumer pressure, Memory memory) {
        this.context = context;
        this.timers = timers;
        this.pressure = pressure;
        this.memory = memory;
        this.refusal = new Refusal(context);
        this.repeats = new Repeats(context, memory.repeats, memory.calls, timers, new ForRepeats());
    }

    private final class ForRepeats implements Repeats.Router {
        @Override
        public boolean isRefusing() {
            return memory.refusing;
        }

        @Override
        public boolean isRetrySafe(ActiveCall call) {
            return memory.sessions.isRetrySafe(call);
        }

        @Override
        public void giveBack(ActiveCall call) {
            SessionRouter.this.giveBack(call);
        }

        @Override
        public void expire(ActiveCall call) {
            SessionRouter.this.expire(call);
        }

        @Override
        public void left(ActiveCall call) {
            SessionRouter.this.left(call);
        }
    }

    /**
     * Returns the behavior of a router.
     *
     * @param pressure is told how many calls wait whenever one has to
     */
    public static Behavior<Command> create(PoolContext context, IntConsumer pressure) {
        Memory memory = new Memory(context);
        Behavior<Command> behavior = Behaviors.setup(actor -> Behaviors.withTimers(timers -> {
            ActorRef<Command> self = actor.getSelf();
            context.recovery().whenPlaceFree(() -> self.tell(new PlaceFree()));
            SessionRouter router = new SessionRouter(context, timers, pressure, memory);
            memory.door.open(actor.getSelf(), timers, memory.workers, router::again, router.repeats::released);
            router.repeats.resume();
            memory.all.resume();
            var unused = router.waitsChanged(); // The timer of the deadlines has ended with the actor, too.
            return router.behavior();
        }));
        return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.restart());
    }

    private Behavior<Command> behavior() {
        return Behaviors.receive(Command.class)
                .onMessage(Submit.class, this::onSubmit)
                .onMessage(Offered.class, this::onOffered)
                .onMessage(ProbeOffered.class, this::onProbeOffered)
                .onMessage(Withdrawn.class, this::onWithdrawn)
                .onMessage(Gone.class, this::onGone)
                .onMessage(Forget.class, this::onForget)
                .onMessage(Refused.class, this::onRefused)
                .onMessage(Lost.class, this::onLost)
                .onMessage(RefuseAll.class, this::onRefuseAll)
                .onMessage(Session.class, this::onSession)
                .onMessage(SessionDue.class, this::onSessionDue)
                .onMessage(OfWorkers.class, this::onOfWorkers)
                .onMessage(DeadlineDue.class, this::onDeadlineDue)
                .onMessage(RetryDue.class, this::onRetryDue)
                .onMessage(PlaceFree.class, this::onPlaceFree)
                .onSignal(PostStop.class, signal -> onStopped())
                .build();
    }

    private Behavior<Command> onSubmit(Submit message) {
        ActiveCall call = message.call();
        if (memory.refusing) {
            refusal.accept(call);
            return Behaviors.same();
        }
        memory.calls.put(call.id(), call);
        if (call.session() != null) {
            memory.sessions.submit(call);
        } else {
            memory.core.submit(call.id(), call.deadline(), context.clock().nanoTime());
        }
        return assign(call);
    }

    private Behavior<Command> onOffered(Offered message) {
        memory.core.available(message.slot(), message.incarnation());
        return offered(message.slot(), message.incarnation(), message.worker());
    }

    private Behavior<Command> onProbeOffered(ProbeOffered message) {
        memory.core.probe(message.slot(), message.incarnation());
        return offered(message.slot(), message.incarnation(), message.worker());
    }

    private Behavior<Command> offered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker) {
        memory.workers.put(slot, worker);
        memory.sessions.offered(slot, incarnation);
        memory.all.offered(slot, incarnation, worker);
        return assign();
    }

    private Behavior<Command> onWithdrawn(Withdrawn message) {
        memory.core.unavailable(message.slot(), message.incarnation());
        memory.sessions.withdrawn(message.slot(), message.incarnation());
        return assign();
    }

    private Behavior<Command> onGone(Gone message) {
        memory.core.forget(message.slot());
        memory.sessions.gone(message.slot());
        memory.workers.remove(message.slot());
        message.worker().tell(new WorkerSlot.Forgotten());
        return Behaviors.same();
    }

    private Behavior<Command> onForget(Forget message) {
        var unused = forget(message.callId());
        return assign();
    }

    private Behavior<Command> onOfWorkers(OfWorkers message) {
        if (message.report() instanceof WorkersReport.Ended ended) {
            memory.sessions.ended(ended.exit().worker().slot(), ended.exit().incarnation());
        }
        memory.all.on(message.report(), memory.refusing);
        return assign();
    }

    private Behavior<Command> onRefused(Refused message) {
        if (memory.all.refused(message.call())) {
            return assign(message.call());
        }
        if (message.call().session() != null) {
            memory.sessions.lost(message.call());
        }
        again(message.call());
        return assign(message.call());
    }

    private Behavior<Command> onSession(Session message) {
        memory.sessions.on(message.report());
        return assign();
    }

    private Behavior<Command> onSessionDue(SessionDue message) {
        SessionReport report = memory.door.due(message.key());
        if (report != null) {
            memory.sessions.on(report);
        }
        return assign();
    }

    private void again(ActiveCall call) {
        if (!call.requeue()) {
            left(call);
        } else if (memory.refusing) {
            refusal.accept(call);
        } else {
            memory.calls.put(call.id(), call);
            giveBack(call);
        }
    }

    private void giveBack(ActiveCall call) {
        arrived(call);
        if (call.session() != null) {
            memory.sessions.giveBack(call);
        } else {
            memory.core.giveBack(call.id(), call.waitsUntil(), context.clock().nanoTime());
        }
    }

    /** A call is with the router no more. */
    private void left(ActiveCall call) {
        if (call.session() != null) {
            memory.sessions.left(call);
        }
    }

    private Behavior<Command> onLost(Lost message) {
        ActiveCall call = message.call();
        WorkerExit exit = message.exit();
        call.lost(new CallAttempt(exit.worker(), exit.incarnation(), exit.cause(), message.execution()));
        if (call.session() != null) {
            memory.sessions.lost(call);
        }
        repeats.lost(call, exit);
        return assign();
    }

    private Behavior<Command> onPlaceFree(PlaceFree message) {
        repeats.placeFree();
        return assign();
    }

    private Behavior<Command> onRetryDue(RetryDue message) {
        repeats.due(message.callId());
        return assign();
    }

    private Behavior<Command> onRefuseAll(RefuseAll message) {
        memory.refusing = true;
        memory.all.refuseAll();
        for (long id : memory.core.drain()) {
            ActiveCall call = memory.calls.remove(id);
            if (call != null) {
                refusal.accept(call);
            }
        }
        for (long id : repeats.waiting()) {
            ActiveCall call = forget(id);
            if (call != null) {
                refusal.accept(call);
            }
        }
        return waitsChanged();
    }

    private void stopWaiting(long id) {
        memory.core.remove(id);
        repeats.forget(id);
    }

    private @Nullable ActiveCall forget(long id) {
        stopWaiting(id);
        ActiveCall call = memory.calls.remove(id);
        if (call != null) {
            left(call);
        }
        return call;
    }

    private Behavior<Command> onDeadlineDue(DeadlineDue message) {
        nextDeadline = Long.MAX_VALUE;
        for (long id : memory.core.expire(context.clock().nanoTime())) {
            ActiveCall call = memory.calls.remove(id);
            if (call != null) {
                expire(call);
                left(call);
            }
        }
        return assign();
    }

    private void expire(ActiveCall call) {
        PoolException overBudget =
                call.admission().overBudget(call.deadline(), context.clock().nanoTime());
        if (overBudget != null) {
            call.fail(overBudget);
            return;
        }
        String trouble = context.trouble();
        call.fail(new CallTimedOut(
                Recovery.ofAttempts(call.attempts()),
                call.timeout(),
                context.snapshot(),
                call.attempts(),
                call + " did not end within " + call.timeout() + "; it was waiting for a worker ("
                        + context.snapshot().summary() + ")" + (trouble == null ? "" : "; " + trouble),
                ""));
    }

    private Behavior<Command> onStopped() {
        for (ActiveCall call : List.copyOf(memory.calls.values())) {
            refusal.accept(call);
        }
        memory.calls.clear();
        return Behaviors.same();
    }

    private Behavior<Command> assign(ActiveCall arrived) {
        arrived(arrived);
        return assign();
    }

    private void arrived(ActiveCall call) {
        if (nextDeadline != Long.MAX_VALUE && call.waitsUntil() - nextDeadline < 0) {
            timeDeadline(call.waitsUntil()); // It is due before the one that the timer runs for.
        }
    }

    private void timeDeadline(long due) {
        nextDeadline = due;
        Duration left = Duration.ofNanos(Math.max(0, due - context.clock().nanoTime()));
        timers.startSingleTimer(DEADLINE, new DeadlineDue(), left);
    }

    private Behavior<Command> assign() {
        memory.all.giveIdle();
        List<RouterCore.Assignment> assignments = memory.core.assign();
        while (!assignments.isEmpty()) {
            assignments.forEach(this::carryOut);
            // A call that had ended before it could be sent leaves its worker free for the next one.
            assignments = memory.core.assign();
        }
        return waitsChanged();
    }

    private void carryOut(RouterCore.Assignment assignment) {
        ActiveCall call = memory.calls.remove(assignment.callId());
        ActorRef<WorkerSlot.Command> worker = memory.workers.get(assignment.slot());
        if (call == null || worker == null) {
            log.error("a defect: nothing is known about {}", assignment);
            return;
        }
        long now = context.clock().nanoTime();
        if (call.waitsUntil() - now <= 0) {
            expire(call);
            left(call);
        } else if (call.session() != null) {
            if (memory.sessions.assigned(call, assignment)) {
                return;
            }
        } else if (call.lease(now, context.worker(assignment.slot()), assignment.incarnation())) {
            memory.sessions.sent(assignment.slot(), call);
            worker.tell(new WorkerSlot.Lease(assignment.incarnation(), call));
            return;
        }
        memory.core.free(assignment);
    }

    /** Keeps the timer at the earliest deadline, and tells the pool when calls wait. */
    private Behavior<Command> waitsChanged() {
        int waiting = memory.core.waiting();
        if (waiting == 0) {
            if (nextDeadline != Long.MAX_VALUE) {
                timers.cancel(DEADLINE);
                nextDeadline = Long.MAX_VALUE;
                context.oldestWait(false, 0);
            }
            return Behaviors.same();
        }
        long now = context.clock().nanoTime();
        context.oldestWait(true, memory.core.oldestSince(now));
        if (nextDeadline == Long.MAX_VALUE) {
            timeDeadline(memory.core.earliestDeadline());
        }
        pressure.accept(waiting);
        return Behaviors.same();
    }
}
