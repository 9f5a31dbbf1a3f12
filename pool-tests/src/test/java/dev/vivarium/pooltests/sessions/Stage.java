package dev.vivarium.pooltests.sessions;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.session.SessionStore;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A running pool of workers that count, and what kills them. */
final class Stage implements AutoCloseable {

    static final PythonCall<Integer> COUNT =
            PythonCall.to("count").returning(Integer.class).maxRetries(1000).timeout(Duration.ofMinutes(10));
    static final PythonCall<Integer> LOOK =
            PythonCall.to("look").returning(Integer.class).maxRetries(1000).timeout(Duration.ofMinutes(10));

    private static final int START_LIMIT_S = 60;
    private static final int SIGKILL = 9;

    private final PythonPool pool;
    private final ScheduledExecutorService killer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "session-storm-killer");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger landed = new AtomicInteger();

    /**
     * Starts a pool. Every call of a killed worker is run again here, however often: what is looked for is what sessions keep.
     *
     * @param store where sessions are kept, or null for the pool's own
     */
    Stage(int workers, String python, @Nullable SessionStore store, UnaryOperator<PoolConfigBuilder> more)
            throws Exception {
        PoolConfigBuilder settings = PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          name = session-storm
                          retry { budget = 1000, burst = 1000000 }
                          circuit-breaker.enabled = false
                          alerts.enabled = false
                          outliers.enabled = false
                          min-backoff = 1 ms
                          max-backoff = 50 ms
                          poison.deaths = 100
                        }
                        """))
                .workers(workers)
                .python(python)
                .handlers(handlers())
                .eventListener(this::on);
        if (store != null) {
            settings.sessionStore(store);
        }
        pool = PythonPool.start(more.apply(settings).build());
        try {
            var unused = pool.whenServing().toCompletableFuture().get(START_LIMIT_S, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            close();
            throw e;
        }
    }

    private static String handlers() throws URISyntaxException {
        return Path.of(Stage.class.getResource("/handlers/sessions.py").toURI()).toString();
    }

    private void on(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerExited exited && exited.exit().signal() == SIGKILL) {
            landed.incrementAndGet();
        }
    }

    PythonPool pool() {
        return pool;
    }

    /** Kills a random worker from time to time, if {@code everyMs} is not 0. */
    void killEvery(int everyMs, Random random) {
        if (everyMs > 0) {
            var unused = killer.scheduleAtFixedRate(() -> killOne(random), everyMs, everyMs, TimeUnit.MILLISECONDS);
        }
    }

    private void killOne(Random random) {
        List<WorkerSnapshot> living = pool.snapshot().workers().stream()
                .filter(worker -> worker.phase() == Phase.BUSY || worker.phase() == Phase.IDLE)
                .toList();
        if (!living.isEmpty()) {
            WorkerSnapshot victim = living.get(random.nextInt(living.size()));
            sent.incrementAndGet();
            pool.signal(victim.worker(), victim.incarnation(), Signal.KILL);
        }
    }

    void endKilling() throws InterruptedException {
        killer.shutdownNow();
        if (!killer.awaitTermination(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the killer does not end");
        }
    }

    /** Returns how many kills were sent. */
    int sent() {
        return sent.get();
    }

    /** Returns how many workers ended by SIGKILL. */
    int landed() {
        return landed.get();
    }

    @Override
    public void close() {
        killer.shutdownNow();
        pool.close(Duration.ofSeconds(10));
    }
}
