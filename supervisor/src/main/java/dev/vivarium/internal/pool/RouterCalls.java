package dev.vivarium.internal.pool;

import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.internal.stream.CallDoor;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Hands the calls of streams to the router.
 *
 * @param prepare makes a call what it is to be beside a stream's, before it is handed over
 */
record RouterCalls(ActorRef<SessionRouter.Command> router, Consumer<ActiveCall> prepare) implements CallDoor {

    @Override
    public void submit(ActiveCall call) {
        prepare.accept(call);
        router.tell(new SessionRouter.Submit(call));
    }

    @Override
    public void forget(long callId) {
        router.tell(new SessionRouter.Forget(callId));
    }
}
