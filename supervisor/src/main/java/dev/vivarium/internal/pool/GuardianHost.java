package dev.vivarium.internal.pool;

import dev.vivarium.PoolCommand;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.guardian.GuardianActor;
import dev.vivarium.internal.link.WorkerLink;
import dev.vivarium.internal.worker.WorkerDriver;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/** Worker processes of the operating system's, kept by a guardian process. */
record GuardianHost(WorkerDriver.Factory drivers, ActorRef<GuardianActor.Command> guardian) implements WorkerHost {

    static WorkerHost start(ActorContext<PoolCommand> pool, PoolContext context) {
        GuardianActor.Registry registry = new GuardianActor.Registry();
        ActorRef<GuardianActor.Command> guardian = pool.spawn(
                GuardianActor.create(context, new PoolPorts.GuardianNews(pool.getSelf()), registry),
                "guardian",
                PoolActor.DISPATCHER);
        registry.connect(guardian);
        pool.watch(guardian);
        return new GuardianHost(
                (slot, incarnation, events) -> new WorkerLink(context, registry, slot, incarnation, events), guardian);
    }

    @Override
    public void stop(Runnable whenGone) {
        guardian.tell(new GuardianActor.Stop(whenGone));
    }
}
