package dev.vivarium.chaos.internal.twin;

import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;

/**
 * Time that passes only as far as there is something to do: tasks run in the order of their moments, those of one moment in the
 * order in which they were added. Each task goes into a hash, so that two runs can be compared. For one thread.
 */
final class VirtualTime implements Clock {

    /** Where time begins: 0 stands for what has not happened. */
    static final long BEGIN = 1_000_000;

    /** How many tasks a run may take. */
    static final long MAX_TASKS = 5_000_000;

    /** How many tasks there may be of one moment before it counts as one that has no end. */
    static final int MAX_TASKS_AT_ONCE = 20_000;

    private static final long MIX = 0x9e3779b97f4a7c15L;

    /** Something to do at a moment. */
    static final class Task implements Comparable<Task> {
        private final long at;
        private final long order;
        private final Runnable what;
        private boolean cancelled;

        Task(long at, long order, Runnable what) {
            this.at = at;
            this.order = order;
            this.what = what;
        }

        /** Has it not happen. */
        void cancel() {
            cancelled = true;
        }

        @Override
        public int compareTo(Task other) {
            int moments = Long.compare(at, other.at);
            return moments != 0 ? moments : Long.compare(order, other.order);
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(order);
        }
    }

    /** Nothing ever comes to rest. */
    static final class Endless extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Endless(String message) {
            super(message);
        }
    }

    private final PriorityQueue<Task> tasks = new PriorityQueue<>();
    private long now = BEGIN;
    private long orders;
    private long done;
    private int atOnce;
    private long hash;

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public Instant now() {
        return Instant.EPOCH.plusNanos(now);
    }

    /** Adds a task. */
    Task after(long nanos, Runnable what) {
        Task task = new Task(now + Math.max(0, nanos), orders++, what);
        tasks.add(task);
        return task;
    }

    /** Adds a task. */
    Task after(Duration delay, Runnable what) {
        return after(delay.toNanos(), what);
    }

    /**
     * Lets time pass until a moment.
     *
     * @throws Endless when there is no end to what there is to do
     */
    void runUntil(long moment) {
        while (!tasks.isEmpty() && tasks.peek().at <= moment) {
            Task task = tasks.remove();
            if (task.cancelled) {
                continue;
            }
            atOnce = task.at == now ? atOnce + 1 : 0;
            if (++done > MAX_TASKS || atOnce > MAX_TASKS_AT_ONCE) {
                throw new Endless(
                        atOnce > MAX_TASKS_AT_ONCE
                                ? "more than " + MAX_TASKS_AT_ONCE + " things happened at one moment"
                                : "more than " + MAX_TASKS + " things happened");
            }
            now = task.at;
            mix(now);
            task.what.run();
        }
        now = Math.max(now, moment);
    }

    /** Adds to the hash of all that has happened. */
    void mix(long value) {
        long mixed = (hash ^ value) * MIX;
        hash = mixed ^ (mixed >>> 29);
    }

    /** Returns the hash of all that has happened. */
    long hash() {
        return hash;
    }

    /** Returns how many tasks have run. */
    long done() {
        return done;
    }
}
