package dev.vivarium.internal.call;

import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolDisabled;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.SharedMemoryExhausted;
import dev.vivarium.internal.attachment.CallAttachments;
import dev.vivarium.internal.context.CallerDeadline;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.CircuitBreaker;
import dev.vivarium.internal.recovery.Admission;
import dev.vivarium.protocol.Attachment;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.RawJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The door of a pool: stamps the deadline, encodes on the caller's thread, and takes a place in the queue or refuses. */
public final class CallIntake {

    private CallIntake() {}

    /** Admits a call that is made now. See {@link #admit(PoolContext, PythonCall, long, long, ActiveCall.Sink, Consumer)}. */
    public static @Nullable ActiveCall admit(
            PoolContext context, PythonCall<?> call, long id, ActiveCall.Sink sink, Consumer<PoolException> refusal) {
        return admit(context, call, id, context.clock().nanoTime(), sink, refusal);
    }

    /**
     * Admits a call.
     *
     * @param arrived when the call was made, by the pool's monotonic clock
     * @param refusal gets the error when the call is not admitted
     * @return the accepted call, or null when it was refused
     */
    public static @Nullable ActiveCall admit(
            PoolContext context,
            PythonCall<?> call,
            long id,
            long arrived,
            ActiveCall.Sink sink,
            Consumer<PoolException> refusal) {
        Duration timeout = CallerDeadline.within(
                call.timeoutLimit().orElse(context.config().calls().timeout()));
        long deadline = arrived + timeout.toNanos();
        TimelineLog times = call.isTimed() ? new TimelineLog(context.clock(), arrived) : null;
        Consumer<PoolException> refused = error -> {
            if (times != null) {
                error.initTimeline(times.end());
            }
            context.calls().refused(id, call.handler(), error);
            refusal.accept(error);
        };
        Encoded encoded = encoded(context, call, refused);
        if (encoded == null) {
            return null;
        }
        Admission admission;
        try {
            admission = context.recovery().admit(call.handler(), encoded.identity());
        } catch (PoolException e) {
            encoded.attachments().release();
            refuse(context, call, refused, e);
            return null;
        }
        int queueCapacity = context.config().sizing().queueCapacity();
        if (!context.stats().tryAccept(queueCapacity)) {
            admission.ended(CircuitBreaker.Outcome.UNTOLD);
            encoded.attachments().release();
            refuse(context, call, refused, new PoolSaturated(queueCapacity, context.snapshot()));
            return null;
        }
        int maxRetries = call.retryLimit().orElse(context.config().calls().maxRetries());
        ActiveCall accepted = new ActiveCall(
                id,
                call.handler(),
                encoded.body(),
                deadline,
                timeout,
                call.isRetrySafe(),
                maxRetries,
                admission,
                context.stats(),
                context.errors(),
                sink,
                context.calls(),
                times);
        accepted.carry(encoded.attachments());
        context.stats().opened(accepted);
        // The pool may have closed while the arguments were encoded. From here on its end finds the call by itself.
        if (isClosed(context)) {
            accepted.fail(closed(context));
            return null;
        }
        return accepted;
    }

    private static void refuse(
            PoolContext context, PythonCall<?> call, Consumer<PoolException> refusal, PoolException error) {
        context.errors().refused(call.handler(), error);
        refusal.accept(error);
    }

    /**
     * The arguments of a call, encoded.
     *
     * @param attachments what the call carries beside the body; held by whoever has them
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Encoded(byte[] body, CallAttachments attachments) {
        /** Returns what tells the call from others. */
        byte[] identity() {
            return attachments.identity(body);
        }
    }

    /** Encodes a call that the pool may accept; null when it was refused. */
    static @Nullable Encoded encoded(PoolContext context, PythonCall<?> call, Consumer<PoolException> refused) {
        if (isClosed(context)) {
            refuse(context, call, refused, closed(context));
            return null;
        }
        PoolDisabled disabled = context.disabled();
        if (disabled != null) {
            refuse(context, call, refused, disabled);
            return null;
        }
        byte[] body;
        List<Attachment> attached = new ArrayList<>(0);
        try {
            body = encode(context, call, attached);
        } catch (CodecException | RuntimeException | Error e) {
            // Whatever the arguments' classes do when they are looked at: their caller is owed an outcome.
            refuse(
                    context,
                    call,
                    refused,
                    new ArgumentsNotEncodable(e.getMessage() == null ? e.toString() : e.getMessage(), e));
            return null;
        }
        int limit = context.config().calls().limits().maxBodyBytes();
        if (body.length > limit) {
            refuse(
                    context,
                    call,
                    refused,
                    new ArgumentsNotEncodable(
                            "the arguments of '" + call.handler() + "' take " + body.length + " bytes; maxBodyBytes is "
                                    + limit,
                            null));
            return null;
        }
        try {
            return new Encoded(
                    body,
                    CallAttachments.of(
                            call.handler(), attached, context.config().attachments(), context.sharedMemory()));
        } catch (ArgumentsNotEncodable | SharedMemoryExhausted e) {
            refuse(context, call, refused, e);
        } catch (RuntimeException | Error e) {
            refuse(context, call, refused, new ArgumentsNotEncodable("the attachments cannot be read: " + e, e));
        }
        return null;
    }

    static boolean isClosed(PoolContext context) {
        return context.state() == PoolState.DRAINING || context.state() == PoolState.CLOSED;
    }

    static PoolClosed closed(PoolContext context) {
        return new PoolClosed(
                Execution.NOT_STARTED,
                List.of(),
                "pool '" + context.config().name() + "' is closed and accepts no calls");
    }

    private static byte[] encode(PoolContext context, PythonCall<?> call, List<Attachment> attached)
            throws CodecException {
        RawJson raw = call.rawKeywords().orElse(null);
        return raw == null
                ? context.codec().encodeCall(call.handler(), call.positional(), call.keywords(), attached)
                : context.codec().encodeCall(call.handler(), call.positional(), raw, attached);
    }
}
