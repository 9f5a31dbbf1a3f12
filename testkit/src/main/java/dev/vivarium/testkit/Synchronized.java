package dev.vivarium.testkit;

import dev.vivarium.PendingCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** Calls that are made at the same moment. */
final class Synchronized<T> {

    private final String name;
    private final Duration patience;
    private final int count;
    private final IntFunction<PendingCall<T>> call;
    private final Supplier<String> lately;

    /**
     * Prepares.
     *
     * @param lately what has happened, for a wait that expires
     */
    Synchronized(String name, Duration patience, int count, IntFunction<PendingCall<T>> call, Supplier<String> lately) {
        if (count < 1) {
            throw new IllegalArgumentException("count must be 1 or more, got " + count);
        }
        this.name = name;
        this.patience = patience;
        this.count = count;
        this.call = call;
        this.lately = lately;
    }

    List<PendingCall<T>> run() throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        CyclicBarrier start = new CyclicBarrier(count);
        ExecutorService threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, name + "-synchronized");
            thread.setDaemon(true);
            return thread;
        });
        List<PendingCall<T>> calls = new ArrayList<>();
        try {
            List<Future<PendingCall<T>>> made = new ArrayList<>();
            for (int number = 0; number < count; number++) {
                int mine = number;
                made.add(threads.submit(() -> {
                    // No limit of its own: the one below holds for both, and its end interrupts this.
                    var unused = start.await();
                    return call.apply(mine);
                }));
            }
            for (Future<PendingCall<T>> future : made) {
                long left = Math.max(0, end - System.nanoTime());
                calls.add(future.get(left, TimeUnit.NANOSECONDS));
            }
            return calls;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a call could not be made", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError(
                    "call " + calls.size() + " of " + count + ", counted from 0, has not been made after "
                            + patience.toMillis() + " ms; " + lately.get(),
                    e);
        } finally {
            threads.shutdownNow();
        }
    }
}
