package dev.vivarium.internal.context;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks one after the other, in the order in which they come, on the threads of an executor. Thread-safe. */
public final class Lane {

    private static final Logger log = LoggerFactory.getLogger(Lane.class);

    private final Executor executor;
    private final int capacity;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger size = new AtomicInteger();

    /**
     * Creates a lane.
     *
     * @param capacity tasks that may wait or run
     */
    public Lane(Executor executor, int capacity) {
        this.executor = executor;
        this.capacity = capacity;
    }

    /** Runs a task after those before it; false when the lane is full. */
    public boolean offer(Runnable task) {
        int before;
        do {
            before = size.get();
            if (before >= capacity) {
                return false;
            }
        } while (!size.compareAndSet(before, before + 1));
        tasks.add(task);
        if (before == 0) {
            executor.execute(this::runAll);
        }
        return true;
    }

    private void runAll() {
        do {
            Runnable task = tasks.poll();
            while (task == null) {
                // It has been counted and is about to be added.
                Thread.onSpinWait();
                task = tasks.poll();
            }
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                log.error("a defect in a task of a lane", e); // Those behind it shall run all the same.
            }
        } while (size.decrementAndGet() > 0);
    }
}
