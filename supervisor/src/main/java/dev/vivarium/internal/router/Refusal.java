package dev.vivarium.internal.router;

import dev.vivarium.PoolClosed;
import dev.vivarium.PoolDisabled;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.recovery.Recovery;
import dev.vivarium.protocol.Execution;
import java.util.function.Consumer;

/** Ends calls that wait because no call is sent any more. */
record Refusal(PoolContext context) implements Consumer<ActiveCall> {

    @Override
    public void accept(ActiveCall call) {
        PoolDisabled disabled = context.disabled();
        if (disabled != null) {
            call.fail(disabled);
            return;
        }
        Execution execution = Recovery.ofAttempts(call.attempts());
        call.fail(new PoolClosed(
                execution,
                call.attempts(),
                "pool '" + context.config().name() + "' is closing; " + call
                        + (execution == Execution.NOT_STARTED ? " was not sent" : " was not sent again")));
    }
}
