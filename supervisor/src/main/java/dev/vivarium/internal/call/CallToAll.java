package dev.vivarium.internal.call;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallCancelled;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.context.OpenCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.CircuitBreaker;
import dev.vivarium.internal.recovery.Admission;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A call that goes to every worker that is up. The router makes its parts, each of which is a call like any other, but for one
 * worker only; until it has, this can be ended as a whole. Thread-safe.
 */
public final class CallToAll implements OpenCall {

    private final PoolContext context;
    private final String handler;
    private final CallIntake.Encoded encoded;
    private final Duration timeout;
    private final long deadline;
    private final PendingRepliesImpl<?> replies;
    private final AtomicBoolean taken = new AtomicBoolean();
    private final AtomicInteger left = new AtomicInteger();
    private final Map<Long, ActiveCall> parts = new ConcurrentHashMap<>();
    private volatile boolean cancelled;

    private CallToAll(
            PoolContext context,
            PythonCall<?> call,
            CallIntake.Encoded encoded,
            Duration timeout,
            long deadline,
            PendingRepliesImpl<?> replies) {
        this.context = context;
        this.handler = call.handler();
        this.encoded = encoded;
        this.timeout = timeout;
        this.deadline = deadline;
        this.replies = replies;
    }

    /**
     * Admits a call that is made now.
     *
     * @return null when it was refused, which {@code replies} have been told
     */
    public static @Nullable CallToAll admit(
            PoolContext context, PythonCall<?> call, PendingRepliesImpl<?> replies, LongConsumer forget) {
        Duration timeout = call.timeoutLimit().orElse(context.config().calls().timeout());
        long deadline = context.clock().nanoTime() + timeout.toNanos();
        CallIntake.Encoded encoded = CallIntake.encoded(context, call, replies::refuse);
        if (encoded == null) {
            return null;
        }
        CallToAll all = new CallToAll(context, call, encoded, timeout, deadline, replies);
        replies.whenCancelled(() -> all.cancel(forget));
        context.stats().watch(all);
        // The pool may have closed while the arguments were encoded. From here on its end finds the call by itself.
        if (CallIntake.isClosed(context)) {
            all.fail(CallIntake.closed(context));
            return null;
        }
        return all;
    }

    /** Takes it to be made into parts; false when it has ended. */
    public boolean take(int count) {
        if (!taken.compareAndSet(false, true)) {
            return false;
        }
        context.stats().unwatch(this);
        left.set(count);
        if (count == 0) {
            end();
        }
        return true;
    }

    /** Makes the part for one worker; null when it was refused, or has been cancelled. */
    public @Nullable ActiveCall part(WorkerId worker, int incarnation) {
        long id = context.nextCallId();
        Admission admission;
        try {
            admission = context.recovery().admit(handler, encoded.identity());
        } catch (PoolException e) {
            refuse(worker, id, e);
            return null;
        }
        int capacity = context.config().sizing().queueCapacity();
        if (!context.stats().tryAccept(capacity)) {
            admission.ended(CircuitBreaker.Outcome.UNTOLD);
            refuse(worker, id, new PoolSaturated(capacity, context.snapshot()));
            return null;
        }
        ActiveCall part = new ActiveCall(
                id,
                handler,
                encoded.body(),
                deadline,
                timeout,
                false,
                0,
                admission,
                context.stats(),
                context.errors(),
                new Sink(worker),
                context.calls(),
                null);
        if (encoded.attachments().retain()) { // Always, because this holds them until its last part has ended.
            part.carry(encoded.attachments());
        }
        part.target(new Target(worker.slot(), incarnation));
        context.stats().opened(part);
        parts.put(id, part);
        if (cancelled) {
            cancel(part);
            return null;
        }
        return part;
    }

    private void refuse(WorkerId worker, long id, PoolException error) {
        context.errors().refused(handler, error);
        context.calls().refused(id, handler, error);
        replies.failed(worker, id, 0, error);
        partEnded(id);
    }

    private void partEnded(long id) {
        parts.remove(id);
        if (left.decrementAndGet() == 0) {
            end();
        }
    }

    private void end() {
        encoded.attachments().release();
        replies.end();
    }

    private final class Sink implements ActiveCall.Sink {
        private final WorkerId worker;

        Sink(WorkerId worker) {
            this.worker = worker;
        }

        @Override
        public void succeeded(ActiveCall call, byte[] result) {
            replies.answered(worker, call, result);
            partEnded(call.id());
        }

        @Override
        public void failed(ActiveCall call, PoolException error) {
            replies.failed(worker, call.id(), call.sent(), error);
            partEnded(call.id());
        }
    }

    private void cancel(LongConsumer forget) {
        // Before looking at the parts: one that is being made now is cancelled by whoever makes it.
        cancelled = true;
        for (ActiveCall part : List.copyOf(parts.values())) {
            cancel(part);
            forget.accept(part.id());
        }
    }

    private static void cancel(ActiveCall part) {
        part.cancel(execution -> new CallCancelled(
                execution,
                part.attempts(),
                part + " was cancelled by its caller, with those of the other workers, "
                        + (execution == Execution.NOT_STARTED ? "before it was sent" : "after it was sent")));
    }

    @Override
    public boolean fail(PoolException error) {
        if (!taken.compareAndSet(false, true)) {
            return false;
        }
        context.stats().unwatch(this);
        context.errors().failed(handler, error);
        encoded.attachments().release();
        replies.refuse(error);
        return true;
    }

    @Override
    public boolean abandon(PoolException error) {
        return fail(error);
    }

    @Override
    public boolean mayHaveStarted() {
        return false;
    }

    @Override
    public List<CallAttempt> attempts() {
        return List.of();
    }

    /** Names the handler, never the arguments. */
    @Override
    public String toString() {
        return "a call of '" + handler + "' in all workers";
    }
}
