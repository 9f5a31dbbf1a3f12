package dev.vivarium.internal.worker;

import dev.vivarium.PoolConfig;
import dev.vivarium.internal.core.SlotEvent.Timer;
import java.time.Duration;

/** How long the timers of a slot run. */
final class SlotTimes {

    private SlotTimes() {}

    static Duration of(Timer timer, PoolConfig config) {
        return switch (timer) {
            case CONNECT -> config.timeouts().connect();
            case LOAD -> config.timeouts().load();
            case FENCE -> config.timeouts().cancelGrace();
            case STACKS -> config.timeouts().stackDump();
            case TERMINATE -> config.timeouts().terminateGrace();
            case EXIT -> config.timeouts().drainGrace();
            case HEALTH -> config.health().interval();
            case PONG -> config.health().timeout();
            case PROBE -> config.probes().interval();
            case BACKOFF, EJECTION -> throw new IllegalStateException("the timer " + timer + " has no fixed duration");
        };
    }
}
