package dev.vivarium.internal.callback;

import dev.vivarium.CallbackOutcome;
import dev.vivarium.PoolEvent;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.TimelineLog;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.CallbackErrorBody;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Tells of callbacks: in the timelines of calls that are timed, and as events where those are wanted. */
final class CallbackNews {

    private CallbackNews() {}

    /**
     * Something happened to a callback.
     *
     * @param outcome null as long as it has not ended
     * @param error why it failed, where the handler was told
     */
    static void of(
            PoolContext context,
            Callback callback,
            @Nullable CallbackOutcome outcome,
            @Nullable CallbackErrorBody error) {
        TimelineLog times = callback.call().times();
        if (times != null) {
            times.callback(
                    callback.number(),
                    callback.function(),
                    callback.worker(),
                    callback.incarnation(),
                    callback.asked(),
                    callback.isBegun() ? callback.begunAt() : null,
                    outcome);
        }
        if (outcome != null && isWanted(context)) {
            context.events()
                    .publish(new PoolEvent.CallbackEnded(
                            callback.callId(),
                            callback.handler(),
                            callback.function(),
                            callback.worker(),
                            callback.incarnation(),
                            Duration.ofNanos(Math.max(0, context.clock().nanoTime() - callback.asked())),
                            outcome,
                            error == null ? "" : describe(error),
                            context.clock().now()));
        }
    }

    /** A callback was refused. */
    static void refused(
            PoolContext context,
            int slot,
            int incarnation,
            ActiveCall call,
            long number,
            String function,
            CallbackErrorBody refusal) {
        TimelineLog times = call.times();
        if (times != null) {
            times.callback(
                    number,
                    function,
                    context.worker(slot),
                    incarnation,
                    context.clock().nanoTime(),
                    null,
                    CallbackOutcome.REFUSED);
        }
        if (isWanted(context)) {
            context.events()
                    .publish(new PoolEvent.CallbackEnded(
                            call.id(),
                            call.handler(),
                            function,
                            context.worker(slot),
                            incarnation,
                            Duration.ZERO,
                            CallbackOutcome.REFUSED,
                            describe(refusal),
                            context.clock().now()));
        }
    }

    private static boolean isWanted(PoolContext context) {
        return context.functions().isPublished() && context.events().isHeard();
    }

    /** The class of what a function threw, and not its message, which may be a secret; of other errors all there is. */
    private static String describe(CallbackErrorBody error) {
        return error.type().isEmpty() ? error.message() : error.type();
    }
}
