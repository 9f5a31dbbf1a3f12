package dev.vivarium;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The functions that handlers may call, and within which bounds. Immutable; every method returns a changed copy.
 *
 * @param functions by name; at most 1,000, names of 1 to 200 characters
 * @param executor what they run on, which the pool leaves alone; null for one of the pool's own
 * @param threads the most threads of the pool's own, 1 to 1,024. They are named {@code vivarium-POOL-function-N}, start when they
 *     are needed and end when they idle
 * @param maxInFlight callbacks of a pool that may be in flight, 1 to 100,000: from when they come to the end of the function, the
 *     wait for a thread included. A further one is refused, which the handler gets as {@code CallbackRefused}
 * @param maxPerWorker the same for one worker, 1 to 10,000
 * @param maxBytes the largest encoded arguments, and the largest encoded result, of a callback in bytes, 1,024 to 1,073,741,824;
 *     where {@code maxBodyBytes} is less than that, that counts, less 8 bytes
 */
public record FunctionPolicy(
        Map<String, PoolFunction> functions,
        @Nullable Executor executor,
        int threads,
        int maxInFlight,
        int maxPerWorker,
        int maxBytes) {

    /** No functions; 32 threads; 256 callbacks in flight, 64 of one worker; 1 MiB. */
    public static final FunctionPolicy DEFAULT = new FunctionPolicy(Map.of(), null, 32, 256, 64, 1 << 20);

    /** Copies the functions. */
    public FunctionPolicy {
        functions = Collections.unmodifiableMap(new LinkedHashMap<>(functions));
    }

    /** Adds a function, in the place of one of the same name. */
    public FunctionPolicy with(String name, PoolFunction function) {
        Map<String, PoolFunction> more = new LinkedHashMap<>(functions);
        more.put(name, function);
        return new FunctionPolicy(more, executor, threads, maxInFlight, maxPerWorker, maxBytes);
    }

    /**
     * Sets what functions run on. One that runs them at once, such as {@code Runnable::run}, gets a thread of the pool's, never one
     * that serves workers. What it refuses, the handler gets as {@code CallbackRefused}.
     */
    public FunctionPolicy executor(Executor value) {
        return new FunctionPolicy(functions, value, threads, maxInFlight, maxPerWorker, maxBytes);
    }

    /** Sets the most threads of the pool's own executor. */
    public FunctionPolicy threads(int value) {
        return new FunctionPolicy(functions, executor, value, maxInFlight, maxPerWorker, maxBytes);
    }

    /** Sets how many callbacks of the pool may be in flight. */
    public FunctionPolicy maxInFlight(int value) {
        return new FunctionPolicy(functions, executor, threads, value, maxPerWorker, maxBytes);
    }

    /** Sets how many callbacks of one worker may be in flight. */
    public FunctionPolicy maxPerWorker(int value) {
        return new FunctionPolicy(functions, executor, threads, maxInFlight, value, maxBytes);
    }

    /** Sets how large arguments, and results, may be. */
    public FunctionPolicy maxBytes(int value) {
        return new FunctionPolicy(functions, executor, threads, maxInFlight, maxPerWorker, value);
    }
}
