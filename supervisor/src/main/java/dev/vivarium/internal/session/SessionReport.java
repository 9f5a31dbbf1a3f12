package dev.vivarium.internal.session;

import dev.vivarium.SessionLost;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.session.Commit;
import dev.vivarium.session.SessionRecord;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/** What the router is told about sessions. */
public sealed interface SessionReport {

    /** A session was read for a call that a worker is kept for; the failure is null when that went well. */
    record Loaded(
            ActiveCall call,
            int slot,
            int incarnation,
            @Nullable SessionRecord stored,
            @Nullable Throwable failure) implements SessionReport {}

    /**
     * A session was marked as one whose loss is told; the failure is null when that went well.
     *
     * @param leased whether the call has been with a worker, and does not wait for one
     * @param older whether the store has an older session than was written: nothing but this pool's memory tells of that
     */
    record LossMarked(
            ActiveCall call,
            SessionLost loss,
            boolean leased,
            boolean older,
            @Nullable Commit commit,
            @Nullable Throwable failure)
            implements SessionReport {}

    /** An attempt whose worker is free already has ended. */
    record Ended(ActiveCall call, SessionAttempt attempt, SessionAttempt.End end) implements SessionReport {}

    /** A call that is being stored has reached its deadline. */
    record CommitDue(ActiveCall call) implements SessionReport {}

    /** The store has not answered within its time; what happens then is nothing when it has. */
    record StoreDue(Runnable tooLate) implements SessionReport {}

    /** It is time to look for sessions that were not used. */
    record SweepDue() implements SessionReport {}

    /** What was stored of a session is forgotten, or the store has failed to; an order that has its turn. */
    record Removed(long turn, Unbind order, @Nullable Throwable failure) implements SessionReport {}

    /** Let a session go from its worker; and forget its state, if asked to. */
    record Unbind(String session, boolean forget, CompletableFuture<Done> over) implements SessionReport {}

    /** Send a session to another worker. */
    record Migrate(String session, int slot, CompletableFuture<Done> over) implements SessionReport {}

    /** Send every session of a worker to others. */
    record Evacuate(int slot, CompletableFuture<Integer> over) implements SessionReport {}

    /** Spread the sessions evenly over the workers. */
    record Rebalance(CompletableFuture<Integer> over) implements SessionReport {}
}
