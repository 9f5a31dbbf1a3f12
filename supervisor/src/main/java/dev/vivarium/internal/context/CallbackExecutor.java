package dev.vivarium.internal.context;

import dev.vivarium.PoolConfig;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where callers' callbacks run: the caller's own executor, or a named and bounded one of the pool's. Thread-safe. */
public final class CallbackExecutor implements Executor {

    private static final Logger log = LoggerFactory.getLogger(CallbackExecutor.class);

    private static final int KEEP_ALIVE_S = 10;

    private final Executor target;
    private final @Nullable ThreadPoolExecutor own;
    private final ThreadPoolExecutor overflow;

    /** Creates the executor; threads of its own start when they are needed and end when they idle. */
    public CallbackExecutor(String pool, PoolConfig.Callbacks config) {
        overflow = pool("vivarium-" + pool + "-callback-overflow-", 1, new LinkedBlockingQueue<>());
        if (config.executor() != null) {
            own = null;
            target = config.executor();
        } else {
            own = pool(
                    "vivarium-" + pool + "-callback-",
                    config.threads(),
                    new LinkedBlockingQueue<>(config.queueCapacity()));
            target = own;
        }
    }

    private static ThreadPoolExecutor pool(String prefix, int threads, BlockingQueue<Runnable> queue) {
        ThreadPoolExecutor executor =
                new ThreadPoolExecutor(threads, threads, KEEP_ALIVE_S, TimeUnit.SECONDS, queue, named(prefix));
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** Returns a factory of daemon threads with numbered names. */
    public static ThreadFactory named(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Runs a callback, and never on the calling thread: that is one of the pool's, which foreign code must not hold up. When
     * the executor is full, fails, or would run it at once, a further thread of the pool's takes it.
     */
    @Override
    public void execute(Runnable callback) {
        Thread caller = Thread.currentThread();
        // Whatever a caller's executor throws, and whether it has taken the callback before or not: once, and not
        // never.
        AtomicBoolean taken = new AtomicBoolean();
        Runnable once = () -> {
            if (taken.compareAndSet(false, true)) {
                if (Thread.currentThread() == caller) {
                    overflow(callback);
                } else {
                    callback.run();
                }
            }
        };
        try {
            target.execute(once);
        } catch (RuntimeException | Error refused) {
            log.debug("the callback executor refused", refused);
            once.run();
        }
    }

    private void overflow(Runnable callback) {
        try {
            overflow.execute(callback);
        } catch (RejectedExecutionException closed) {
            callback.run(); // The pool has ended, and none of its threads is here any more.
        }
    }

    /** Ends the pool's own threads once they are idle; a caller's executor is left alone. */
    public void shutdown() {
        if (own != null) {
            own.shutdown();
        }
        overflow.shutdown();
    }
}
