package dev.vivarium.chaos.internal.twin;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A way on which messages arrive in the order in which they were sent, unless a fault has it otherwise. For one thread. */
final class Way {

    private final VirtualTime time;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private final Deque<Runnable> aside = new ArrayDeque<>();
    private long last;
    private int holds;
    private boolean cut;

    Way(VirtualTime time) {
        this.time = time;
    }

    /** Sends a message that takes so long, and longer when one before it does. */
    void send(long nanos, Runnable arrival) {
        if (cut) {
            return;
        }
        if (holds > 0) {
            waiting.add(() -> go(nanos, arrival));
        } else {
            go(nanos, arrival);
        }
        @Nullable Runnable late = aside.poll();
        if (late != null) {
            send(nanos, late);
        }
    }

    private void go(long nanos, Runnable arrival) {
        last = Math.max(last, time.nanoTime() + nanos);
        time.after(last - time.nanoTime(), () -> {
            if (!cut) {
                arrival.run();
            }
        });
    }

    /** Keeps a message until the next one has been sent. */
    void putAside(Runnable arrival) {
        aside.add(arrival);
    }

    /** Lets go of what was put aside. */
    void flush(long nanos) {
        for (Runnable late = aside.poll(); late != null; late = aside.poll()) {
            send(nanos, late);
        }
    }

    /** Holds everything back from now on. */
    void hold() {
        holds++;
    }

    /** Undoes one hold. */
    void release() {
        if (holds > 0 && --holds == 0) {
            for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
                next.run();
            }
        }
    }

    /** What has not been sent on never is; what comes from now on is not held. */
    void open() {
        holds = 0;
        waiting.clear();
        aside.clear();
    }

    /** Nothing arrives any more. */
    void cut() {
        cut = true;
        open();
    }
}
