package dev.vivarium.internal.recovery;

import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import java.time.Instant;

/** A clock that stands still until it is told to go on; it does not begin at 0, as no clock does. */
final class SetClock implements Clock {

    private long now = nanosOf(1_000_000);

    static long nanosOf(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    void passSeconds(long seconds) {
        now += nanosOf(seconds);
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public Instant now() {
        return Instant.EPOCH.plusNanos(now);
    }
}
