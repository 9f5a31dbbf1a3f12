package dev.vivarium.internal.pool;

import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolState;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Ready;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a pool serves, and whether its first start has shown that it cannot. Used by the pool's actor only. */
final class Serving {

    private final PoolContext context;
    private final Set<Integer> ready = new HashSet<>();
    private boolean firstStartJudged;

    Serving(PoolContext context) {
        this.context = context;
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
        if (ready.size() >= Math.min(context.config().sizing().minReady(), context.wanted())) {
            begin();
        }
    }

    void begin() {
        if (context.state() == PoolState.STARTING) {
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
    }
}
