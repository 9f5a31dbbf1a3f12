package dev.vivarium.testkit.internal;

import java.util.concurrent.TimeUnit;

/**
 * The answer to the one call that a worker runs, which is held back while a fault is due that must land before it. Used by
 * the two threads of a connection.
 */
final class Answers {

    private static final long LOOK_MS = 1;

    private long held;
    private long come;
    private boolean startedBefore;
    private long dropped;

    /** The answer to this call waits until it is let go. */
    synchronized void hold(long callId) {
        held = callId;
        come = 0;
    }

    /** What was due has landed, or will not; if it was deadly, there is no answer. */
    synchronized void letGo(long callId, boolean dead) {
        held = 0;
        dropped = dead ? callId : 0;
        notifyAll();
    }

    /**
     * Waits until an answer may pass, and says that it never may.
     *
     * @param started whether its handler had started
     */
    synchronized boolean isDropped(long callId, boolean started) throws InterruptedException {
        if (held == callId) {
            come = callId;
            startedBefore = started;
            notifyAll();
        }
        while (held == callId) {
            wait();
        }
        return dropped == callId;
    }

    synchronized boolean hasCome(long callId) {
        return come == callId;
    }

    /** Returns whether a handler has run of which the answer, if it is there, tells. */
    synchronized boolean mayStrike(long callId) {
        return come != callId || startedBefore;
    }

    /** Waits until an answer comes, or for a moment. */
    synchronized void awaitChange() throws InterruptedException {
        TimeUnit.MILLISECONDS.timedWait(this, LOOK_MS);
    }
}
