package dev.vivarium;

import java.time.Duration;
import java.util.Objects;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a pool that is embedded as an actor; see {@link PythonPool#behavior(PoolConfig)}.
 *
 * <p>Every {@link Call} that the pool's actor takes from its mailbox gets exactly one {@link CallOutcome}; messages to an actor
 * that has stopped are dead letters, as everywhere in Pekko. Nothing here needs an ask: each request names where its
 * answer goes.
 */
public sealed interface PoolCommand
        permits PoolCommand.Call,
                PoolCommand.Close,
                PoolCommand.GetSnapshot,
                PoolCommand.Resize,
                PoolCommand.RollingRestart,
                PoolCommand.SendSignal,
                PoolCommand.Internal {

    /** The pool's messages to itself; not for use from outside. */
    non-sealed interface Internal extends PoolCommand {}

    /**
     * Calls a handler.
     *
     * @param call what to call
     * @param replyTo gets the one outcome
     * @param owner an actor whose end cancels the call, or null; often the same actor as {@code replyTo}
     * @param <T> the result's type
     */
    record Call<T>(
            PythonCall<T> call,
            ActorRef<CallOutcome<T>> replyTo,
            @Nullable ActorRef<?> owner) implements PoolCommand {

        /** Checks here, in whoever sends it: a pool must not stumble over its messages. */
        public Call {
            Objects.requireNonNull(call, "call");
            Objects.requireNonNull(replyTo, "replyTo");
        }

        /** Creates a call that nobody's end cancels. */
        public Call(PythonCall<T> call, ActorRef<CallOutcome<T>> replyTo) {
            this(call, replyTo, null);
        }
    }

    /** Asks for a snapshot. */
    record GetSnapshot(ActorRef<PoolSnapshot> replyTo) implements PoolCommand {
        /** Checks here, in whoever sends it. */
        public GetSnapshot {
            Objects.requireNonNull(replyTo, "replyTo");
        }
    }

    /**
     * Changes how many workers are wanted, 1 to {@link PoolConfig#MAX_WORKERS} less the overflow; a number outside is
     * taken as the nearest inside. Workers that are no longer wanted finish their call first. Does nothing in the modes SINGLE
     * and DISABLED.
     */
    record Resize(int workers) implements PoolCommand {}

    /**
     * Replaces every worker that there is now, one after the other; each replacement is ready before the old worker is let
     * go. A second request while one is under way joins it. Waits while there is no room for one more worker below {@link
     * PoolConfig#MAX_WORKERS}, and while a replacement cannot be started. Does nothing in the modes SINGLE and DISABLED.
     *
     * @param replyTo is told when all of them have been replaced, or the pool has closed; or null
     */
    record RollingRestart(@Nullable ActorRef<Done> replyTo) implements PoolCommand {}

    /**
     * Sends a signal to one worker process; does nothing when that incarnation has ended. For operations and chaos.
     *
     * @param slot the slot's number
     * @param incarnation the process within the slot
     */
    record SendSignal(int slot, int incarnation, Signal signal) implements PoolCommand {
        /** Checks here, in whoever sends it. */
        public SendSignal {
            Objects.requireNonNull(signal, "signal");
        }
    }

    /**
     * Stops accepting calls, finishes those there are within {@code atMost}, then ends the workers and the pool.
     *
     * @param atMost when this is over, what is left is killed; of several requests the earliest end counts
     * @param queued what becomes of calls that wait; null means what the pool's {@link DrainPolicy} says. Once one request
     *     has refused them, they are
     * @param replyTo is told when nothing of the pool is left, or null
     */
    record Close(
            Duration atMost,
            DrainPolicy.@Nullable Queued queued,
            @Nullable ActorRef<Done> replyTo) implements PoolCommand {

        /** Checks here, in whoever sends it: a pool must not stumble over its messages. */
        public Close {
            Objects.requireNonNull(atMost, "atMost");
        }

        /** Creates a request that leaves calls that wait to the pool's policy. */
        public Close(Duration atMost, @Nullable ActorRef<Done> replyTo) {
            this(atMost, null, replyTo);
        }
    }
}
