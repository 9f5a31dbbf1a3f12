package dev.vivarium.testkit.internal;

import java.util.ArrayDeque;

/** What a process has to say: said in order, by one thread at a time, and outside of the process's lock. Thread-safe. */
final class Speech {

    private final ArrayDeque<Runnable> words = new ArrayDeque<>();
    private boolean talking;

    synchronized void say(Runnable next) {
        words.add(next);
    }

    /** Says all there is, unless another thread is just doing so. */
    void talk() {
        while (true) {
            Runnable next;
            synchronized (this) {
                if (talking || words.isEmpty()) {
                    return;
                }
                talking = true;
                next = words.remove();
            }
            try {
                next.run();
            } finally {
                synchronized (this) {
                    talking = false;
                }
            }
        }
    }
}
