package dev.vivarium.internal.pool;

import dev.vivarium.Alert;
import dev.vivarium.AlertPolicy;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolState;
import dev.vivarium.Safeguard;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.PoolStats;
import dev.vivarium.internal.core.AlertCore;
import dev.vivarium.internal.core.CallRates;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Watches a pool's numbers and raises alarms. Belongs to the reporter. */
final class Alarms {

    private static final Logger log = LoggerFactory.getLogger(Alarms.class);

    private final PoolContext context;
    private final AlertPolicy policy;
    private final AlertCore core;
    private final CallRates rates = new CallRates();

    Alarms(PoolContext context) {
        this.context = context;
        boolean wanted = context.config().operation().has(Safeguard.ALERTS);
        this.policy =
                wanted ? context.config().alerts() : context.config().alerts().enabled(false);
        this.core = new AlertCore(policy);
    }

    /** Looks at the numbers; once each step of the window. */
    void look() {
        PoolStats stats = context.stats();
        long refused = context.errors().refused();
        long cancelled = context.errors().cancelled();
        long failed = stats.failed() - cancelled + refused;
        rates.sample(stats.succeeded() + failed, failed);
        context.errors().window(rates.calls(), rates.failures());
        if (context.state() == PoolState.DISABLED) {
            return; // That every call is refused is what somebody wanted.
        }
        raise(core.look(
                rates.calls(),
                rates.failures(),
                context.recovery().openCircuits(),
                context.clock().nanoTime()));
    }

    private void raise(List<Alert> alerts) {
        for (Alert alert : alerts) {
            context.errors().raised(alert);
            if (policy.log()) {
                log.warn("pool '{}': {}", context.config().name(), alert.message());
            }
            context.events()
                    .publish(new PoolEvent.AlertRaised(alert, context.clock().now()));
        }
    }
}
