package dev.vivarium.internal.pool;

import dev.vivarium.PoolCommand;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.RecycleReason;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Ready;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** What a pool's parts tell the pool. */
sealed interface PoolMessage extends PoolCommand.Internal {

    /** A worker became ready. */
    record SlotReady(int slot, Ready ready) implements PoolMessage {}

    /** A worker may be leased. */
    record SlotSettled(int slot) implements PoolMessage {}

    /** Every worker is to be replaced. */
    record RestartAll(CompletableFuture<Done> over) implements PoolMessage {}

    /** A worker has served long enough. */
    record RecycleDue(int slot, int incarnation, RecycleReason reason) implements PoolMessage {}

    /** A worker could not be brought up. */
    record SlotStartFailed(
            int slot, WorkerExit exit, @Nullable ErrorBody error) implements PoolMessage {}

    /** A slot has ended for good. */
    record SlotRetired(int slot) implements PoolMessage {}

    /** Calls wait. */
    record Pressure() implements PoolMessage {}

    /** The guardian could not be started. */
    record GuardianFailed(PoolStartFailed why) implements PoolMessage {}

    /** An actor that owned calls has ended. */
    record OwnerGone(ActorRef<?> owner) implements PoolMessage {}

    /** A call that has an owner was accepted. */
    record OwnedCallBegun(ActorRef<?> owner, ActiveCall call) implements PoolMessage {}

    /** A call that had an owner has ended. */
    record OwnedCallEnded(ActorRef<?> owner, long callId) implements PoolMessage {}

    /** It is time to look for overflow workers that idle. */
    record OverflowDue() implements PoolMessage {}

    /** No call is open any more. */
    record CallsEnded() implements PoolMessage {}

    /** The time for open calls is up. */
    record CloseDue() implements PoolMessage {}

    /** The guardian has ended, and everything below it. */
    record HostStopped() implements PoolMessage {}
}
