package dev.vivarium.internal.callback;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.FunctionCall;
import dev.vivarium.PoolFunction;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.CallerDeadline;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.CalledFunction;
import dev.vivarium.protocol.CodecException;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/**
 * One callback that is open: the function that runs for it, or waits for a thread, and its one end. A result, a failure and the
 * end of the handler's call may race, and exactly one of them counts. Thread-safe.
 */
final class Callback implements FunctionCall, Runnable {

    /** Hears of the one end. */
    interface Owner {
        /** There is a thread for the function, but its time is over. */
        void late(Callback callback);

        /** The function is about to be run. */
        void begun(Callback callback);

        /** The function has returned, or failed; nothing of it is left. */
        void ended(Callback callback, @Nullable Object value, @Nullable Throwable failure);

        /** A function that nobody waits for any more is not run, has ended, or was told so and holds no thread. */
        void gone();
    }

    private final PoolContext context;
    private final Owner owner;
    private final ActiveCall call;
    private final WorkerId worker;
    private final int incarnation;
    private final long number;
    private final CalledFunction called;
    private final PoolFunction function;
    private final long asked;
    private final CompletableFuture<Done> abandoned = new CompletableFuture<>();
    private final AtomicBoolean gone = new AtomicBoolean();
    // The rest is guarded by this object's lock.
    private boolean over;
    private boolean dropped;
    private boolean begun;
    private long begunAt;
    private @Nullable Thread thread;
    private boolean interrupted;
    private @Nullable CompletionStage<?> stage;

    Callback(
            PoolContext context,
            Owner owner,
            ActiveCall call,
            WorkerId worker,
            int incarnation,
            long number,
            CalledFunction called,
            PoolFunction function) {
        this.context = context;
        this.owner = owner;
        this.call = call;
        this.worker = worker;
        this.incarnation = incarnation;
        this.number = number;
        this.called = called;
        this.function = function;
        this.asked = context.clock().nanoTime();
    }

    ActiveCall call() {
        return call;
    }

    long number() {
        return number;
    }

    /** Returns when it came, on the pool's monotonic clock. */
    long asked() {
        return asked;
    }

    /** Returns when the function was begun, on the pool's monotonic clock; {@code asked} when it was not. */
    synchronized long begunAt() {
        return begun ? begunAt : asked;
    }

    synchronized boolean isBegun() {
        return begun;
    }

    /** Runs the function; whoever has a thread for it calls this. */
    @Override
    public void run() {
        if (left() <= 0) {
            owner.late(this);
            return;
        }
        if (!begin()) {
            return;
        }
        owner.begun(this);
        Object value = null;
        Throwable failure = null;
        CallerDeadline.begin(this::left);
        try {
            value = function.apply(this);
        } catch (Throwable e) { // Whatever it throws is the handler's to know.
            failure = e;
        } finally {
            CallerDeadline.end();
            leaveThread();
        }
        if (failure == null && value instanceof CompletionStage<?> later) {
            try {
                follow(later);
            } catch (RuntimeException | Error e) { // The stage is foreign.
                end(null, e);
            }
        } else {
            end(value, failure);
        }
    }

    private synchronized boolean begin() {
        if (over || begun) {
            return false;
        }
        begun = true;
        begunAt = context.clock().nanoTime();
        thread = Thread.currentThread();
        return true;
    }

    /** The thread is not the function's any more, nor is an interrupt that was meant for that. */
    private synchronized void leaveThread() {
        thread = null;
        if (interrupted) {
            var unused = Thread.interrupted();
        }
    }

    private void follow(CompletionStage<?> later) {
        boolean tell;
        synchronized (this) {
            stage = later;
            tell = over;
        }
        later.whenComplete((value, failure) -> {
            boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
            end(value, wrapped ? failure.getCause() : failure);
        });
        if (tell) {
            cancel(later);
            leave();
        }
    }

    private void end(@Nullable Object value, @Nullable Throwable failure) {
        boolean wanted;
        synchronized (this) {
            wanted = !over;
            over = true;
        }
        leave(); // First: the handler may ask again as soon as it has its answer.
        if (wanted) {
            owner.ended(this, value, failure);
        }
    }

    /** Ends it before the function does, and tells that; false when it has ended before. */
    boolean abandon() {
        CompletionStage<?> running;
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
            dropped = true;
            running = stage;
            if (thread != null) {
                interrupted = true;
                thread.interrupt();
            }
        }
        if (!isBegun()) {
            context.functions().forget(this);
            leave();
        }
        // What depends on these is foreign, and this may be an actor's thread.
        context.callbacks().execute(() -> {
            abandoned.complete(Done.getInstance());
            if (running != null) {
                cancel(running);
                leave();
            }
        });
        return true;
    }

    private static void cancel(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().cancel(true);
        } catch (UnsupportedOperationException e) {
            // It cannot be told.
        }
    }

    private void leave() {
        if (gone.compareAndSet(false, true)) {
            owner.gone();
        }
    }

    private long left() {
        return call.deadline() - context.clock().nanoTime();
    }

    @Override
    public String function() {
        return called.function();
    }

    @Override
    public String handler() {
        return call.handler();
    }

    @Override
    public long callId() {
        return call.id();
    }

    @Override
    public WorkerId worker() {
        return worker;
    }

    @Override
    public int incarnation() {
        return incarnation;
    }

    @Override
    public List<JsonNode> positional() {
        return called.positional();
    }

    @Override
    public Map<String, JsonNode> keywords() {
        return called.keywords();
    }

    @Override
    @SuppressWarnings("unchecked") // The codec converts to the type that T stands for.
    public <T> @Nullable T argument(int index, Class<T> type) {
        return (T) positional(index, type);
    }

    @Override
    @SuppressWarnings("unchecked") // The codec converts to the type that T stands for.
    public <T> @Nullable T argument(int index, TypeReference<T> type) {
        return (T) positional(index, type.getType());
    }

    private @Nullable Object positional(int index, Type type) {
        if (index < 0 || index >= called.positional().size()) {
            throw new IllegalArgumentException("function '" + function() + "' was called with "
                    + called.positional().size() + " positional arguments, and has no argument " + index);
        }
        return converted("argument " + index, called.positional().get(index), type);
    }

    @Override
    @SuppressWarnings("unchecked") // The codec converts to the type that T stands for.
    public <T> @Nullable T keyword(String name, Class<T> type) {
        JsonNode given = called.keywords().get(name);
        return given == null ? null : (T) converted("argument '" + name + "'", given, type);
    }

    private @Nullable Object converted(String what, JsonNode value, Type type) {
        try {
            return context.codec().convert(value, type);
        } catch (CodecException e) {
            throw new IllegalArgumentException(what + " of function '" + function() + "': " + e.getMessage(), e);
        }
    }

    @Override
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, left()));
    }

    @Override
    public CompletionStage<Done> abandoned() {
        return abandoned.minimalCompletionStage();
    }

    @Override
    public synchronized boolean isAbandoned() {
        return dropped;
    }

    /** Returns function, call and worker, never the arguments: they may be secrets. */
    @Override
    public String toString() {
        return "callback " + number + " of " + call + " to function '" + function() + "'";
    }
}
