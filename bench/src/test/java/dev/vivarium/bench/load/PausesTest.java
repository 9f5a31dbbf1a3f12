package dev.vivarium.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PausesTest {

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private final Pauses pauses = new Pauses(Duration.ofMillis(2), Duration.ofMillis(10));

    @Test
    void areWhatIsMissingBetweenTwoBeats() {
        pauses.begin(nanos(1000));
        pauses.beat(nanos(1002));
        pauses.beat(nanos(1044));
        pauses.beat(nanos(1046));

        assertThat(pauses.kept()).containsExactly(new Pauses.Pause(nanos(2), nanos(40)));
        assertThat(pauses.longestNanos()).isEqualTo(nanos(40));
    }

    @Test
    void areNotWhatAnyMachineTakesToWakeAThread() {
        pauses.begin(0);
        pauses.beat(nanos(12));

        assertThat(pauses.count()).isZero();
    }

    @Test
    void areCountedBeyondThoseThatAreKept() {
        pauses.begin(0);
        for (int i = 1; i <= Pauses.MAX_KEPT + 5; i++) {
            pauses.beat(nanos(i * 20L));
        }

        assertThat(pauses.kept()).hasSize(Pauses.MAX_KEPT);
        assertThat(pauses.count()).isEqualTo(Pauses.MAX_KEPT + 5L);
    }
}
