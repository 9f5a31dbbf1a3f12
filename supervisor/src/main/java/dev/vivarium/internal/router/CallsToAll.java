package dev.vivarium.internal.router;

import dev.vivarium.CallAttempt;
import dev.vivarium.PoolClosed;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallToAll;
import dev.vivarium.internal.call.Target;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.protocol.Execution;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The calls that go to every worker: makes their parts, and ends those whose worker ends. Used by the router only. */
final class CallsToAll {

    private final PoolContext context;
    private final RouterCore core;
    private final Map<Long, ActiveCall> calls;
    private final LiveWorkers live;
    // How the last worker of a slot ended, for parts that come back after that.
    private final Map<Integer, WorkerExit> exits = new HashMap<>();

    CallsToAll(PoolContext context, RouterCore core, Map<Long, ActiveCall> calls, LiveWorkers live) {
        this.context = context;
        this.core = core;
        this.calls = calls;
        this.live = live;
    }

    void call(CallToAll call, boolean refusing) {
        if (refusing) {
            call.fail(new PoolClosed(
                    Execution.NOT_STARTED,
                    List.of(),
                    "pool '" + context.config().name() + "' is closing; " + call + " was not sent"));
            return;
        }
        Collection<LiveWorkers.Live> workers = live.up();
        if (!call.take(workers.size())) {
            return;
        }
        for (LiveWorkers.Live worker : workers) {
            Target target = worker.target();
            ActiveCall part = call.part(context.worker(target.slot()), target.incarnation());
            if (part != null) {
                calls.put(part.id(), part);
                core.pin(part.id(), part.deadline(), context.clock().nanoTime(), target.slot());
            }
        }
    }

    /** A part was leased to a worker that did not take it. */
    void refused(ActiveCall part, Target target) {
        if (!part.requeue()) {
            return;
        }
        WorkerExit exit = exits.get(target.slot());
        if (exit != null && exit.incarnation() == target.incarnation()) {
            lose(part, exit);
        } else {
            // It is there and does not take calls at present; or its end is about to be told.
            calls.put(part.id(), part);
            core.pin(part.id(), part.deadline(), context.clock().nanoTime(), target.slot());
        }
    }

    /** A worker has ended: so have the parts that waited for it. */
    void ended(WorkerExit exit) {
        int slot = exit.worker().slot();
        exits.put(slot, exit);
        for (long id : core.pinnedTo(slot)) {
            core.remove(id);
            ActiveCall part = calls.remove(id);
            if (part != null) {
                lose(part, exit);
            }
        }
    }

    private static void lose(ActiveCall part, WorkerExit exit) {
        FailureTable.Failure failure = FailureTable.of(exit.cause(), 0);
        part.lost(new CallAttempt(exit.worker(), exit.incarnation(), exit.cause(), Execution.NOT_STARTED));
        part.fail(new WorkerCrashed(
                failure.category(),
                failure.severity(),
                Execution.NOT_STARTED,
                exit,
                part.attempts(),
                part + " was for one worker, which ended before it was free: " + exit.detail()));
    }
}
