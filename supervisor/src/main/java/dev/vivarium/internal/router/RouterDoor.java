package dev.vivarium.internal.router;

import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.session.RouterAccess;
import dev.vivarium.internal.session.SessionReport;
import dev.vivarium.internal.worker.WorkerSlot;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/** The router as sessions see it; it stays the same when the router's actor starts anew. */
final class RouterDoor implements RouterAccess {

    private record Inside(
            ActorRef<SessionRouter.Command> self,
            TimerScheduler<SessionRouter.Command> timers,
            Map<Integer, ActorRef<WorkerSlot.Command>> workers,
            Consumer<ActiveCall> again,
            Consumer<ActiveCall> postponed) {}

    private record Later(SessionReport report, long due) {}

    private final PoolContext context;
    // What the actor is told later, by key: its timers end with it, and this does not.
    private final Map<Object, Later> later = new HashMap<>();

    RouterDoor(PoolContext context) {
        this.context = context;
    }

    private volatile @Nullable Inside inside;

    /** Makes it lead to an actor. */
    void open(
            ActorRef<SessionRouter.Command> self,
            TimerScheduler<SessionRouter.Command> timers,
            Map<Integer, ActorRef<WorkerSlot.Command>> workers,
            Consumer<ActiveCall> again,
            Consumer<ActiveCall> postponed) {
        inside = new Inside(self, timers, workers, again, postponed);
        later.forEach(this::startTimer);
    }

    private Inside inside() {
        Inside known = inside;
        if (known == null) {
            throw new IllegalStateException("the router has not started");
        }
        return known;
    }

    @Override
    public void tell(SessionReport report) {
        inside().self().tell(new SessionRouter.Session(report));
    }

    @Override
    public void tellAfter(Object key, Duration delay, SessionReport report) {
        Later armed = new Later(report, context.clock().nanoTime() + delay.toNanos());
        later.put(key, armed);
        startTimer(key, armed);
    }

    private void startTimer(Object key, Later armed) {
        Duration left =
                Duration.ofNanos(Math.max(0, armed.due() - context.clock().nanoTime()));
        inside().timers().startSingleTimer(key, new SessionRouter.SessionDue(key), left);
    }

    /** Returns what the actor was to be told now, once; null when that was taken back. */
    @Nullable
    SessionReport due(Object key) {
        Later armed = later.remove(key);
        return armed == null ? null : armed.report();
    }

    /** Tells the router something about all workers. */
    void report(WorkersReport report) {
        inside().self().tell(new SessionRouter.OfWorkers(report));
    }

    /** Tells it so after a while, unless {@link #forget} comes first. */
    void reportAfter(Object key, long nanos, WorkersReport report) {
        Duration delay = Duration.ofNanos(Math.max(0, nanos));
        inside().timers().startSingleTimer(key, new SessionRouter.OfWorkers(report), delay);
    }

    @Override
    public void forget(Object key) {
        later.remove(key);
        inside().timers().cancel(key);
    }

    @Override
    public void again(ActiveCall call) {
        inside().again().accept(call);
    }

    @Override
    public void postponed(ActiveCall call) {
        inside().postponed().accept(call);
    }

    @Override
    public void send(ActiveCall call, int slot, int incarnation) {
        ActorRef<WorkerSlot.Command> worker = inside().workers().get(slot);
        if (worker == null) {
            throw new IllegalStateException("slot " + slot + " was assigned and is not known");
        }
        worker.tell(new WorkerSlot.Lease(incarnation, call));
    }

    @Override
    public void close(String session, int slot, int incarnation) {
        ActorRef<WorkerSlot.Command> worker = inside().workers().get(slot);
        if (worker != null) {
            worker.tell(new WorkerSlot.CloseSession(incarnation, session));
        }
    }
}
