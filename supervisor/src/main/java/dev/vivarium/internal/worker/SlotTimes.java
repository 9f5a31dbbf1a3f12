package dev.vivarium.internal.worker;

import dev.vivarium.PoolConfig;
import dev.vivarium.internal.core.SlotEvent.Timer;
import java.time.Duration;

/** How long the timers of a slot run. */
public final class SlotTimes {

    private SlotTimes() {}

    /** How long a worker may have to wait until it can be forked at all; its process has not been started then. */
    private static Duration templateLoad(PoolConfig config) {
        return config.template().isOn() ? config.timeouts().load() : Duration.ZERO;
    }

    /**
     * Returns how long a timer runs.
     *
     * @throws IllegalStateException for those whose time depends on what has happened
     */
    public static Duration of(Timer timer, PoolConfig config) {
        return switch (timer) {
            case CONNECT -> config.timeouts().connect().plus(templateLoad(config));
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
