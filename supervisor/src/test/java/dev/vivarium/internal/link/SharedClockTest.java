package dev.vivarium.internal.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.port.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** A worker is told deadlines on its own clock only where that is surely the pool's. */
class SharedClockTest {

    private long now = 1_000;

    private final SharedClock clock = new SharedClock(new Clock() {
        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }
    });

    private long after(long arrival, long ofWorker) {
        now = arrival;
        clock.read(ofWorker);
        return clock.ofWorker(5_000);
    }

    @Test
    void tellsDeadlinesWhereTheReadingLiesBetweenItsOwn() {
        assertThat(after(1_200, 1_100)).isEqualTo(5_000);
        assertThat(after(1_200, 1_200)).isEqualTo(5_000);
    }

    @Test
    void tellsNoneWhereTheReadingLiesElsewhereOrThereIsNone() {
        assertThat(clock.ofWorker(5_000)).isZero();
        assertThat(after(1_200, 999)).isZero();
        assertThat(after(1_200, 1_201)).isZero();
        assertThat(after(1_200, 0)).isZero();
    }

    @Test
    void tellsNoDeadlineThatAnUnsignedWordCannotHold() {
        after(1_200, 1_100);

        assertThat(clock.ofWorker(-1)).isZero();
    }
}
