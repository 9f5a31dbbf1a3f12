package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.SessionHistory;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many sessions are counted up by several callers while workers are killed. Short here; {@code scripts/session-storm} runs it
 * in full.
 */
@VivariumTest(layers = Layer.PYTHON, workers = 2, expectWarnings = "SIGKILL")
class SessionStormTest {

    private static final int SESSIONS = 40;
    private static final int INCREMENTS = 20;
    private static final int CALLERS = 8;
    private static final Duration KILL_EVERY = Duration.ofMillis(100);

    private static final PythonCall<Integer> COUNT =
            PythonCall.to("count").returning(Integer.class).maxRetries(1000).timeout(Duration.ofMinutes(10));

    @VivariumTest(options = {"retry.budget = 1000", "retry.burst = 1000000", "min-backoff = 1ms"})
    void losesAndDoublesNothing(TestPool kit, PythonPool pool) throws Exception {
        SessionHistory history = new SessionHistory();
        AtomicInteger next = new AtomicInteger();
        int total = SESSIONS * INCREMENTS;
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        ScheduledExecutorService killer = Executors.newScheduledThreadPool(1);
        Random random = new Random(kit.seed());
        try {
            var unused = killer.scheduleAtFixedRate(
                    () -> killOne(pool, random), KILL_EVERY.toMillis(), KILL_EVERY.toMillis(), TimeUnit.MILLISECONDS);
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                tasks.add(() -> {
                    // Every caller goes over all sessions, so that callers meet in them.
                    for (int number = next.getAndIncrement(); number < total; number = next.getAndIncrement()) {
                        String session = "s" + number % SESSIONS;
                        long begun = history.begin();
                        history.incremented(
                                session,
                                begun,
                                pool.session(session).call(COUNT).await());
                    }
                    return null;
                });
            }
            for (Future<Void> task : callers.invokeAll(tasks)) {
                task.get();
            }
        } finally {
            killer.shutdownNow();
            callers.shutdownNow();
        }

        List<Integer> finals = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            long begun = history.begin();
            int last =
                    pool.session("s" + i).call("recall", Integer.class, "count").await();
            history.read("s" + i, begun, last);
            finals.add(last);
        }

        assertThat(finals).as("counters").containsOnly(INCREMENTS);
        assertThat(history.check()).isEmpty();
    }

    private static void killOne(PythonPool pool, Random random) {
        List<WorkerSnapshot> living = pool.snapshot().workers().stream()
                .filter(worker -> worker.phase() == Phase.BUSY || worker.phase() == Phase.IDLE)
                .toList();
        if (living.isEmpty()) {
            return;
        }
        WorkerSnapshot victim = living.get(random.nextInt(living.size()));
        pool.signal(victim.worker(), victim.incarnation(), Signal.KILL);
    }
}
