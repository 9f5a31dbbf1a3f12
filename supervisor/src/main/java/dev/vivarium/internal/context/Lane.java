package dev.vivarium.internal.context;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs tasks one after the other, in the order in which they come, on the threads of an executor. Thread-safe. */
public final class Lane {

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

    /** Runs a task after those before it; false when the lane is full. A task must not throw. */
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
            task.run();
        } while (size.decrementAndGet() > 0);
    }
}
