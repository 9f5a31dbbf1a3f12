package dev.vivarium.testkit.internal;

import java.util.IdentityHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts what the threads of an actor system have to do: every task from when it is handed to a dispatcher until it has run.
 * An actor that has a message is such a task, and what a task hands on counts before the task itself has ended; so a count of
 * zero says that nothing happens until a message comes from outside. Thread-safe.
 */
final class WorkUnderWay {

    /** Where no task begins or ends for this long, those whose threads wait are taken to block. */
    private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** For actors that never come to rest. */
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final long stallNanos;
    private final long limitNanos;
    private final IdentityHashMap<Object, Thread> running = new IdentityHashMap<>();
    private final IdentityHashMap<Object, Thread> blocked = new IdentityHashMap<>();
    private int tasks;
    private long changes;
    private long rests;
    private @Nullable String problem;

    WorkUnderWay() {
        this(STALL_NANOS, LIMIT_NANOS);
    }

    WorkUnderWay(long stallNanos, long limitNanos) {
        this.stallNanos = stallNanos;
        this.limitNanos = limitNanos;
    }

    /** A task is handed over. */
    synchronized void begin() {
        tasks++;
        changes++;
    }

    /** A task that was handed over begins to run. */
    synchronized void run(Object task) {
        running.put(task, Thread.currentThread());
    }

    /** A task has run. One that is taken to block has been counted out before. */
    synchronized void end(Object task) {
        if (running.remove(task) != null) {
            drop();
        } else {
            blocked.remove(task);
        }
    }

    /** A task that was handed over will not run. */
    synchronized void drop() {
        changes++;
        if (--tasks == 0) {
            rests++;
            notifyAll();
        }
    }

    /**
     * Waits until nothing is left to do. A task that blocks is waited for once, until nothing else has happened for a second;
     * after that it no longer counts. One that could run and does not get to it is waited for. Goes on after ten seconds in any
     * case, which is a {@link #problem()}.
     */
    synchronized void awaitNone() {
        long now = System.nanoTime();
        long end = now + limitNanos;
        long stalled = now + stallNanos;
        long seen = changes;
        long rest = rests;
        // One who is told of a rest may find that there is more to do by now, which has come later.
        while (tasks > 0 && rests == rest) {
            if (seen != changes) {
                seen = changes;
                stalled = now + stallNanos;
            } else if (stalled - now <= 0) {
                countOutBlocked();
                if (running.isEmpty() && !blocked.isEmpty()) {
                    return; // What is handed over and does not run may be waiting for one of these to end.
                }
                stalled = now + stallNanos;
            }
            if (end - now <= 0) {
                problem = "the actors were not at rest " + TimeUnit.NANOSECONDS.toSeconds(limitNanos)
                        + " s after virtual time was to go on, and it went on; " + tasks + " of their tasks were left";
                return;
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, Math.min(end, stalled) - now);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            now = System.nanoTime();
        }
    }

    private void countOutBlocked() {
        running.forEach((task, thread) -> {
            if (isBlocked(thread)) {
                blocked.put(task, thread);
                tasks--;
            }
        });
        running.keySet().removeAll(blocked.keySet());
    }

    /** A thread that is said to be runnable while a native method waits for it, as in reading a socket, blocks as well. */
    private static boolean isBlocked(Thread thread) {
        if (thread.getState() != Thread.State.RUNNABLE) {
            return true;
        }
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length > 0 && stack[0].isNativeMethod();
    }

    /** Returns what has kept virtual time from being what it promises, or null; of several such things the last. */
    synchronized @Nullable String problem() {
        return problem;
    }
}
