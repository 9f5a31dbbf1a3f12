package dev.vivarium.internal.call;

import dev.vivarium.CallOutcome;
import dev.vivarium.PoolException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.protocol.Codec;
import dev.vivarium.protocol.CodecException;
import java.lang.reflect.Type;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Sends a call's outcome to an actor. Decoding happens on the callback executor, not on the thread that reads the worker.
 *
 * @param <T> the result's type
 */
public final class ReplySink<T> implements ActiveCall.Sink {

    private final Type resultType;
    private final Codec codec;
    private final Executor callbacks;
    private final ActorRef<CallOutcome<T>> replyTo;

    /** Creates the sink. */
    public ReplySink(Type resultType, Codec codec, Executor callbacks, ActorRef<CallOutcome<T>> replyTo) {
        this.resultType = resultType;
        this.codec = codec;
        this.callbacks = callbacks;
        this.replyTo = replyTo;
    }

    /** Tells the actor about a call that was never accepted. */
    public void refuse(long callId, PoolException error) {
        replyTo.tell(new CallOutcome.Failed<>(callId, error, 0));
    }

    @Override
    public void succeeded(ActiveCall call, byte[] body) {
        ReplyAttachments attached = call.takeReceived();
        callbacks.execute(() -> replyTo.tell(outcome(call, body, attached, resultType, codec)));
    }

    /** Returns the outcome of a call that was answered, and lets go of what the answer carries. */
    static <T> CallOutcome<T> outcome(
            ActiveCall call, byte[] body, ReplyAttachments attached, Type resultType, Codec codec) {
        try {
            @SuppressWarnings("unchecked") // The codec converts to the type that T stands for.
            @Nullable
            T value = (T) codec.decode(body, resultType, attached.views());
            return new CallOutcome.Succeeded<>(call.id(), value, call.sent(), call.timeline());
        } catch (CodecException e) {
            return new CallOutcome.Failed<>(
                    call.id(), new ResultNotDecodable(String.valueOf(e.getMessage()), e), call.sent());
        } catch (RuntimeException | Error e) {
            // Whatever a result's type does when it is made: its caller is owed an outcome.
            return new CallOutcome.Failed<>(
                    call.id(), new ResultNotDecodable("the result cannot be converted: " + e, e), call.sent());
        } finally {
            attached.release();
        }
    }

    @Override
    public void failed(ActiveCall call, PoolException error) {
        replyTo.tell(new CallOutcome.Failed<>(call.id(), error, call.sent()));
    }
}
