package dev.vivarium.internal.worker;

import dev.vivarium.CallTimedOut;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
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

    void lease(ActiveCall call) {
        leased = call;
    }

    /** Returns the leased call and forgets it, or null if it is not this one. */
    @Nullable
    ActiveCall refuse(long callId) {
        ActiveCall refused = leased;
        if (refused == null || refused.id() != callId) {
            return null;
        }
        leased = null;
        return refused;
    }

    /**
     * Sends the leased call.
     *
     * @param stopped told, on any thread, when the call has ended otherwise than by its answer
     * @return what is left until its deadline
     */
    Duration send(WorkerDriver driver, Runnable stopped) {
        ActiveCall call = leased;
        if (call == null) {
            throw new IllegalStateException("a lease without a call");
        }
        leased = null;
        running = call;
        long remaining = call.deadline() - context.clock().nanoTime();
        call.sending(stopped);
        driver.send(call, Math.max(1, remaining / 1000));
        if (call.isDone()) {
            // Cancelled between the lease and the line above, when nobody could be told yet.
            stopped.run();
        }
        return Duration.ofNanos(Math.max(0, remaining));
    }

    /** Forgets the call if it is the one that was answered. */
    boolean answered(long callId) {
        if (running == null || running.id() != callId) {
            return false;
        }
        running = null;
        return true;
    }

    /** Fails the call, if it still runs, because its deadline has passed; returns what the threads of its worker did. */
    String timeOut(long callId, int incarnation, WorkerDriver driver) {
        ActiveCall late = running;
        if (late == null || late.id() != callId) {
            return "";
        }
        Execution seen = driver.executionOf(late.id());
        String stacks = driver.stacks();
        late.fail(new CallTimedOut(
                Progress.certain(seen),
                late.timeout(),
                context.snapshot(),
                late.attempts(),
                late + " did not end within " + late.timeout() + "; it was running in " + context.worker(slot)
                        + ", incarnation " + incarnation + " (" + Progress.describe(seen) + ")",
                stacks));
        return stacks;
    }

    /** Returns the call that the end of its worker has left unanswered, and forgets it; null without one. */
    @Nullable
    ActiveCall takeBack(@Nullable WorkerDriver driver) {
        ActiveCall open = running;
        if (driver == null) {
            return null;
        }
        running = null;
        return open != null && driver.takeBack(open) ? open : null;
    }
}
