package dev.vivarium.testkit;

import dev.vivarium.PendingCall;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** Calls that are made at the same moment. */
final class Synchronized<T> {

    private final int count;
    private final IntFunction<PendingCall<T>> call;

    Synchronized(int count, IntFunction<PendingCall<T>> call) {
        if (count < 1) {
            throw new IllegalArgumentException("count must be 1 or more, got " + count);
        }
        this.count = count;
        this.call = call;
    }

    List<PendingCall<T>> run() throws InterruptedException {
        CyclicBarrier start = new CyclicBarrier(count);
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<PendingCall<T>>> made = new ArrayList<>();
            for (int number = 0; number < count; number++) {
                int mine = number;
                made.add(threads.submit(() -> {
                    var unused = start.await(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
                    return call.apply(mine);
                }));
            }
            List<PendingCall<T>> calls = new ArrayList<>();
            for (Future<PendingCall<T>> future : made) {
                calls.add(future.get());
            }
            return calls;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a call could not be made", e.getCause());
        } finally {
            threads.shutdown();
        }
    }
}
