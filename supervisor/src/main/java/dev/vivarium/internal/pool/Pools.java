package dev.vivarium.internal.pool;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolNotFound;
import dev.vivarium.PythonPool;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.SettingsBook;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.internal.router.SessionRouter;
import java.time.Duration;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts pools and finds them again. */
public final class Pools {

    /** How a running pool is reached without asking it. */
    record Handles(
            PoolContext context,
            ActorRef<PoolCommand> pool,
            ActorRef<SessionRouter.Command> router,
            ActorRef<Reporter.Command> reporter) {}

    /** Told when a pool's parts are there, and when they are gone. */
    interface Announcement {
        void announce(Handles handles);

        void withdraw(PoolContext context);
    }

    /** The pools of one actor system, by name. Thread-safe. */
    static final class Registry implements Extension {
        private final ConcurrentHashMap<String, Handles> pools = new ConcurrentHashMap<>();
        private final AtomicLong started = new AtomicLong();
    }

    private static final class RegistryId extends ExtensionId<Registry> {
        static final RegistryId INSTANCE = new RegistryId();

        @Override
        public Registry createExtension(ActorSystem<?> system) {
            return new Registry();
        }
    }

    // A guest in somebody's JVM: it must not exit it, and must not keep it from ending.
    private static final Config OWN_SYSTEM = ConfigFactory.parseString("""
            pekko {
              daemonic = on
              jvm-exit-on-fatal-error = off
              loglevel = INFO
              stdout-loglevel = OFF
              log-dead-letters = off
              loggers = ["org.apache.pekko.event.slf4j.Slf4jLogger"]
            }
            """);

    private static final Logger log = LoggerFactory.getLogger(Pools.class);

    private Pools() {}

    /** Starts a pool with an actor system of its own. */
    public static PythonPool startOwning(PoolConfig config) {
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(),
                "vivarium-" + config.name().replace('.', '-'),
                OWN_SYSTEM.withFallback(ConfigFactory.load()));
        try {
            return spawn(config, system, true, Machine.system(), GuardianHost::start);
        } catch (RuntimeException e) {
            system.terminate();
            throw e;
        }
    }

    /** Starts a pool in an actor system that is there. */
    public static PythonPool startIn(PoolConfig config, ActorSystem<?> system) {
        return spawn(config, system, false, Machine.system(), GuardianHost::start);
    }

    /**
     * Starts a pool on a machine, and with a host, that need not be the real ones.
     *
     * @param host null for the guardian
     */
    public static PythonPool startOn(
            Machine machine, WorkerHost.@Nullable Starter host, PoolConfig config, ActorSystem<?> system) {
        return spawn(config, system, false, machine, host == null ? GuardianHost::start : host);
    }

    private static PythonPool spawn(
            PoolConfig config, ActorSystem<?> system, boolean owning, Machine machine, WorkerHost.Starter host) {
        Registry registry = system.registerExtension(RegistryId.INSTANCE);
        if (registry.pools.containsKey(config.name())) {
            throw new IllegalStateException(
                    "a pool named '" + config.name() + "' already runs in actor system '" + system.name() + "'");
        }
        CompletableFuture<Handles> ready = new CompletableFuture<>();
        PoolContext context = new PoolContext(config, machine);
        context.openSessions();
        ActorRef<PoolCommand> pool = system.systemActorOf(
                PoolActor.create(context, host, announcement(registry, ready)),
                // Numbered: the name of an actor is free only some time after the pool has closed.
                "vivarium-" + config.name() + "-" + registry.started.incrementAndGet(),
                Props.empty().withDispatcherFromConfig("vivarium.dispatcher"));
        PoolFacade facade = new PoolFacade(handles(context, ready), system, owning);
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        warnIfCutShort(config, system.settings().config());
        Cancellable task = shutdown.addCancellableTask(
                CoordinatedShutdown.PhaseServiceRequestsDone(),
                "close " + pool.path().name(),
                () -> {
                    pool.tell(new PoolCommand.Close(config.drain().shutdownTimeout(), null));
                    return context.closed();
                });
        // A system may outlive many pools; what closes one of them must not stay behind.
        var unused = context.closed().thenRun(task::cancel);
        return facade;
    }

    private static void warnIfCutShort(PoolConfig config, Config settings) {
        Config phases = settings.getConfig("pekko.coordinated-shutdown");
        String phase = CoordinatedShutdown.PhaseServiceRequestsDone();
        String own = "phases." + phase + ".timeout";
        Duration given = phases.getDuration(phases.hasPath(own) ? own : "default-phase-timeout");
        Duration wanted = config.drain().shutdownTimeout();
        if (wanted.compareTo(given) >= 0) {
            log.warn(
                    "pool '{}' has drain.shutdown-timeout = {}, but Pekko ends the phase {} after {}: raise "
                            + "pekko.coordinated-shutdown.{}",
                    config.name(),
                    wanted,
                    phase,
                    given,
                    own);
        }
    }

    private static Handles handles(PoolContext context, CompletableFuture<Handles> ready) {
        try {
            return ready.join();
        } catch (CompletionException e) {
            var unused = context.closeStores();
            // Another pool of that name was started at the same moment, and was first.
            throw e.getCause() instanceof IllegalStateException taken ? taken : e;
        }
    }

    private static Announcement announcement(Registry registry, CompletableFuture<Handles> ready) {
        return new Announcement() {
            @Override
            public void announce(Handles handles) {
                String name = handles.context().config().name();
                if (registry.pools.putIfAbsent(name, handles) != null) {
                    IllegalStateException taken = new IllegalStateException("a pool named '" + name + "' already runs");
                    ready.completeExceptionally(taken);
                    throw taken;
                }
                ready.complete(handles);
            }

            @Override
            public void withdraw(PoolContext context) {
                registry.pools.computeIfPresent(
                        context.config().name(), (name, handles) -> handles.context() == context ? null : handles);
            }
        };
    }

    /** Returns the behavior of a pool in a tree of the user's own. */
    public static Behavior<PoolCommand> behavior(PoolConfig config) {
        return behaviorOn(Machine.system(), null, config, pool -> {});
    }

    /**
     * Returns the behavior of a pool on a machine, and with a host, that need not be the real ones.
     *
     * @param host null for the guardian
     * @param started is given the pool once it can be reached, on the actor's thread
     */
    public static Behavior<PoolCommand> behaviorOn(
            Machine machine, WorkerHost.@Nullable Starter host, PoolConfig config, Consumer<PythonPool> started) {
        SettingsBook settings = new SettingsBook(); // Out here, it outlives a restart of the pool.
        return Behaviors.setup(actor -> {
            ActorSystem<?> system = actor.getSystem();
            CompletableFuture<Handles> ready = new CompletableFuture<>();
            var unused = ready.thenAccept(handles -> started.accept(new PoolFacade(handles, system, false)));
            return PoolActor.create(
                    new PoolContext(config, machine, settings),
                    host == null ? GuardianHost::start : host,
                    announcement(system.registerExtension(RegistryId.INSTANCE), ready));
        });
    }

    /**
     * Finds a running pool.
     *
     * @throws PoolNotFound when there is none of that name
     */
    public static PythonPool find(ActorSystem<?> system, String name) {
        Registry registry = system.registerExtension(RegistryId.INSTANCE);
        Handles handles = registry.pools.get(name);
        if (handles == null) {
            throw new PoolNotFound(name, system.name(), java.util.List.copyOf(new TreeMap<>(registry.pools).keySet()));
        }
        return new PoolFacade(handles, system, false);
    }
}
