package dev.vivarium.internal.call;

import dev.vivarium.CallCancelled;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.protocol.Codec;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The caller's view of a call.
 *
 * <p>An outcome arrives on the thread that reads the worker's channel, which must never run a caller's code. So it is
 * handed on: to the thread that waits for it, when one does (waking it is all that has to happen), and else to the callback
 * executor. Whoever gets it decodes it and completes the future.
 *
 * @param <T> the result's type
 */
public final class PendingCallImpl<T> extends CompletableFuture<T> implements PendingCall<T>, ActiveCall.Sink {

    private static final Object ARRIVED = new Object();

    private final long id;
    private final Type resultType;
    private final Codec codec;
    private final Executor callbacks;
    private final AtomicReference<@Nullable Object> gate = new AtomicReference<>();
    private final AtomicBoolean settled = new AtomicBoolean();
    private volatile @Nullable Object outcome;
    private volatile @Nullable ActiveCall call;
    private volatile Runnable forget = () -> {};

    /**
     * Creates the view.
     *
     * @param callbacks where callbacks run
     */
    public PendingCallImpl(long id, Type resultType, Codec codec, Executor callbacks) {
        this.id = id;
        this.resultType = resultType;
        this.codec = codec;
        this.callbacks = callbacks;
    }

    /** Connects the view with its call; {@code whenDropped} tells the router that it was cancelled in the queue. */
    public void follow(ActiveCall active, Runnable whenDropped) {
        forget = whenDropped;
        call = active;
    }

    /** Ends a call that was never accepted. */
    public void refuse(PoolException error) {
        arrive(error);
    }

    @Override
    public void succeeded(ActiveCall ended, byte[] body) {
        arrive(body);
    }

    @Override
    public void failed(ActiveCall ended, PoolException error) {
        arrive(error);
    }

    private void arrive(Object result) {
        outcome = result;
        Object waiter = gate.getAndSet(ARRIVED);
        if (waiter instanceof Thread thread) {
            LockSupport.unpark(thread);
        } else {
            callbacks.execute(this::settle);
        }
    }

    /** Decodes the outcome and completes the future, once, on whichever thread comes first. */
    private void settle() {
        Object result = outcome;
        if (result == null || !settled.compareAndSet(false, true)) {
            return;
        }
        if (result instanceof PoolException error) {
            completeExceptionally(error);
            return;
        }
        try {
            @SuppressWarnings({"unchecked", "NullAway"}) // The codec converts to the type that T stands for.
            T value = (T) codec.decode((byte[]) result, resultType);
            complete(value);
        } catch (CodecException e) {
            completeExceptionally(new ResultNotDecodable(String.valueOf(e.getMessage()), e));
        } catch (RuntimeException | Error e) {
            completeExceptionally(new ResultNotDecodable("the result cannot be converted: " + e, e));
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public int attempts() {
        ActiveCall active = call;
        return active == null ? 0 : active.sent();
    }

    @Override
    public boolean cancel() {
        ActiveCall active = call;
        if (active == null) {
            return false;
        }
        Execution how = active.cancel(execution -> new CallCancelled(
                execution,
                active + " was cancelled by its caller "
                        + (execution == Execution.NOT_STARTED ? "before it was sent" : "after it was sent")));
        if (how != Execution.RAN) {
            forget.run();
        }
        return how != Execution.RAN;
    }

    /** Cancels the call; whether a thread may be interrupted does not matter, because none is. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return cancel();
    }

    @Override
    public T await() throws InterruptedException {
        Thread self = Thread.currentThread();
        if (gate.compareAndSet(null, self)) {
            while (gate.get() == self) {
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    if (gate.compareAndSet(self, null)) {
                        throw new InterruptedException("interrupted while waiting for call " + id);
                    }
                    self.interrupt(); // The outcome came first; the interrupt is for the caller's next wait.
                }
            }
        }
        settle();
        try {
            // Another thread may be settling; the future is where all meet.
            return join(this::get);
        } catch (TimeoutException e) {
            throw new AssertionError("a wait without limit timed out", e);
        }
    }

    @Override
    public T await(Duration atMost) throws InterruptedException, TimeoutException {
        return join(() -> get(nanos(atMost), TimeUnit.NANOSECONDS));
    }

    /** Returns the time in nanoseconds; as many as there can be when it is longer than that. */
    private static long nanos(Duration time) {
        try {
            return Math.max(0, time.toNanos());
        } catch (ArithmeticException e) {
            return time.isNegative() ? 0 : Long.MAX_VALUE;
        }
    }

    private interface Wait<T> {
        T get() throws InterruptedException, ExecutionException, TimeoutException;
    }

    private static <T> T join(Wait<T> wait) throws InterruptedException, TimeoutException {
        try {
            return wait.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PoolException error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
