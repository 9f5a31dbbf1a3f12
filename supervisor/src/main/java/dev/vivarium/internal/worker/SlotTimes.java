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
            case BACKOFF -> throw new IllegalStateException("the backoff timer has no fixed duration");
        };
    }
}
