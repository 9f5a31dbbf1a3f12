package dev.vivarium.internal.context;

import dev.vivarium.PoolConfig;
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

    private final Executor target;
    private final @Nullable ThreadPoolExecutor own;

    /** Creates the executor; threads of its own start when they are needed and end when they idle. */
    public CallbackExecutor(String pool, PoolConfig.Callbacks config) {
        if (config.executor() != null) {
            own = null;
            target = config.executor();
        } else {
            own = new ThreadPoolExecutor(
                    config.threads(),
                    config.threads(),
                    10,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(config.queueCapacity()),
                    named("vivarium-" + pool + "-callback-"));
            own.allowCoreThreadTimeOut(true);
            target = own;
        }
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
     * Runs a callback; on this thread when the executor is full, has been shut down or fails, because no outcome may get
     * lost.
     */
    @Override
    public void execute(Runnable callback) {
        if (own != null) {
            try {
                own.execute(callback);
            } catch (RejectedExecutionException full) {
                callback.run();
            }
            return;
        }
        // Whatever a caller's executor throws, and whether it has run the callback before or not: once, and not never.
        AtomicBoolean taken = new AtomicBoolean();
        Runnable once = () -> {
            if (taken.compareAndSet(false, true)) {
                callback.run();
            }
        };
        try {
            target.execute(once);
        } catch (RuntimeException | Error refused) {
            log.debug("the callback executor refused", refused);
            once.run();
        }
    }

    /** Ends the pool's own threads once they are idle; a caller's executor is left alone. */
    public void shutdown() {
        if (own != null) {
            own.shutdown();
        }
    }
}
