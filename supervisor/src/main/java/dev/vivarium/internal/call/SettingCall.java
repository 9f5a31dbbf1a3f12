package dev.vivarium.internal.call;

import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.Setting;

/** Makes the calls by which a worker is given the pool's settings. */
public final class SettingCall {

    private SettingCall() {}

    /**
     * Returns a call that is leased to a worker already. No queue holds it, and no breaker refuses it: without it the worker
     * does not serve. It is not repeated.
     */
    public static ActiveCall lease(PoolContext context, Setting setting, Target worker, ActiveCall.Sink sink) {
        long now = context.clock().nanoTime();
        context.stats().accept();
        ActiveCall call = new ActiveCall(
                context.nextOwnCallId(),
                setting.handler(),
                setting.body(),
                now + setting.timeout().toNanos(),
                setting.timeout(),
                false,
                0,
                context.recovery().admitOwn(setting.handler(), setting.body()),
                context.stats(),
                context.errors(),
                sink,
                context.calls(),
                null);
        call.target(worker);
        context.stats().opened(call);
        var unused = call.lease(now, context.worker(worker.slot()), worker.incarnation());
        return call;
    }
}
