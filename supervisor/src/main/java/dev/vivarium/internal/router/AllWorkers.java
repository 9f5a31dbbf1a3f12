package dev.vivarium.internal.router;

import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.Target;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.worker.WorkerSlot;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.ActorRef;

/** What the router does with all workers at once: calls to each of them, and settings. Used by the router only. */
final class AllWorkers {

    private final PoolContext context;
    private final LiveWorkers live = new LiveWorkers();
    private final CallsToAll calls;
    private final Settings settings;

    /**
     * Creates it.
     *
     * @param sent is told which call a slot was given
     */
    AllWorkers(
            PoolContext context,
            RouterCore core,
            Map<Long, ActiveCall> waiting,
            RouterDoor door,
            BiConsumer<Integer, ActiveCall> sent) {
        this.context = context;
        this.calls = new CallsToAll(context, core, waiting, live);
        this.settings = new Settings(context, core, door, live, sent);
    }

    /** A worker is idle; when it lacks a setting it is not, any more. */
    void offered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker) {
        settings.offered(live.offered(new Target(slot, incarnation), worker));
    }

    /** Returns whether a call that its slot did not take was one for that worker only. */
    boolean refused(ActiveCall call) {
        Target target = call.target();
        if (target == null) {
            return false;
        }
        if (call.id() > PoolContext.OWN_CALLS) {
            settings.refused(call);
        } else {
            calls.refused(call, target);
        }
        return true;
    }

    /** Carries out what the router was told. */
    void on(WorkersReport report, boolean refusing) {
        if (report instanceof WorkersReport.Call call) {
            calls.call(call.call(), refusing);
        } else if (report instanceof WorkersReport.Order order) {
            settings.order(order.order(), refusing);
        } else if (report instanceof WorkersReport.Forget forget) {
            boolean there = settings.forget(forget.name());
            context.callbacks().execute(() -> forget.over().complete(there));
        } else if (report instanceof WorkersReport.Answered answered) {
            settings.answered(answered);
        } else if (report instanceof WorkersReport.Due due) {
            settings.due(due.order());
        } else if (report instanceof WorkersReport.Ended ended && live.ended(ended.exit())) {
            calls.ended(ended.exit());
            settings.ended(ended.exit());
        }
    }

    /** Sees to it that no idle worker lacks a setting, before calls are given to them. */
    void giveIdle() {
        settings.giveIdle();
    }

    /** No call is sent any more. */
    void refuseAll() {
        settings.refuseAll();
    }

    /** Starts the timers again that a restart of the router has stopped. */
    void resume() {
        settings.resume();
    }
}
