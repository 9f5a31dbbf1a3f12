package dev.vivarium.testkit;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What a test pool shall be like. Immutable; every method returns another specification. */
public final class TestPoolSpec {

    /** The system property with the seed of every pool's randomness. Default: the time. */
    public static final String SEED = "vivarium.testkit.seed";

    /** How long {@link TestPool#close()} waits for calls that still run. */
    private static final Duration SHORTEST_END = Duration.ofSeconds(5);

    static final Duration CLOSE_PATIENCE = Duration.ZERO;

    private static final int WORKERS = 2;

    private final Layer layer;
    private final int workers;
    private final boolean virtualTime;
    private final WorkerScript script;
    private final List<String> handlers;
    private final List<String> options;
    private final long seed;
    private final Duration auditPatience;
    private final boolean faults;

    private TestPoolSpec(
            Layer layer,
            int workers,
            boolean virtualTime,
            WorkerScript script,
            List<String> handlers,
            List<String> options,
            long seed,
            Duration auditPatience,
            boolean faults) {
        this.layer = layer;
        this.workers = workers;
        this.virtualTime = virtualTime;
        this.script = script;
        this.handlers = List.copyOf(handlers);
        this.options = List.copyOf(options);
        this.seed = seed;
        this.auditPatience = auditPatience;
        this.faults = faults;
    }

    /**
     * Returns the specification of a pool with the standard handlers and, unless configuration says otherwise, two workers; virtual
     * time on layer FAKE, real time on the others. The seed is the system property {@code vivarium.testkit.seed}, or the time.
     */
    public static TestPoolSpec of(Layer layer) {
        return new TestPoolSpec(
                layer,
                0,
                layer == Layer.FAKE,
                WorkerScript.standard(),
                List.of(),
                List.of(),
                Long.getLong(SEED, System.nanoTime()),
                Patience.LIMIT,
                true);
    }

    /** Sets how many workers the pool has. Default: what options or configuration say, else two. */
    public TestPoolSpec workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("workers must be 1 or more, got " + count);
        }
        return new TestPoolSpec(layer, count, virtualTime, script, handlers, options, seed, auditPatience, faults);
    }

    /** Sets whether time stands still unless the test moves it. */
    public TestPoolSpec virtualTime(boolean virtual) {
        return new TestPoolSpec(layer, workers, virtual, script, handlers, options, seed, auditPatience, faults);
    }

    /** Sets what the workers of the layers FAKE and SCRIPTED do. */
    public TestPoolSpec script(WorkerScript what) {
        return new TestPoolSpec(layer, workers, virtualTime, what, handlers, options, seed, auditPatience, faults);
    }

    /** Adds handler sources for layer PYTHON; the kit's own are there anyway. */
    public TestPoolSpec handlers(String... sources) {
        List<String> more = new ArrayList<>(handlers);
        more.addAll(List.of(sources));
        return new TestPoolSpec(layer, workers, virtualTime, script, more, options, seed, auditPatience, faults);
    }

    /** Adds options of the pool as configuration, such as {@code "call-timeout = 2s"}; see the reference of options. */
    public TestPoolSpec options(String... lines) {
        List<String> more = new ArrayList<>(options);
        more.addAll(List.of(lines));
        return new TestPoolSpec(layer, workers, virtualTime, script, handlers, more, seed, auditPatience, faults);
    }

    /** Sets the seed of the pool's randomness. */
    public TestPoolSpec seed(long value) {
        return new TestPoolSpec(layer, workers, virtualTime, script, handlers, options, value, auditPatience, faults);
    }

    /** Sets how long the leak audit waits for what is ending. Default: the kit's patience. */
    public TestPoolSpec auditPatience(Duration limit) {
        return new TestPoolSpec(layer, workers, virtualTime, script, handlers, options, seed, limit, faults);
    }

    /**
     * Sets whether faults can be armed on layer PYTHON. Without them the data channels of Python workers are what they are in
     * service, pipes; with them they are sockets that pass the kit's proxy. Default: they can. On the other layers they always can.
     */
    public TestPoolSpec faults(boolean possible) {
        return new TestPoolSpec(layer, workers, virtualTime, script, handlers, options, seed, auditPatience, possible);
    }

    boolean faults() {
        return faults;
    }

    Duration auditPatience() {
        return auditPatience;
    }

    Layer layer() {
        return layer;
    }

    boolean virtualTime() {
        return virtualTime;
    }

    WorkerScript script() {
        return script;
    }

    /** Returns the handlers that keep the record because the kit runs them. */
    Set<String> scripted() {
        return layer == Layer.PYTHON ? Set.of() : script.handlers().keySet();
    }

    List<String> handlers() {
        return handlers;
    }

    long seed() {
        return seed;
    }

    /** How long the end of the pool may take; an impatient audit leaves it time nevertheless. */
    Duration endPatience() {
        return auditPatience.compareTo(SHORTEST_END) < 0 ? SHORTEST_END : auditPatience;
    }

    Duration closePatience() {
        return CLOSE_PATIENCE;
    }

    PoolConfigBuilder config() {
        Config own = ConfigFactory.parseString("vivarium.pool {\n" + String.join("\n", options) + "\n}");
        // A test that makes calls fail on purpose is not to be alarmed about them; the events are there all the same.
        Config quiet = ConfigFactory.parseString("vivarium.pool.alerts.log = false");
        for (String kits : List.of("name", "handlers", "runtime-directory")) {
            if (own.hasPath("vivarium.pool." + kits)) {
                throw new IllegalArgumentException("option " + kits + " is the kit's own"
                        + (kits.equals("handlers") ? ": handlers of the test's are named by handlers(...)" : ""));
            }
        }
        Config all = own.withFallback(quiet).withFallback(ConfigFactory.load());
        PoolConfigBuilder builder = PoolConfig.fromConfig(all);
        if (workers > 0) {
            return builder.workers(workers);
        }
        return all.hasPath("vivarium.pool.workers") ? builder : builder.workers(WORKERS);
    }
}
