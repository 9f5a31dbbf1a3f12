package dev.vivarium.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.RecyclePolicy;
import dev.vivarium.RecycleReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When a worker is due to be replaced, and what is said of it. */
class RecycleWatchTest {

    private static final long MIB = 1L << 20;
    private static final RecyclePolicy POLICY =
            RecyclePolicy.DEFAULT.maxCalls(1000).maxAge(Duration.ofHours(10)).maxMemory(1000 * MIB);

    @Test
    void limitsComeSoonerByJitter() {
        assertThat(RecycleWatch.draw(POLICY, 0)).isEqualTo(new RecycleWatch(1000, Duration.ofHours(10), 1000 * MIB));
        assertThat(RecycleWatch.draw(POLICY, 1)).isEqualTo(new RecycleWatch(900, Duration.ofHours(9), 900 * MIB));
    }

    @Test
    void isNeverDueWithoutLimits() {
        RecycleWatch watch = RecycleWatch.draw(RecyclePolicy.DEFAULT, 1);

        assertThat(watch.hasAge()).isFalse();
        assertThat(watch.due(Integer.MAX_VALUE, Long.MAX_VALUE - 1)).isNull();
    }

    @Test
    void isDueByCallsOrByMemory() {
        RecycleWatch watch = RecycleWatch.draw(POLICY, 0);

        assertThat(watch.due(999, 1000 * MIB - 1)).isNull();
        assertThat(watch.due(1000, -1)).isEqualTo(RecycleReason.CALLS);
        assertThat(watch.due(999, 1000 * MIB)).isEqualTo(RecycleReason.MEMORY);
    }

    @Test
    void isNotDueByMemoryAsLongAsNoCallWasAnswered() {
        assertThat(RecycleWatch.draw(POLICY, 0).due(0, 5000 * MIB)).isNull();
    }

    @Test
    void saysWhatWasReached() {
        RecycleWatch watch = RecycleWatch.draw(POLICY, 1);

        assertThat(watch.describe(RecycleReason.CALLS, 900, -1)).isEqualTo("it had answered 900 calls");
        assertThat(watch.describe(RecycleReason.AGE, 3, -1)).isEqualTo("it had been ready for PT9H");
        assertThat(watch.describe(RecycleReason.MEMORY, 3, 950 * MIB))
                .isEqualTo("it had 950.0 MiB of memory, and may have up to 900.0 MiB");
    }
}
