package dev.vivarium.pooltests.storm;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.testkit.LeaseWatch;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A running pool with the books of one program: calls, leases, capacity, and Python's record. */
final class Stage implements AutoCloseable {

    static final int WORKERS = 4;

    /** Calls hang for so long, and wait for each other; when nothing is timed, only those hang, and the others have time. */
    private static final Duration DEADLINE = Duration.ofSeconds(4);

    private static final Duration LONG_DEADLINE = Duration.ofMinutes(1);
    private static final Duration SHORT_DEADLINE = Duration.ofSeconds(2);
    /** How long a killed worker may take to be gone, on a busy machine. */
    private static final Duration KILL = Duration.ofSeconds(10);

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration PERIOD = Duration.ofMillis(3);
    private static final long STDOUT_BYTES = 100_000_000;
    private static final long BALLOON_BYTES = 512L << 20;
    private static final long SMALL_BALLOON_BYTES = 64L << 20;

    private final Options options;
    private final List<String> more;
    private final Path folder;
    private final CallBook book;
    private final LeaseWatch leases;
    private final CapacityWatch capacity = new CapacityWatch(WORKERS);
    private final PoolConfig config;
    private final PythonPool pool;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2, Stage::daemon);
    private final ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor(Stage::daemon);

    /**
     * Starts a pool and waits until all its workers are ready.
     *
     * @param surge slots beyond those wanted that there may be
     * @param more options of the pool that the program needs; those of the command line win
     * @param listener is told every event
     */
    Stage(Options options, int surge, List<String> more, Consumer<PoolEvent> listener) throws Exception {
        this.options = options;
        this.more = more;
        PoolConfigBuilder settings = config(options, more);
        folder = Files.createTempDirectory("storm");
        Files.createDirectories(folder.resolve("record"));
        Files.createDirectories(folder.resolve("claims"));
        book = new CallBook(options.seed());
        config = settings.handlers(handlers())
                .environment("STORM_FOLDER", folder.toString())
                .environment("STORM_STDOUT_BYTES", Long.toString(STDOUT_BYTES))
                .environment("STORM_BALLOON_BYTES", Long.toString(balloon(options)))
                .eventListener(event -> {
                    capacity.on(event);
                    listener.accept(event);
                })
                .build();
        PoolConfig.Timeouts times = config.timeouts();
        leases = new LeaseWatch(
                WORKERS, surge, times.cancelGrace().plus(times.drainGrace()).plus(KILL), book::isOpen);
        pool = PythonPool.start(config);
        try {
            var unused = pool.whenServing().toCompletableFuture().get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
            if (!awaitIdle(START_LIMIT)) {
                throw new IllegalStateException("no full pool within " + START_LIMIT + ": "
                        + pool.snapshot().summary());
            }
        } catch (ExecutionException | TimeoutException | IllegalStateException e) {
            close();
            throw e;
        }
        boolean missing = options.plants(Sabotage.LEASES);
        var unused = sampler.scheduleWithFixedDelay(
                () -> {
                    List<WorkerSnapshot> workers = pool.snapshot().workers();
                    leases.look(missing ? withoutASlot(workers) : workers, System.nanoTime());
                },
                0,
                PERIOD.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private static PoolConfigBuilder config(Options options, List<String> more) {
        List<String> lines = new ArrayList<>(List.of(
                "name = storm",
                "workers = " + WORKERS,
                "min-ready = " + WORKERS,
                "call-timeout = " + (options.timed() ? DEADLINE : LONG_DEADLINE).toMillis() + "ms"));
        lines.addAll(more);
        lines.addAll(options.pool());
        try {
            return PoolConfig.fromConfig(
                            ConfigFactory.parseString("vivarium.pool {\n" + String.join("\n", lines) + "\n}"))
                    .python(options.python());
        } catch (ConfigException e) {
            throw new UsageException("an option of the pool cannot be read: " + e.getMessage(), e);
        }
    }

    private static String handlers() throws URISyntaxException {
        return Path.of(Stage.class.getResource("/handlers/storm.py").toURI()).toString();
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "storm-timer");
        thread.setDaemon(true);
        return thread;
    }

    private static List<WorkerSnapshot> withoutASlot(List<WorkerSnapshot> workers) {
        return workers.subList(1, workers.size());
    }

    PythonPool pool() {
        return pool;
    }

    CallBook book() {
        return book;
    }

    LeaseWatch leases() {
        return leases;
    }

    CapacityWatch capacity() {
        return capacity;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    Path claims() {
        return folder.resolve("claims");
    }

    Duration deadline() {
        return config.calls().timeout();
    }

    /** Returns the deadline of calls that are sure to reach it. */
    Duration deadlineOfTheDoomed() {
        return options.timed() ? deadline() : SHORT_DEADLINE;
    }

    /** Returns how much memory the balloon takes. */
    static long balloon(Options options) {
        return options.timed() ? BALLOON_BYTES : SMALL_BALLOON_BYTES;
    }

    /** Says by which policies the pool goes. */
    Map<String, String> policies() {
        Map<String, String> table = new LinkedHashMap<>();
        table.put("workers", Integer.toString(config.sizing().workers()));
        table.put("call-timeout", config.calls().timeout().toString());
        table.put("max-retries", Integer.toString(config.calls().maxRetries()));
        table.put("cancel-grace", config.timeouts().cancelGrace().toString());
        table.put("retry", config.retry().toString());
        table.put("circuit breaker", config.circuitBreaker().toString());
        table.put("poison", config.poison().toString());
        table.put("recycling", config.recycling().toString());
        table.put("restart", config.restart().toString());
        table.put("by the program", more.isEmpty() ? "none" : more.toString());
        table.put(
                "by --option",
                options.pool().isEmpty() ? "none" : options.pool().toString());
        return table;
    }

    static boolean await(Duration atMost, BooleanSupplier what) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!what.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        return true;
    }

    /** Waits until every wanted worker is idle, there is no other, and no call waits. */
    boolean awaitIdle(Duration atMost) {
        return await(atMost, () -> {
            PoolSnapshot now = pool.snapshot();
            return now.count(Phase.IDLE) == WORKERS && now.total() == WORKERS && now.waiting() == 0;
        });
    }

    /** Plants a want of capacity: the pool has a worker less once this returns. */
    void shrink() {
        pool.resize(WORKERS - 1);
        if (!await(Bounds.recovery(), () -> pool.snapshot().total() < WORKERS)) {
            throw new IllegalStateException(
                    "the pool does not shrink: " + pool.snapshot().summary());
        }
    }

    /** Ends what looks at the pool. Call it before the pool is closed, which changes what holds. */
    void endWatching() throws InterruptedException {
        capacity.end();
        sampler.shutdown();
        if (!sampler.awaitTermination(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the sampler does not end");
        }
    }

    Executions executions() throws IOException {
        return Executions.read(folder.resolve("record"), book);
    }

    /** Closes the pool and deletes the record. */
    @Override
    public void close() throws IOException {
        timer.shutdownNow();
        sampler.shutdownNow();
        pool.close(Duration.ofSeconds(10));
        try {
            if (!timer.awaitTermination(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the timer does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
