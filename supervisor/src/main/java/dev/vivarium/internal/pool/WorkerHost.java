package dev.vivarium.internal.pool;

import dev.vivarium.PoolCommand;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.worker.WorkerDriver;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/** What keeps a pool's worker processes: a guardian, or whatever a test puts in its place. */
public interface WorkerHost {

    /** Starts a host. */
    interface Starter {
        /** Starts the host of a pool; called by the pool's actor, which watches the host's actor if it has one. */
        WorkerHost start(ActorContext<PoolCommand> pool, PoolContext context);
    }

    /** Returns a host of no workers. */
    static WorkerHost none() {
        return new WorkerHost() {
            @Override
            public WorkerDriver.Factory drivers() {
                return (slot, incarnation, events) -> {
                    throw new IllegalStateException("a disabled pool has no workers");
                };
            }

            @Override
            public void stop(Runnable whenGone) {
                whenGone.run();
            }
        };
    }

    /** Returns what makes the drivers of its workers. */
    WorkerDriver.Factory drivers();

    /** Ends the host, and with it every worker; {@code whenGone} is run once nothing of it is left. */
    void stop(Runnable whenGone);
}
