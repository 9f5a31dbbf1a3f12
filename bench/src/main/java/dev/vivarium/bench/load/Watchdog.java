package dev.vivarium.bench.load;

import java.time.Duration;

/** Beats while load is made, on a thread of its own, for {@link Pauses}. */
final class Watchdog implements AutoCloseable {

    /** How often it beats. */
    static final Duration EVERY = Duration.ofMillis(2);

    /** Later than this is a pause. Longer than what an idle machine takes to wake a thread. */
    static final Duration LIMIT = Duration.ofMillis(10);

    private final Pauses pauses = new Pauses(EVERY, LIMIT);
    private final Thread thread;

    Watchdog() {
        thread = new Thread(this::beat, "bench-load-watchdog");
        thread.setDaemon(true);
        pauses.begin(System.nanoTime());
        thread.start();
    }

    private void beat() {
        LoadClock clock = LoadClock.system();
        try {
            while (true) {
                clock.until(clock.nanos() + EVERY.toNanos());
                pauses.beat(clock.nanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // Closed.
        }
    }

    Pauses pauses() {
        return pauses;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
