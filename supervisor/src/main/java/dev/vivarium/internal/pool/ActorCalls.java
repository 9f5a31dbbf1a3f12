package dev.vivarium.internal.pool;

import dev.vivarium.CallCancelled;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallIntake;
import dev.vivarium.internal.call.ReplySink;
import dev.vivarium.internal.context.Lane;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.protocol.Execution;
import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * The calls that come as messages, and the actors that own some of them. Used by the pool's actor only.
 *
 * <p>Encoding runs code of the arguments' classes, which may be slow or fail in any way, so it has a lane of its own; calls
 * keep their order in it.
 */
final class ActorCalls {

    private final ActorContext<PoolCommand> actor;
    private final PoolContext context;
    private final ActorRef<SessionRouter.Command> router;
    private final Lane encoding;
    private final Map<ActorRef<?>, Map<Long, ActiveCall>> owners = new HashMap<>();

    ActorCalls(ActorContext<PoolCommand> actor, PoolContext context, ActorRef<SessionRouter.Command> router) {
        this.actor = actor;
        this.context = context;
        this.router = router;
        this.encoding = new Lane(context.callbacks(), context.config().sizing().queueCapacity());
    }

    <T> void accept(PoolCommand.Call<T> message) {
        PythonCall<T> call = message.call();
        long id = context.nextCallId();
        long arrived = context.clock().nanoTime();
        ReplySink<T> reply =
                new ReplySink<>(call.resultType(), context.codec(), context.callbacks(), message.replyTo());
        boolean taken = encoding.offer(() -> admit(message, id, arrived, reply, actor.getSelf()));
        if (!taken) {
            reply.refuse(id, new PoolSaturated(context.config().sizing().queueCapacity(), context.snapshot()));
        }
    }

    /** Runs in the lane: nothing of the actor's may be touched here. */
    private <T> void admit(
            PoolCommand.Call<T> message, long id, long arrived, ReplySink<T> reply, ActorRef<PoolCommand> self) {
        ActorRef<?> owner = message.owner();
        ActiveCall.Sink sink = owner == null ? reply : new PoolPorts.OwnedSink(reply, self, owner);
        ActiveCall call =
                CallIntake.admit(context, message.call(), id, arrived, sink, error -> reply.refuse(id, error));
        if (call == null) {
            return;
        }
        if (owner != null) {
            // The pool's mailbox keeps the order: the end of the call is told there after this.
            self.tell(new PoolMessage.OwnedCallBegun(owner, call));
        }
        router.tell(new SessionRouter.Submit(call));
    }

    void begun(ActorRef<?> owner, ActiveCall call) {
        if (call.isDone()) {
            return; // Its end may have been told before its beginning.
        }
        if (!owners.containsKey(owner)) {
            actor.watchWith(owner, new PoolMessage.OwnerGone(owner));
        }
        owners.computeIfAbsent(owner, o -> new HashMap<>()).put(call.id(), call);
    }

    void ended(ActorRef<?> owner, long callId) {
        Map<Long, ActiveCall> calls = owners.get(owner);
        if (calls != null && calls.remove(callId) != null && calls.isEmpty()) {
            owners.remove(owner);
            actor.unwatch(owner);
        }
    }

    void ownerGone(ActorRef<?> owner) {
        @Nullable Map<Long, ActiveCall> orphaned = owners.remove(owner);
        if (orphaned == null) {
            return;
        }
        for (ActiveCall call : orphaned.values()) {
            Execution how = call.cancel(execution -> new CallCancelled(
                    execution,
                    call.attempts(),
                    call + " was cancelled because its owner, " + owner.path() + ", ended"));
            if (how != Execution.RAN) {
                router.tell(new SessionRouter.Forget(call.id()));
            }
        }
    }
}
