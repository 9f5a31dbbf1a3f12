package dev.vivarium.internal.context;

import dev.vivarium.SessionCounts;
import java.util.concurrent.atomic.LongAdder;

/** What has become of a pool's sessions. Thread-safe. */
public final class SessionStats {

    /** What is counted. */
    public enum Count {
        /** A call went to the worker that had its session. */
        HIT,
        /** A call did not. */
        MISS,
        /** A session went to another worker process. */
        REBIND,
        /** A binding was not used for too long. */
        EXPIRED,
        /** Something of a session is gone. */
        LOST,
        /** A call's changes were dropped because others came first. */
        CONFLICT,
        /** A call was answered from the kept answers. */
        REPLAYED
    }

    private static final int COUNTS = Count.values().length;

    private final LongAdder[] counts = new LongAdder[COUNTS];
    private volatile long bindings;

    /** Creates counters at zero. */
    public SessionStats() {
        for (int i = 0; i < COUNTS; i++) {
            counts[i] = new LongAdder();
        }
    }

    /** Counts one more. */
    public void count(Count what) {
        counts[what.ordinal()].increment();
    }

    /** Sets how many sessions are bound or have calls. */
    public void bindings(long number) {
        bindings = number;
    }

    private long sum(Count what) {
        return counts[what.ordinal()].sum();
    }

    /** Returns the counts. */
    public SessionCounts counts() {
        return new SessionCounts(
                bindings,
                sum(Count.HIT),
                sum(Count.MISS),
                sum(Count.REBIND),
                sum(Count.EXPIRED),
                sum(Count.LOST),
                sum(Count.CONFLICT),
                sum(Count.REPLAYED));
    }
}
