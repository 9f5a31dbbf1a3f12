package dev.vivarium.internal.pool;

import dev.vivarium.PoolCommand;
import dev.vivarium.PoolException;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.RecycleReason;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.guardian.GuardianActor;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.internal.router.WorkersReport;
import dev.vivarium.internal.worker.PoolPort;
import dev.vivarium.internal.worker.RouterPort;
import dev.vivarium.internal.worker.WorkerSlot;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.GuardianHello;
import dev.vivarium.protocol.message.Ready;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What the pool's parts are given to talk to each other with: each turns calls into messages. */
final class PoolPorts {

    private PoolPorts() {}

    record ToRouter(ActorRef<SessionRouter.Command> router) implements RouterPort {
        @Override
        public void offered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker) {
            router.tell(new SessionRouter.Offered(slot, incarnation, worker));
        }

        @Override
        public void probeOffered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker) {
            router.tell(new SessionRouter.ProbeOffered(slot, incarnation, worker));
        }

        @Override
        public void withdrawn(int slot, int incarnation) {
            router.tell(new SessionRouter.Withdrawn(slot, incarnation));
        }

        @Override
        public void refused(ActiveCall call) {
            router.tell(new SessionRouter.Refused(call));
        }

        @Override
        public void lost(ActiveCall call, WorkerExit exit, Execution execution) {
            router.tell(new SessionRouter.Lost(call, exit, execution));
        }

        @Override
        public void ended(WorkerExit exit) {
            router.tell(new SessionRouter.OfWorkers(new WorkersReport.Ended(exit)));
        }

        @Override
        public void gone(int slot, ActorRef<WorkerSlot.Command> worker) {
            router.tell(new SessionRouter.Gone(slot, worker));
        }
    }

    record ToPool(ActorRef<PoolCommand> pool) implements PoolPort {
        @Override
        public void ready(int slot, Ready ready) {
            pool.tell(new PoolMessage.SlotReady(slot, ready));
        }

        @Override
        public void startFailed(int slot, WorkerExit exit, @Nullable ErrorBody error) {
            pool.tell(new PoolMessage.SlotStartFailed(slot, exit, error));
        }

        @Override
        public void settled(int slot) {
            pool.tell(new PoolMessage.SlotSettled(slot));
        }

        @Override
        public void recycleDue(int slot, int incarnation, RecycleReason reason) {
            pool.tell(new PoolMessage.RecycleDue(slot, incarnation, reason));
        }

        @Override
        public void retired(int slot) {
            pool.tell(new PoolMessage.SlotRetired(slot));
        }
    }

    /** Tells the pool as well, so that it can forget the call. */
    record OwnedSink(ActiveCall.Sink reply, ActorRef<PoolCommand> pool, ActorRef<?> owner) implements ActiveCall.Sink {
        @Override
        public void succeeded(ActiveCall call, byte[] body) {
            reply.succeeded(call, body);
            pool.tell(new PoolMessage.OwnedCallEnded(owner, call.id()));
        }

        @Override
        public void failed(ActiveCall call, PoolException error) {
            reply.failed(call, error);
            pool.tell(new PoolMessage.OwnedCallEnded(owner, call.id()));
        }
    }

    record GuardianNews(ActorRef<PoolCommand> pool) implements GuardianActor.Listener {
        @Override
        public void up(GuardianHello hello) {
            LoggerFactory.getLogger(PoolPorts.class).debug("the guardian is up: {}", hello);
        }

        @Override
        public void failed(PoolStartFailed why) {
            pool.tell(new PoolMessage.GuardianFailed(why));
        }
    }
}
