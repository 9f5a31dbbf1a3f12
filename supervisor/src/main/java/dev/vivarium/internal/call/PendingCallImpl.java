package dev.vivarium.internal.call;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallTimeline;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.internal.lending.Loan;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.protocol.Codec;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The caller's view of a call.
 *
 * <p>An outcome arrives on the thread that reads the worker's channel, which must never run a caller's code. So it is
 * handed on: to the thread that waits for it, when one does and there are no callbacks (waking it is all that has to
 * happen), and else to the callback executor, unless the call wants its callbacks directly. Whoever gets it decodes it and completes the
 * future.
 *
 * @param <T> the result's type
 */
public final class PendingCallImpl<T> extends CompletableFuture<T> implements PendingCall<T>, ActiveCall.Sink {

    private static final Object ARRIVED = new Object();

    /** Who waits for a time waits by the machine's clock, whatever the pool's says. */
    private static final Clock CLOCK = Clock.system();

    /** What a handler returned, as it came. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Answer(byte[] body, ReplyAttachments attached) {}

    /** The outcome, decoded; the error is null when the call went well. */
    private record Settled(@Nullable Object value, @Nullable PoolException error) {}

    private final long id;
    private final Type resultType;
    private final boolean direct;
    private final Codec codec;
    private final Executor callbacks;
    private final AtomicReference<@Nullable Object> gate = new AtomicReference<>();
    private final Object decoding = new Object();
    private volatile @Nullable Object outcome;
    private volatile @Nullable Settled settled;
    private volatile int others;
    private volatile @Nullable ActiveCall call;
    private volatile Runnable forget = () -> {};

    /**
     * Creates the view.
     *
     * @param callbacks where callbacks run
     */
    public PendingCallImpl(long id, PythonCall<T> call, Codec codec, Executor callbacks) {
        this.id = id;
        this.resultType = call.resultType();
        this.direct = call.isCalledBackDirectly();
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
        arrive(error, false);
    }

    @Override
    public void succeeded(ActiveCall ended, byte[] body) {
        arrive(new Answer(body, ended.takeReceived()), direct);
    }

    @Override
    public void failed(ActiveCall ended, PoolException error) {
        arrive(error, false); // It may come from an actor, and on anybody's thread.
    }

    /**
     * Hands the outcome on.
     *
     * @param here whether callbacks may run on this thread, if it is one that reads from a worker; else it is an actor's, or a
     *     store's
     */
    private void arrive(Object result, boolean here) {
        outcome = result;
        Object waiter = gate.getAndSet(ARRIVED);
        if (waiter instanceof Thread thread) {
            LockSupport.unpark(thread);
        } else if (here && Loan.isReaderAtRest()) {
            settle();
        } else {
            callbacks.execute(this::settle);
        }
        if (others > 0) {
            synchronized (gate) {
                gate.notifyAll();
            }
        }
    }

    private void settle() {
        finish(decoded());
    }

    private void finish(Settled result) {
        if (result.error() != null) {
            completeExceptionally(result.error());
        } else {
            complete(value(result));
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // The codec converts to the type that T stands for.
    private T value(Settled result) {
        return (T) result.value();
    }

    /** Decodes the outcome, once, on whichever thread comes first. */
    private Settled decoded() {
        Settled known = settled;
        if (known != null) {
            return known;
        }
        synchronized (decoding) {
            known = settled;
            if (known == null) {
                known = decode(Objects.requireNonNull(outcome));
                settled = known;
            }
            return known;
        }
    }

    private Settled decode(Object result) {
        if (result instanceof PoolException error) {
            return new Settled(null, error);
        }
        Answer answer = (Answer) result;
        try {
            return new Settled(
                    codec.decode(answer.body(), resultType, answer.attached().views()), null);
        } catch (CodecException e) {
            return new Settled(null, new ResultNotDecodable(String.valueOf(e.getMessage()), e));
        } catch (RuntimeException | Error e) {
            return new Settled(null, new ResultNotDecodable("the result cannot be converted: " + e, e));
        } finally {
            answer.attached().release();
        }
    }

    /** Returns whether the outcome is there; callbacks may have yet to run. */
    @Override
    public boolean isDone() {
        return gate.get() == ARRIVED || super.isDone();
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
    public Optional<CallTimeline> timeline() {
        ActiveCall active = call;
        if (active != null) {
            return Optional.ofNullable(active.timeline());
        }
        return outcome instanceof PoolException refused ? refused.timeline() : Optional.empty();
    }

    @Override
    public boolean cancel() {
        ActiveCall active = call;
        if (active == null) {
            return false;
        }
        Execution how = active.cancel(execution -> new CallCancelled(
                execution,
                active.attempts(),
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
        boolean arrived = awaitArrival(Long.MAX_VALUE);
        assert arrived : "a wait without limit has no end but the outcome";
        return outcome();
    }

    @Override
    public T await(Duration atMost) throws InterruptedException, TimeoutException {
        long limit = nanos(atMost);
        if (!awaitArrival(limit)) {
            throw new TimeoutException("call " + id + " has not ended within " + atMost);
        }
        return outcome();
    }

    /**
     * Returns the outcome, which has arrived. The future's own {@code get} is of no use here: a thread that waits in it runs
     * the callbacks of others.
     */
    private T outcome() {
        Settled result = decoded();
        if (getNumberOfDependents() == 0) {
            finish(result);
        } else {
            callbacks.execute(() -> finish(result));
        }
        if (result.error() != null) {
            throw result.error();
        }
        return value(result);
    }

    /** Waits for the outcome; false when the time is up. The first thread that waits is woken by itself, the quickest way. */
    private boolean awaitArrival(long limit) throws InterruptedException {
        if (gate.get() == ARRIVED) {
            return true;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before waiting for call " + id);
        }
        long start = CLOCK.nanoTime();
        Thread self = Thread.currentThread();
        if (!gate.compareAndSet(null, self)) {
            return awaitWithOthers(start, limit);
        }
        while (gate.get() == self) {
            long left = limit == Long.MAX_VALUE ? limit : limit - (CLOCK.nanoTime() - start);
            if (left > 0) {
                LockSupport.parkNanos(this, left);
            }
            if ((left <= 0 || Thread.currentThread().isInterrupted()) && gate.compareAndSet(self, null)) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while waiting for call " + id);
                }
                return false;
            }
        }
        return true; // An interrupt that came after the outcome is for the caller's next wait.
    }

    private boolean awaitWithOthers(long start, long limit) throws InterruptedException {
        synchronized (gate) {
            others++;
            try {
                while (gate.get() != ARRIVED) {
                    long left = limit == Long.MAX_VALUE ? limit : limit - (CLOCK.nanoTime() - start);
                    if (left <= 0) {
                        return false;
                    }
                    TimeUnit.NANOSECONDS.timedWait(gate, left);
                }
                return true;
            } finally {
                others--;
            }
        }
    }

    /** Returns the time in nanoseconds; as many as there can be when it is longer than that. */
    private static long nanos(Duration time) {
        try {
            return Math.max(0, time.toNanos());
        } catch (ArithmeticException e) {
            return time.isNegative() ? 0 : Long.MAX_VALUE;
        }
    }
}
