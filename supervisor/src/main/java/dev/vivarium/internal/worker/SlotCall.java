package dev.vivarium.internal.worker;

import dev.vivarium.CallStalled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolClosed;
import dev.vivarium.TransitionCause;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.TimelineLog;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The call of one slot: first leased, then sent. The slot's actor owns it. */
final class SlotCall {

    private final PoolContext context;
    private final int slot;
    private @Nullable ActiveCall leased;
    private @Nullable ActiveCall running;

    SlotCall(PoolContext context, int slot) {
        this.context = context;
        this.slot = slot;
    }

    /** Returns the id of the call that runs or is about to, 0 without one. */
    long id() {
        ActiveCall current = running != null ? running : leased;
        return current == null ? 0 : current.id();
    }

    /** Takes a call; false when its deadline has passed on the way to an idle worker: then it is given back and never sent. */
    boolean lease(WorkerSlot.Lease lease, SlotState state, RouterPort router) {
        leased = lease.call();
        boolean idle = state instanceof SlotState.Ready && state.incarnation() == lease.incarnation();
        if (!idle || lease.call().deadline() - context.clock().nanoTime() > 0) {
            return true;
        }
        refuse(lease.call().id(), router);
        return false;
    }

    /** Gives the leased call back and forgets it, if it is this one. */
    void refuse(long callId, RouterPort router) {
        ActiveCall refused = leased;
        if (refused != null && refused.id() == callId) {
            leased = null;
            router.refused(refused);
        }
    }

    /**
     * Sends the leased call.
     *
     * @param stopped told, on any thread, when the call has ended otherwise than by its answer
     * @return its deadline on the pool's monotonic clock
     */
    long send(WorkerDriver driver, Runnable stopped) {
        ActiveCall call = leased;
        if (call == null) {
            throw new IllegalStateException("a lease without a call");
        }
        leased = null;
        running = call;
        long remaining = call.deadline() - context.clock().nanoTime();
        // Not to be asked after it was sent: it may have been answered by then.
        boolean open = call.sending(stopped);
        TimelineLog times = call.times();
        if (times != null) {
            times.sent(() -> driver.startOf(call.id()));
        }
        driver.send(call, Math.max(1, remaining / 1000));
        if (!open) {
            stopped.run();
        }
        return call.deadline();
    }

    /** Returns the call that was answered and forgets it, or null if it is not this one. */
    @Nullable
    ActiveCall answered(long callId) {
        ActiveCall answered = running;
        if (answered == null || answered.id() != callId) {
            return null;
        }
        running = null;
        answered.admission().released(true);
        return answered;
    }

    /** Fails the call, if it still runs, because its deadline has passed; returns what the threads of its worker did. */
    String timeOut(long callId, int incarnation, WorkerDriver driver) {
        ActiveCall late = running;
        if (late == null || late.id() != callId) {
            return "";
        }
        Execution seen = driver.executionOf(late.id());
        boolean never = driver.isTooLateToStart(late);
        String stacks = driver.stacks();
        late.fail(new CallTimedOut(
                never ? Progress.mostBefore(late, Execution.NOT_STARTED) : Progress.most(late, seen),
                late.timeout(),
                context.snapshot(),
                late.attempts(),
                late + " did not end within " + late.timeout() + "; it was running in " + context.worker(slot)
                        + ", incarnation " + incarnation + " (" + Progress.describe(seen) + ")" + driver.waitedFor(),
                stacks));
        return stacks;
    }

    /** Fails the call, if it still runs, because its handler stopped reporting progress; returns whether that ended it. */
    boolean stall(long callId, int incarnation, long steps, WorkerDriver driver) {
        ActiveCall stalled = running;
        if (stalled == null || stalled.id() != callId) {
            return false;
        }
        Execution seen = driver.executionOf(callId);
        Duration limit = context.config().health().stallTimeout();
        return stalled.fail(new CallStalled(
                Progress.most(stalled, seen),
                context.worker(slot),
                incarnation,
                limit,
                steps,
                stalled.attempts(),
                stalled + " reported no progress for " + limit + " after " + steps + " steps; it was running in "
                        + context.worker(slot) + ", incarnation " + incarnation));
    }

    /** Fails a call because the whole pool ends, and the router with it: that may not hear of the call any more. */
    void giveUp(ActiveCall open, WorkerDriver from) {
        open.fail(new PoolClosed(
                Progress.most(open, from.executionOf(open.id())),
                open.attempts(),
                "pool '" + context.config().name() + "' ended while " + context.worker(slot) + " ran " + open));
    }

    /** Returns the call that the end of its worker has left unanswered, and forgets it; null without one. */
    @Nullable
    ActiveCall takeBack(@Nullable WorkerDriver driver, TransitionCause cause) {
        ActiveCall open = running;
        if (driver == null) {
            return null;
        }
        running = null;
        if (open == null) {
            return null;
        }
        open.admission().released(FailureTable.isWithin(cause));
        if (!driver.takeBack(open)) {
            return null;
        }
        open.attemptOver(); // As long as the slot's next process has not wiped the page.
        return open;
    }
}
