package dev.vivarium.internal.context;

import dev.vivarium.FunctionPolicy;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolFunction;
import dev.vivarium.protocol.CallbackBlock;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The functions that a pool's handlers may call: which there are, where they run, and how many at a time. Thread-safe. */
public final class Functions {

    private static final int KEEP_ALIVE_S = 10;

    private final FunctionPolicy policy;
    private final List<String> names;
    private final int maxBytes;
    private final boolean published;
    private final AtomicInteger inFlight = new AtomicInteger();
    // Its queue has no bound of its own: what is in flight has.
    private final ThreadPoolExecutor own;

    Functions(PoolConfig config) {
        policy = config.functions();
        names = policy.functions().keySet().stream().sorted().toList();
        maxBytes = Math.min(policy.maxBytes(), config.calls().limits().maxBodyBytes() - CallbackBlock.NUMBER_BYTES);
        published = config.callEvents();
        own = new ThreadPoolExecutor(
                policy.threads(),
                policy.threads(),
                KEEP_ALIVE_S,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                CallbackExecutor.named("vivarium-" + config.name() + "-function-"));
        own.allowCoreThreadTimeOut(true);
    }

    /** Returns the function of that name, or null. */
    public @Nullable PoolFunction named(String name) {
        return policy.functions().get(name);
    }

    /** Returns all names, sorted. */
    public List<String> names() {
        return names;
    }

    /** Returns the bounds. */
    public FunctionPolicy policy() {
        return policy;
    }

    /** Returns the most bytes of encoded arguments, and of an encoded result. */
    public int maxBytes() {
        return maxBytes;
    }

    /** Returns whether the end of each callback is an event. */
    public boolean isPublished() {
        return published;
    }

    /** Takes one of the places that callbacks have; false when all are taken. */
    public boolean tryEnter() {
        if (inFlight.incrementAndGet() <= policy.maxInFlight()) {
            return true;
        }
        inFlight.decrementAndGet();
        return false;
    }

    /** Gives a place back. */
    public void leave() {
        inFlight.decrementAndGet();
    }

    /**
     * Has a function run, and never on the calling thread: that is one of the pool's, which foreign code must not hold up.
     *
     * @param task may be run again, or later, whatever this throws: it knows whether it is still wanted
     */
    public void execute(Runnable task) {
        Executor users = policy.executor();
        if (users == null) {
            own.execute(task);
            return;
        }
        Thread caller = Thread.currentThread();
        users.execute(() -> {
            if (Thread.currentThread() == caller) {
                own.execute(task);
            } else {
                task.run();
            }
        });
    }

    /** Takes a task that was not begun out of the queue, if it is in the pool's own. */
    public void forget(Runnable task) {
        own.remove(task);
    }

    /** Says what a function that was not begun waits for. */
    public String whatIsWaitedFor() {
        return policy.executor() != null
                ? "the executor of the functions had not begun it"
                : "it had no thread yet, functions.threads is " + policy.threads();
    }

    /** Ends the pool's own threads once they are idle; a user's executor is left alone. */
    void shutdown() {
        own.shutdown();
    }
}
