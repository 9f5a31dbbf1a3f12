package dev.vivarium.internal.call;

import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.CallAttempt;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.internal.context.OpenCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.Setting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A setting that is to be made, until its caller has been told what has become of it. Thread-safe. */
public final class SettingOrder implements OpenCall {

    private final PoolContext context;
    private final String name;
    private final String handler;
    private final byte[] body;
    private final Duration timeout;
    private final long deadline;
    private final PendingRepliesImpl<?> replies;
    private final AtomicBoolean over = new AtomicBoolean();

    private SettingOrder(
            PoolContext context,
            String name,
            PythonCall<?> call,
            byte[] body,
            Duration timeout,
            long deadline,
            PendingRepliesImpl<?> replies) {
        this.context = context;
        this.name = name;
        this.handler = call.handler();
        this.body = body;
        this.timeout = timeout;
        this.deadline = deadline;
        this.replies = replies;
    }

    /**
     * Admits an order that is made now.
     *
     * @return null when it was refused, which {@code replies} have been told
     */
    public static @Nullable SettingOrder admit(
            PoolContext context, String name, PythonCall<?> call, PendingRepliesImpl<?> replies) {
        Duration timeout = call.timeoutLimit().orElse(context.config().calls().timeout());
        long deadline = context.clock().nanoTime() + timeout.toNanos();
        CallIntake.Encoded encoded = CallIntake.encoded(context, call, replies::refuse);
        if (encoded == null) {
            return null;
        }
        if (!encoded.attachments().isEmpty()) {
            encoded.attachments().release();
            replies.refuse(new ArgumentsNotEncodable(
                    "setting '" + name + "' holds bytes or arrays, which cannot be kept for workers to come", null));
            return null;
        }
        SettingOrder order = new SettingOrder(context, name, call, encoded.body(), timeout, deadline, replies);
        context.stats().watch(order);
        // The pool may have closed while the arguments were encoded. From here on its end finds the order by itself.
        if (CallIntake.isClosed(context)) {
            order.fail(CallIntake.closed(context));
            return null;
        }
        return order;
    }

    /** Returns the setting's name. */
    public String name() {
        return name;
    }

    /** Returns how many bytes it takes. */
    public int bytes() {
        return body.length;
    }

    /** Returns until when its caller waits, on the pool's monotonic clock. */
    public long deadline() {
        return deadline;
    }

    /** Returns the time limit that the deadline came from. */
    public Duration timeout() {
        return timeout;
    }

    /** Returns the setting that it makes. */
    public Setting setting(long revision) {
        return new Setting(name, revision, handler, body, timeout);
    }

    /** Returns where what workers made of it is gathered. */
    public PendingRepliesImpl<?> replies() {
        return replies;
    }

    /** Returns whether its caller has been told. */
    public boolean isOver() {
        return over.get();
    }

    /** Tells its caller what workers have made of it. */
    public void end() {
        if (over.compareAndSet(false, true)) {
            context.stats().unwatch(this);
            replies.end();
        }
    }

    @Override
    public boolean fail(PoolException error) {
        if (!over.compareAndSet(false, true)) {
            return false;
        }
        context.stats().unwatch(this);
        replies.refuse(error);
        return true;
    }

    @Override
    public boolean abandon(PoolException error) {
        return fail(error);
    }

    @Override
    public boolean mayHaveStarted() {
        return true;
    }

    @Override
    public List<CallAttempt> attempts() {
        return List.of();
    }

    /** Names it and its handler, never the arguments. */
    @Override
    public String toString() {
        return "setting '" + name + "' (handler '" + handler + "')";
    }
}
