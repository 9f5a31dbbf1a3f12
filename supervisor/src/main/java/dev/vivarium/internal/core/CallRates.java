package dev.vivarium.internal.core;

import java.time.Duration;

/** Calls and failures within a sliding window, taken from counters that only grow. Not thread-safe. */
public final class CallRates {

    /** In so many steps the window slides. */
    public static final int STEPS = 60;

    private final long[] calls = new long[STEPS + 1];
    private final long[] failures = new long[STEPS + 1];
    private int newest;
    private int kept = 1;

    /** Returns the time between two samples of a window. */
    public static Duration step(Duration window) {
        return window.dividedBy(STEPS);
    }

    /** Takes a sample of the counters; to be called once each step. */
    public void sample(long callsSoFar, long failuresSoFar) {
        newest = (newest + 1) % calls.length;
        calls[newest] = callsSoFar;
        failures[newest] = failuresSoFar;
        kept = Math.min(kept + 1, calls.length);
    }

    /** Returns the calls within the window. */
    public long calls() {
        return calls[newest] - calls[oldest()];
    }

    /** Returns the failures within the window. */
    public long failures() {
        return failures[newest] - failures[oldest()];
    }

    private int oldest() {
        return Math.floorMod(newest - kept + 1, calls.length);
    }
}
