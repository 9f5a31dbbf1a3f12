package dev.vivarium.cli;

import dev.vivarium.bench.Progress;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Says on standard error, every few seconds, how far a measurement is. Used by one thread. */
final class BenchProgress implements Progress {

    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final PrintWriter err;
    private final long begun = System.nanoTime();
    private long said = begun;

    BenchProgress(PrintWriter err) {
        this.err = err;
    }

    @Override
    public void at(Supplier<String> state) {
        long now = System.nanoTime();
        if (now - said >= EVERY_NANOS) {
            said = now;
            err.println("vivarium: " + TimeUnit.NANOSECONDS.toSeconds(now - begun) + " s: " + state.get());
            err.flush();
        }
    }
}
