package dev.vivarium.internal.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How many lines a second pass. */
class LineRateTest {

    private static final long SECOND = 1_000_000_000L;

    private final List<Long> dropped = new ArrayList<>();
    private final AtomicLong now = new AtomicLong();
    private final LineRate rate = new LineRate(2, now::get, dropped::add);

    private List<Boolean> offer(int lines) {
        return IntStream.range(0, lines).mapToObj(i -> rate.passes()).toList();
    }

    @Test
    void isOverWhenTheLimitIsReachedAndTheNextSecondHasRoomAgain() {
        assertThat(offer(3)).containsExactly(true, true, false);
        now.addAndGet(SECOND - 1);
        assertThat(offer(1)).containsExactly(false);

        now.addAndGet(1);
        assertThat(offer(3)).containsExactly(true, true, false);
    }

    @Test
    void tellsWhatWasDroppedWithTheFirstLineOfALaterSecond() {
        offer(5);
        assertThat(dropped).isEmpty();

        now.addAndGet(3 * SECOND);
        offer(1);

        assertThat(dropped).containsExactly(3L);
    }

    @Test
    void tellsTheRestAtTheEndOnce() {
        offer(3);

        rate.tellDropped();
        rate.tellDropped();

        assertThat(dropped).containsExactly(1L);
    }
}
