package dev.vivarium.internal.recovery;

import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import java.time.Instant;

/** A clock that stands still until it is told to go on; it does not begin at 0, as no clock does. */
final class SetClock implements Clock {

    private long nanos = seconds(1_000_000);

    static long seconds(long count) {
        return Duration.ofSeconds(count).toNanos();
    }

    void passSeconds(long count) {
        nanos += seconds(count);
    }

    @Override
    public long nanoTime() {
        return nanos;
    }

    @Override
    public Instant now() {
        return Instant.EPOCH.plusNanos(nanos);
    }
}
