package dev.vivarium.testkit.internal;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts what the threads of an actor system have to do: every task from when it is handed to a dispatcher until it has run.
 * An actor that has a message is such a task, and what a task hands on counts before the task itself has ended; so a count of
 * zero says that nothing happens until a message comes from outside. Thread-safe.
 */
final class WorkUnderWay {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** For what did not come to an end before: something that blocks. */
    private static final long SHORT_PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final AtomicInteger tasks = new AtomicInteger();
    private volatile boolean blocked;

    void begin() {
        var unused = tasks.incrementAndGet();
    }

    void end() {
        if (tasks.decrementAndGet() == 0) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** Waits until nothing is left to do; for no longer than a second, since a task may block for as long as it likes. */
    void awaitNone() {
        long end = System.nanoTime() + (blocked ? SHORT_PATIENCE_NANOS : PATIENCE_NANOS);
        boolean interrupted = false;
        synchronized (this) {
            long left = end - System.nanoTime();
            while (tasks.get() != 0 && left > 0) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                } catch (InterruptedException e) {
                    interrupted = true;
                    break;
                }
                left = end - System.nanoTime();
            }
        }
        blocked = tasks.get() != 0;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
