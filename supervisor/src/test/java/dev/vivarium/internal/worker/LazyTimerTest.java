package dev.vivarium.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LazyTimerTest {

    private static final SlotNote.DeadlinePassed FIRST = new SlotNote.DeadlinePassed(1, 1);
    private static final SlotNote.DeadlinePassed SECOND = new SlotNote.DeadlinePassed(1, 2);

    private long now = Long.MAX_VALUE - 1000; // Its clock may run over.
    private final List<Long> scheduled = new ArrayList<>();
    private final LazyTimer timer = new LazyTimer(
            (look, in) -> scheduled.add(in.toNanos()),
            new Clock() {
                @Override
                public long nanoTime() {
                    return now;
                }

                @Override
                public Instant now() {
                    return Instant.EPOCH;
                }
            },
            "test");

    private WorkerSlot.Command firedAfter(long nanos) {
        now += nanos;
        return timer.fired();
    }

    @Test
    void isFiredWhenItsTimeIsOver() {
        timer.start(FIRST, Duration.ofNanos(500));

        assertThat(scheduled).containsExactly(500L);
        assertThat(firedAfter(500)).isEqualTo(FIRST);
    }

    @Test
    void isNotFiredWhenItWasStopped() {
        timer.start(FIRST, Duration.ofNanos(500));
        timer.stop();

        assertThat(firedAfter(500)).isNull();
        assertThat(scheduled).hasSize(1);
    }

    @Test
    void isSetOnceForWhatIsStoppedAndStartedManyTimes() {
        for (int i = 0; i < 10; i++) {
            timer.start(FIRST, Duration.ofNanos(500));
            timer.stop();
            now += 10;
        }
        timer.start(SECOND, Duration.ofNanos(500));

        assertThat(scheduled).containsExactly(500L);
        assertThat(firedAfter(400)).isNull();
        assertThat(scheduled).containsExactly(500L, 100L);
        assertThat(firedAfter(100)).isEqualTo(SECOND);
    }

    @Test
    void isSetAnewForWhatIsDueEarlier() {
        timer.start(FIRST, Duration.ofNanos(500));
        timer.start(SECOND, Duration.ofNanos(50));

        assertThat(scheduled).containsExactly(500L, 50L);
        assertThat(firedAfter(50)).isEqualTo(SECOND);
    }

    @Test
    void isFiredOnce() {
        timer.start(FIRST, Duration.ofNanos(500));

        assertThat(firedAfter(500)).isEqualTo(FIRST);
        assertThat(firedAfter(0)).isNull();
    }

    @Test
    void mayBeStartedAgainAfterItWasFired() {
        timer.start(FIRST, Duration.ofNanos(500));
        var unused = firedAfter(500);
        timer.start(SECOND, Duration.ofNanos(700));

        assertThat(scheduled).containsExactly(500L, 700L);
        assertThat(firedAfter(900)).isEqualTo(SECOND);
    }

    @Test
    void isDueAtOnceWhenNothingIsLeft() {
        timer.start(FIRST, Duration.ofNanos(-5));

        assertThat(scheduled).containsExactly(0L);
        assertThat(firedAfter(0)).isEqualTo(FIRST);
    }

    @Test
    void isDueAtOnceWhenItsMomentHasPassedBeforeItWasStarted() {
        timer.startUntil(FIRST, now - 7);

        assertThat(scheduled).containsExactly(0L);
        assertThat(firedAfter(0)).isEqualTo(FIRST);
    }
}
