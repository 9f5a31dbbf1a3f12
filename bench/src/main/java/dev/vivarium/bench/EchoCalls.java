package dev.vivarium.bench;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls of a pool in the ways in which callers make them, with the whole public interface: objects in, objects out. */
final class EchoCalls {

    /** What the floor's small body has for an argument. */
    static final Map<String, String> SMALL = Map.of("x", "a".repeat(36));

    private EchoCalls() {}

    /** Returns the call of a small JSON object that comes back. */
    static Supplier<PendingCall<?>> small(PythonPool pool) {
        return () -> pool.call("echo", Map.class, SMALL);
    }

    /** Returns the same call, whose callback runs on the thread that has read the result. */
    static Supplier<PendingCall<?>> smallDirect(PythonPool pool) {
        return () ->
                pool.call(PythonCall.to("echo").args(SMALL).returning(Map.class).callbacksDirectly());
    }

    /** Returns calls of one caller, one after the other, seen in the callback. */
    static Subject seenInTheCallback(Supplier<PendingCall<?>> call) {
        return (calls, nanos) -> {
            Semaphore go = new Semaphore(0);
            long[] took = new long[1];
            AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
            for (int i = 0; i < calls; i++) {
                long begun = System.nanoTime();
                var unused = call.get().whenComplete((result, failure) -> {
                    took[0] = System.nanoTime() - begun;
                    failed.set(failure);
                    go.release();
                });
                go.acquire();
                check(failed);
                nanos.accept(took[0]);
            }
        };
    }

    /** Returns calls of one caller, one after the other, who waits for each. */
    static Subject seenByABlockedCaller(Supplier<PendingCall<?>> call) {
        return (calls, nanos) -> await(call, calls, nanos);
    }

    private static void await(Supplier<PendingCall<?>> call, int calls, LongConsumer nanos)
            throws InterruptedException {
        for (int i = 0; i < calls; i++) {
            long begun = System.nanoTime();
            var unused = call.get().await();
            nanos.accept(System.nanoTime() - begun);
        }
    }

    /** Returns calls of one thread, which makes the next as soon as there are fewer than so many in flight. */
    static Subject fromOneThread(Supplier<PendingCall<?>> call, int inFlight) {
        return (calls, nanos) -> {
            Semaphore window = new Semaphore(inFlight);
            long[] took = new long[calls];
            AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
            for (int i = 0; i < calls; i++) {
                window.acquire();
                int number = i;
                long begun = System.nanoTime();
                var unused = call.get().whenComplete((result, failure) -> {
                    took[number] = System.nanoTime() - begun;
                    if (failure != null) {
                        failed.set(failure);
                    }
                    window.release();
                });
            }
            window.acquire(inFlight);
            check(failed);
            for (long each : took) {
                nanos.accept(each);
            }
        };
    }

    /** Returns calls of so many threads, each of which makes one at a time and waits for it. */
    static Subject fromManyThreads(Supplier<PendingCall<?>> call, ExecutorService executor, int threads) {
        return (calls, nanos) -> {
            long[] took = new long[calls];
            List<Future<?>> parts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int from = (int) ((long) calls * i / threads);
                int to = (int) ((long) calls * (i + 1) / threads);
                parts.add(executor.submit(() -> {
                    int[] at = {from};
                    await(call, to - from, each -> took[at[0]++] = each);
                    return to;
                }));
            }
            for (Future<?> part : parts) {
                part.get();
            }
            for (long each : took) {
                nanos.accept(each);
            }
        };
    }

    private static void check(AtomicReference<@Nullable Throwable> failed) {
        Throwable failure = failed.get();
        if (failure != null) {
            throw new CompletionException("a call failed, and a measurement with failures is none", failure);
        }
    }
}
