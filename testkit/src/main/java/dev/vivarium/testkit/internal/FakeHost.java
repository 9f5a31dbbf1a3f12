package dev.vivarium.testkit.internal;

import dev.vivarium.PoolCommand;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.pool.WorkerHost;
import dev.vivarium.internal.worker.WorkerDriver;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/** Workers of layer FAKE: objects of this JVM, driven by the slots' own actors and by the pool's clock. */
public final class FakeHost implements WorkerHost {

    private final ScriptedProcess.Shared shared;
    private final PoolContext context;
    private final AtomicLong pids = new AtomicLong(1_000_000);
    private final Map<FakeDriver, Boolean> living = new ConcurrentHashMap<>();

    private FakeHost(ScriptedProcess.Shared shared, PoolContext context) {
        this.shared = shared;
        this.context = context;
    }

    /** Returns what starts such a host. */
    public static WorkerHost.Starter starter(ScriptedProcess.Shared shared) {
        return (ActorContext<PoolCommand> pool, PoolContext context) -> new FakeHost(shared, context);
    }

    @Override
    public WorkerDriver.Factory drivers() {
        return (slot, incarnation, events) -> new FakeDriver(
                context, shared, slot, incarnation, pids.incrementAndGet(), events, living::remove, this::born);
    }

    private void born(FakeDriver driver) {
        living.put(driver, true);
    }

    @Override
    public void stop(Runnable whenGone) {
        // As a guardian's end would: what still lives is killed.
        living.keySet().forEach(driver -> driver.signal(9, true));
        whenGone.run();
    }
}
