package dev.vivarium.internal.context;

import dev.vivarium.LadderCounts;
import dev.vivarium.LadderRung;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** A pool's counters. Thread-safe. */
public final class PoolStats {

    private final LongAdder accepted = new LongAdder();
    private final LongAdder succeeded = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder retried = new LongAdder();
    private final LongAdder restarts = new LongAdder();
    private final LongAdder ejections = new LongAdder();
    private final LongAdder lateReplies = new LongAdder();
    private final LongAdder droppedLogLines = new LongAdder();
    private final Map<LadderRung, LongAdder> rungs = new EnumMap<>(LadderRung.class);
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong open = new AtomicLong();
    private final Set<OpenCall> openCalls = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable Runnable> whenIdle = new AtomicReference<>();

    /** Creates counters at zero. */
    public PoolStats() {
        for (LadderRung rung : LadderRung.values()) {
            rungs.put(rung, new LongAdder());
        }
    }

    /** Takes a place in the queue if there is one. */
    public boolean tryAccept(int queueCapacity) {
        int now;
        do {
            now = waiting.get();
            if (now >= queueCapacity) {
                return false;
            }
        } while (!waiting.compareAndSet(now, now + 1));
        accepted.increment();
        open.incrementAndGet();
        return true;
    }

    /** Notes an accepted call: whatever happens to the actors that it passes through, it can be found and ended. */
    public void opened(OpenCall call) {
        openCalls.add(call);
    }

    /** Takes a place in the queue for a call of the pool's own, for which the queue's limit does not hold. */
    public void accept() {
        waiting.incrementAndGet();
        accepted.increment();
        open.incrementAndGet();
    }

    /** Notes what is no call by itself, but has to be found and ended as calls are. */
    public void watch(OpenCall other) {
        openCalls.add(other);
    }

    /** Forgets what was noted, and has ended. */
    public void unwatch(OpenCall other) {
        openCalls.remove(other);
    }

    /** Returns the calls that have not ended. */
    public Collection<OpenCall> openCalls() {
        return List.copyOf(openCalls);
    }

    /** A waiting call was given to a worker. */
    public void leased() {
        waiting.decrementAndGet();
    }

    /** A call that had been given to a worker waits again; the queue's limit does not hold for it. */
    public void requeued() {
        waiting.incrementAndGet();
    }

    /**
     * A call ended.
     *
     * @param wasWaiting whether it ended in the queue
     */
    public void ended(OpenCall call, boolean ok, boolean wasWaiting) {
        openCalls.remove(call);
        (ok ? succeeded : failed).increment();
        if (wasWaiting) {
            waiting.decrementAndGet();
        }
        if (open.decrementAndGet() == 0) {
            signalIdle();
        }
    }

    /** Has {@code listener} run once when no call is open, which may be at once. */
    public void onceIdle(Runnable listener) {
        whenIdle.set(listener);
        if (open.get() == 0) {
            signalIdle();
        }
    }

    private void signalIdle() {
        Runnable listener = whenIdle.getAndSet(null);
        if (listener != null) {
            listener.run();
        }
    }

    /** Counts an attempt beyond a call's first. */
    public void countRetry() {
        retried.increment();
    }

    /** Counts a process started in place of one that ended. */
    public void countRestart() {
        restarts.increment();
    }

    /** Counts a worker that was ejected. */
    public void countEjection() {
        ejections.increment();
    }

    /** Counts an answer that nobody waited for any more. */
    public void countLateReply() {
        lateReplies.increment();
    }

    /** Counts lines of output and log records that were over a limit. */
    public void countDroppedLogLines(long lines) {
        droppedLogLines.add(lines);
    }

    /** Counts that a rung of the timeout ladder was taken. */
    public void countRung(LadderRung rung) {
        adder(rung).increment();
    }

    private LongAdder adder(LadderRung rung) {
        return Objects.requireNonNull(rungs.get(rung));
    }

    /** Returns how often each rung was taken. */
    public LadderCounts ladder() {
        return new LadderCounts(
                adder(LadderRung.READ_STACKS).sum(),
                adder(LadderRung.CANCEL).sum(),
                adder(LadderRung.TERMINATE).sum(),
                adder(LadderRung.KILL).sum());
    }

    /** Returns the calls that wait. */
    public int waiting() {
        return Math.max(0, waiting.get());
    }

    /** Returns the calls accepted. */
    public long accepted() {
        return accepted.sum();
    }

    /** Returns the calls that ended well. */
    public long succeeded() {
        return succeeded.sum();
    }

    /** Returns the calls that ended with an error. */
    public long failed() {
        return failed.sum();
    }

    /** Returns the attempts beyond each call's first. */
    public long retried() {
        return retried.sum();
    }

    /** Returns the processes started in place of others. */
    public long restarts() {
        return restarts.sum();
    }

    /** Returns how often a worker was ejected. */
    public long ejections() {
        return ejections.sum();
    }

    /** Returns the answers that came too late. */
    public long lateReplies() {
        return lateReplies.sum();
    }

    /** Returns the lines dropped. */
    public long droppedLogLines() {
        return droppedLogLines.sum();
    }
}
