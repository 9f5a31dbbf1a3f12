package dev.vivarium.pooltests.sessions;

import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Says on standard error, every few seconds, how far a program is. */
final class Progress implements AutoCloseable {

    private static final int EVERY_S = 5;

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "session-storm-progress");
        thread.setDaemon(true);
        return thread;
    });

    /** Begins to say it. */
    void begin(Supplier<String> state) {
        long begun = System.nanoTime();
        var unused = timer.scheduleAtFixedRate(
                () -> System.err.printf(
                        Locale.ROOT,
                        "session-storm: %4d s: %s%n",
                        (System.nanoTime() - begun) / 1_000_000_000L,
                        state.get()),
                EVERY_S,
                EVERY_S,
                TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
