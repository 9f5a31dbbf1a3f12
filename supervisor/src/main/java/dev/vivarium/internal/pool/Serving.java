package dev.vivarium.internal.pool;

import dev.vivarium.PoolMode;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolState;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Ready;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Whether a pool serves, and whether its first start has shown that it cannot. Used by the pool's actor only. */
final class Serving {

    private final PoolContext context;
    private final Consumer<PoolStartFailed> unable;
    private final Set<Integer> ready = new HashSet<>();
    private boolean firstStartJudged;

    /**
     * Creates it.
     *
     * @param unable is told when a pool of mode AUTO finds that it cannot be one
     */
    Serving(PoolContext context, Consumer<PoolStartFailed> unable) {
        this.context = context;
        this.unable = unable;
    }

    /** Returns how many workers are started to find out. */
    int first() {
        int least = context.mode() == PoolMode.AUTO ? 1 : 0;
        return Math.max(least, context.config().sizing().minReady());
    }

    void slotReady(int slot, Ready message) {
        ready.add(slot);
        context.handlers(message.handlers());
        context.sessionHooks(message.sessionHooks());
        context.trouble(null);
        judge();
    }

    void slotGone(int slot) {
        ready.remove(slot);
    }

    /** Begins to serve if enough workers are ready. */
    void judge() {
        if (ready.size() >= Math.min(first(), context.wanted())) {
            begin();
        }
    }

    void begin() {
        if (context.state() == PoolState.STARTING) {
            if (context.mode() == PoolMode.AUTO) {
                context.chooseMode(PoolMode.POOL, "workers can be started here");
            }
            context.changeState(PoolState.SERVING);
            firstStartJudged = true;
            context.callbacks().execute(() -> context.serving().complete(context.snapshot()));
        }
    }

    void slotFailed(WorkerExit exit, @Nullable ErrorBody error) {
        String text = StartTrouble.describe(exit, error);
        context.trouble("workers cannot be started at present: " + exit.detail());
        failed(new PoolStartFailed(
                error != null ? PoolStartFailed.Reason.HANDLERS_NOT_LOADED : PoolStartFailed.Reason.WORKERS_NOT_READY,
                text,
                null));
    }

    void guardianFailed(PoolStartFailed why) {
        context.trouble(why.getMessage());
        failed(why);
    }

    private void failed(PoolStartFailed why) {
        // Decided here and only once: two tasks on the callback executor could overtake each other.
        if (context.state() == PoolState.STARTING && ready.isEmpty() && !firstStartJudged) {
            firstStartJudged = true;
            context.callbacks().execute(() -> context.serving().completeExceptionally(why));
        }
        boolean decides = why.reason() != PoolStartFailed.Reason.WORKERS_NOT_READY;
        if (context.mode() == PoolMode.AUTO && context.state() == PoolState.STARTING && decides) {
            context.chooseMode(PoolMode.DISABLED, String.valueOf(why.getMessage()));
            unable.accept(why);
        }
    }
}
