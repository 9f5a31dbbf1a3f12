package dev.vivarium.internal.recovery;

import dev.vivarium.RecoveryReport;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Counts calls that are tried again, and keeps them few. Thread-safe. */
final class Recoveries {

    /** How the recovery of a call ended. */
    enum End {
        ANSWERED,
        FAILED,
        CANCELLED
    }

    private final int most;
    private final AtomicInteger taken = new AtomicInteger();
    private final LongAdder begun = new LongAdder();
    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder cancelled = new LongAdder();
    private volatile boolean wanted;
    private volatile Runnable freed = () -> {};

    Recoveries(int most) {
        this.most = most;
    }

    void whenFreed(Runnable listener) {
        freed = listener;
    }

    /** Says whether anybody waits for a place. */
    void wanted(boolean anybody) {
        wanted = anybody;
    }

    boolean take() {
        int now = taken.get();
        while (now < most) {
            if (taken.compareAndSet(now, now + 1)) {
                return true;
            }
            now = taken.get();
        }
        return false;
    }

    void giveBack() {
        taken.decrementAndGet();
        if (wanted) {
            freed.run();
        }
    }

    void begun() {
        begun.increment();
    }

    void ended(End how) {
        switch (how) {
            case ANSWERED -> answered.increment();
            case FAILED -> failed.increment();
            case CANCELLED -> cancelled.increment();
        }
    }

    RecoveryReport report() {
        // The ends first: what ends meanwhile counts as under way, and nothing as less than none.
        long ok = answered.sum();
        long bad = failed.sum();
        long off = cancelled.sum();
        long all = begun.sum();
        return new RecoveryReport(all, ok, bad, off, Math.max(0, all - ok - bad - off));
    }
}
