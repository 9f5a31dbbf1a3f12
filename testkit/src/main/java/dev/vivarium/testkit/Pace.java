package dev.vivarium.testkit;

import java.time.Duration;

/**
 * How fast virtual time passes while something is waited for: 100 ms at a look; longer and longer, up to a minute, once a
 * second of the machine's time has brought no event, so that far timers are reached.
 *
 * <p>That is for fake workers. Processes, and threads that speak over sockets, need real time for what they do, and virtual
 * time that runs would have their connecting, loading and health checks expire: with them no more of it passes than of the
 * machine's, and 100 ms at a look however long that took.
 */
final class Pace {

    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofMinutes(1);

    private static final Duration LOOK = Duration.ofMillis(5);

    /** After a long step what it leads to has more time to show itself. */
    private static final Duration LONG_LOOK = Duration.ofMillis(25);

    private static final long QUIET_NANOS = Duration.ofSeconds(1).toNanos();

    private final boolean grows;
    private Duration step = SHORT;
    private int events = -1;
    private long since;
    private long looked;

    Pace(Layer layer) {
        grows = layer == Layer.FAKE;
    }

    /**
     * Returns by how much to move time on now.
     *
     * @param told how many events there have been
     * @param now the machine's time, in nanoseconds
     */
    Duration step(int told, long now) {
        boolean first = events < 0;
        Duration passed = Duration.ofNanos(now - looked);
        looked = now;
        if (!grows && !first) {
            return passed.compareTo(SHORT) < 0 ? passed : SHORT;
        }
        if (told != events) {
            events = told;
            since = now;
            step = SHORT;
        } else if (now - since > QUIET_NANOS) {
            Duration twice = step.multipliedBy(2);
            step = twice.compareTo(LONG) < 0 ? twice : LONG;
        }
        return step;
    }

    /** Returns how long to wait for an event after that. */
    Duration look() {
        return step.equals(SHORT) ? LOOK : LONG_LOOK;
    }
}
