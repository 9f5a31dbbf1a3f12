package dev.vivarium.internal.call;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolException;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerReplies;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.protocol.Codec;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The caller's view of a call that goes to many workers: gathers what comes from each, and is completed on the callback executor.
 *
 * @param <T> the type of each worker's result
 */
public final class PendingRepliesImpl<T> extends CompletableFuture<WorkerReplies<T>> implements PendingReplies<T> {

    private sealed interface Reply {
        @SuppressWarnings("ArrayRecordComponent") // Never compared.
        record Body(ActiveCall call, byte[] body, ReplyAttachments attached) implements Reply {}

        record Trouble(long callId, int attempts, PoolException error) implements Reply {}
    }

    private final Type resultType;
    private final Codec codec;
    private final Executor callbacks;
    private final Map<WorkerId, Reply> replies = new ConcurrentHashMap<>();
    private final AtomicBoolean over = new AtomicBoolean();
    // Nothing depends on this one: a thread that waits in a future runs the callbacks of others.
    private final CompletableFuture<WorkerReplies<T>> settled = new CompletableFuture<>();
    private volatile Runnable cancellation = () -> {};

    /**
     * Creates the view.
     *
     * @param callbacks where callbacks run
     */
    public PendingRepliesImpl(Type resultType, Codec codec, Executor callbacks) {
        this.resultType = resultType;
        this.codec = codec;
        this.callbacks = callbacks;
    }

    /** Sets what cancels it. */
    public void whenCancelled(Runnable cancel) {
        cancellation = cancel;
    }

    /** A worker has answered. What comes first from a worker counts. */
    public void answered(WorkerId worker, ActiveCall call, byte[] body) {
        ReplyAttachments attached = call.takeReceived();
        if (replies.putIfAbsent(worker, new Reply.Body(call, body, attached)) != null) {
            attached.release();
        }
    }

    /** A worker has not answered. */
    public void failed(WorkerId worker, long callId, int attempts, PoolException error) {
        replies.putIfAbsent(worker, new Reply.Trouble(callId, attempts, error));
    }

    /** Nothing more comes: ends it with what there is. */
    public void end() {
        if (over.compareAndSet(false, true)) {
            callbacks.execute(() -> {
                WorkerReplies<T> all = decoded();
                settled.complete(all);
                complete(all);
            });
        }
    }

    /** Ends it with an error. */
    public void refuse(PoolException error) {
        if (over.compareAndSet(false, true)) {
            callbacks.execute(() -> {
                settled.completeExceptionally(error);
                completeExceptionally(error);
            });
        }
    }

    private WorkerReplies<T> decoded() {
        Map<WorkerId, CallOutcome<T>> outcomes = new HashMap<>();
        replies.forEach((worker, reply) -> outcomes.put(worker, outcome(reply)));
        return new WorkerReplies<>(outcomes);
    }

    private CallOutcome<T> outcome(Reply reply) {
        if (reply instanceof Reply.Body answer) {
            return ReplySink.outcome(answer.call(), answer.body(), answer.attached(), resultType, codec);
        }
        Reply.Trouble trouble = (Reply.Trouble) reply;
        return new CallOutcome.Failed<>(trouble.callId(), trouble.error(), trouble.attempts());
    }

    @Override
    public void cancel() {
        cancellation.run();
    }

    /** Cancels the calls; whether a thread may be interrupted does not matter, because none is. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean open = !over.get();
        cancel();
        return open;
    }

    /** Returns whether it has ended; callbacks may have yet to run. */
    @Override
    public boolean isDone() {
        return settled.isDone() || super.isDone();
    }

    @Override
    public WorkerReplies<T> await() throws InterruptedException {
        try {
            return settled.get();
        } catch (ExecutionException e) {
            throw error(e);
        }
    }

    @Override
    public WorkerReplies<T> await(Duration atMost) throws InterruptedException, TimeoutException {
        try {
            return settled.get(nanos(atMost), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw error(e);
        }
    }

    private static RuntimeException error(ExecutionException e) {
        @Nullable Throwable cause = e.getCause();
        return cause instanceof PoolException error ? error : new IllegalStateException(cause);
    }

    private static long nanos(Duration time) {
        try {
            return time.toNanos();
        } catch (ArithmeticException e) {
            return time.isNegative() ? 0 : Long.MAX_VALUE;
        }
    }
}
