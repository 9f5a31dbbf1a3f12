package dev.vivarium.testkit.internal;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.AbstractScheduler;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.event.LoggingAdapter;
import org.jspecify.annotations.Nullable;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/**
 * The scheduler of an actor system in virtual time: its timers fire when it is told that time passes, in the order in which
 * they fall due, those of one moment in the order in which they were set. Thread-safe.
 */
public final class VirtualScheduler extends AbstractScheduler {

    private final WorkUnderWay work = new WorkUnderWay();
    private final Object moving = new Object();
    private final AtomicLong nanos = new AtomicLong();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private long numbers;
    private boolean out;

    /** Creates a scheduler as Pekko does. */
    public VirtualScheduler(Config config, LoggingAdapter log, ThreadFactory threads) {}

    /** Returns the time that has passed, in nanoseconds. */
    public long nanoTime() {
        return nanos.get();
    }

    /** What the dispatchers of this actor system have to do. */
    WorkUnderWay work() {
        return work;
    }

    /** Returns what has kept time from being what it promises, which is a failure of the kit; or null. */
    public @Nullable String problem() {
        return work.problem();
    }

    /** Waits until the actors have done what they have to do; not for a task that blocks. */
    public void settle() {
        work.awaitNone();
    }

    /**
     * Goes from timer to timer, and lets what each leads to happen before the next: timers that are set on the way fire when
     * they fall due on it. For actors that need no real time.
     */
    public void walk(Duration by) {
        synchronized (moving) {
            work.awaitNone();
            long target = nanos.get() + by.toNanos();
            for (Timer next = due(target); next != null; next = due(target)) {
                // The clock first: whoever is woken by a timer must find that its time has come.
                nanos.set(Math.max(nanos.get(), next.due));
                next.fire();
                work.awaitNone();
            }
            nanos.set(target);
        }
    }

    /**
     * Goes to a moment at once and fires what has fallen due by then: timers that are set in answer count from there. For
     * actors that wait for what needs real time, such as a process.
     */
    public void jump(Duration by) {
        synchronized (moving) {
            work.awaitNone();
            long target = nanos.addAndGet(by.toNanos());
            for (Timer next = due(target); next != null; next = due(target)) {
                next.fire();
            }
            work.awaitNone();
        }
    }

    /**
     * Fires what is left, and takes no more timers: time has come to its end. A dispatcher that would end itself a moment after
     * its last actor ends at once then, as Pekko has it where the scheduler has shut down; on a timer it would wait for ever.
     */
    public void runOut(Duration by) {
        walk(by);
        List<Timer> left;
        synchronized (timers) {
            out = true;
            left = List.copyOf(timers);
        }
        left.forEach(Timer::fire);
    }

    private @Nullable Timer due(long target) {
        synchronized (timers) {
            Timer first = timers.peek();
            return first != null && first.due - target <= 0 ? timers.poll() : null;
        }
    }

    private Timer add(FiniteDuration delay, long interval, Runnable task, ExecutionContext context) {
        synchronized (timers) {
            if (out) {
                throw new IllegalStateException("the actor system has ended, and virtual time with it");
            }
            Timer timer = new Timer(nanos.get() + Math.max(0, delay.toNanos()), interval, task, context);
            enqueue(timer);
            return timer;
        }
    }

    private void enqueue(Timer timer) {
        timer.number = numbers++;
        timers.add(timer);
    }

    @Override
    @SuppressWarnings("deprecation") // For those who call it; whoever makes a scheduler must have it.
    public Cancellable schedule(
            FiniteDuration initialDelay, FiniteDuration interval, Runnable task, ExecutionContext context) {
        if (interval.toNanos() <= 0) {
            throw new IllegalArgumentException("the interval of a timer must be positive, got " + interval);
        }
        return add(initialDelay, interval.toNanos(), task, context);
    }

    @Override
    public Cancellable scheduleOnce(FiniteDuration delay, Runnable task, ExecutionContext context) {
        return add(delay, 0, task, context);
    }

    @Override
    public double maxFrequency() {
        return 1_000_000_000; // A nanosecond is the smallest step.
    }

    /** A timer; its fields are guarded by the queue's lock. */
    private final class Timer implements Cancellable, Comparable<Timer> {
        private final long interval;
        private final Runnable task;
        private final ExecutionContext context;
        private long due;
        private long number;
        private boolean over;
        private boolean cancelled;

        private Timer(long due, long interval, Runnable task, ExecutionContext context) {
            this.due = due;
            this.interval = interval;
            this.task = task;
            this.context = context;
        }

        private void fire() {
            synchronized (timers) {
                if (over) {
                    return;
                }
                if (interval > 0 && !out) {
                    due += interval;
                    enqueue(this);
                } else {
                    over = true;
                }
            }
            try {
                context.execute(task);
            } catch (RuntimeException e) {
                context.reportFailure(e); // Such as that the dispatcher has ended.
            }
        }

        @Override
        public boolean cancel() {
            synchronized (timers) {
                if (over) {
                    return false;
                }
                over = true;
                cancelled = true;
                var unused = timers.remove(this);
                return true;
            }
        }

        @Override
        public boolean isCancelled() {
            synchronized (timers) {
                return cancelled;
            }
        }

        @Override
        public int compareTo(Timer other) {
            int byTime = Long.compare(due, other.due);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }
}
