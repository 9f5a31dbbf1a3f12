package dev.vivarium.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What virtual time waits for. */
class WorkUnderWayTest {

    private static final long STALL = TimeUnit.MILLISECONDS.toNanos(1);

    /** Runs a task on a thread of its own, and returns when it has begun. */
    private static Thread begin(WorkUnderWay work, Runnable body) throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Object task = new Object();
        work.begin();
        Thread thread = new Thread(() -> {
            work.run(task);
            begun.countDown();
            body.run();
            work.end(task);
        });
        thread.start();
        begun.await();
        return thread;
    }

    private static Runnable waitingFor(CountDownLatch latch) {
        return () -> {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
    }

    @Test
    void isNotATaskThatBlocks() throws Exception {
        // Given
        WorkUnderWay work = new WorkUnderWay(STALL, TimeUnit.SECONDS.toNanos(60));
        CountDownLatch go = new CountDownLatch(1);
        Thread blocked = begin(work, waitingFor(go));

        // When
        work.awaitNone();

        // Then
        assertThat(work.problem()).isNull();
        go.countDown();
        blocked.join();
    }

    @Test
    void isNotWhatWaitsForATaskThatBlocks() throws Exception {
        // Given
        WorkUnderWay work = new WorkUnderWay(STALL, TimeUnit.SECONDS.toNanos(60));
        CountDownLatch go = new CountDownLatch(1);
        Thread blocked = begin(work, waitingFor(go));
        work.begin(); // And never runs.

        // When
        work.awaitNone();
        work.awaitNone();

        // Then
        assertThat(work.problem()).isNull();
        go.countDown();
        blocked.join();
    }

    @Test
    void isATaskThatRunsHoweverLongItTakes() throws Exception {
        // Given
        WorkUnderWay work = new WorkUnderWay(STALL, TimeUnit.MILLISECONDS.toNanos(100));
        AtomicBoolean stop = new AtomicBoolean();
        Thread running = begin(work, () -> {
            while (!stop.get()) {
                Thread.onSpinWait();
            }
        });

        // When
        work.awaitNone();

        // Then
        assertThat(work.problem()).contains("1 of their tasks were left");
        stop.set(true);
        running.join();
    }
}
