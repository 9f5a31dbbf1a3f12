package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.RetryPolicy;
import dev.vivarium.RetryPolicy.Growth;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long a call waits before it is sent again. */
class RetryDelaysTest {

    private final RetryPolicy policy = RetryPolicy.DEFAULT
            .minDelay(Duration.ofMillis(100))
            .maxDelay(Duration.ofMillis(500))
            .jitter(0);

    private List<Long> millis(Growth growth) {
        return IntStream.rangeClosed(1, 6)
                .mapToObj(n -> RetryDelays.delay(policy.growth(growth), n, Duration.ZERO, 0.5)
                        .toMillis())
                .toList();
    }

    @Test
    void growsInItsWayUpToTheLimit() {
        assertThat(millis(Growth.LINEAR)).containsExactly(100L, 200L, 300L, 400L, 500L, 500L);
        assertThat(millis(Growth.EXPONENTIAL)).containsExactly(100L, 200L, 400L, 500L, 500L, 500L);
        assertThat(millis(Growth.FIBONACCI)).containsExactly(100L, 100L, 200L, 300L, 500L, 500L);
    }

    @Test
    void isDrawnBetweenTheFirstAndThreeTimesTheLastWhenDecorrelated() {
        RetryPolicy drawn = policy.growth(Growth.DECORRELATED);

        assertThat(RetryDelays.delay(drawn, 2, Duration.ofMillis(100), 0)).isEqualTo(Duration.ofMillis(100));
        assertThat(RetryDelays.delay(drawn, 2, Duration.ofMillis(100), 0.5)).isEqualTo(Duration.ofMillis(200));
        assertThat(RetryDelays.delay(drawn, 3, Duration.ofMillis(400), 1)).isEqualTo(Duration.ofMillis(500));
    }

    @ParameterizedTest
    @EnumSource(Growth.class)
    void neverExceedsItsLimitJitterIncluded(Growth growth) {
        Random random = new Random(7);
        RetryPolicy jittered = policy.growth(growth).jitter(1);
        Duration last = Duration.ZERO;

        for (int retry : new int[] {1, 2, 3, 10, 100, 1_000_000, Integer.MAX_VALUE}) {
            last = RetryDelays.delay(jittered, retry, last, random.nextDouble());
            assertThat(last).isBetween(Duration.ZERO, jittered.maxDelay());
        }
    }

    @Test
    void isShortenedAndLengthenedAroundWhatItGrewTo() {
        RetryPolicy halved = policy.growth(Growth.LINEAR).jitter(0.5);

        assertThat(RetryDelays.delay(halved, 2, Duration.ZERO, 0)).isEqualTo(Duration.ofMillis(100));
        assertThat(RetryDelays.delay(halved, 2, Duration.ZERO, 0.5)).isEqualTo(Duration.ofMillis(200));
        assertThat(RetryDelays.delay(halved, 2, Duration.ZERO, 1)).isEqualTo(Duration.ofMillis(300));
    }

    @Test
    void isNoneWhenNoneIsWanted() {
        RetryPolicy none = policy.minDelay(Duration.ZERO);

        assertThat(RetryDelays.delay(none, 9, Duration.ZERO, 1)).isZero();
    }

    @Test
    void variesBelowItsLimitAlsoWhereItWouldHaveGrownFarBeyondIt() {
        RetryPolicy halved = policy.growth(Growth.LINEAR).jitter(0.5);

        assertThat(RetryDelays.delay(halved, 50, Duration.ZERO, 0)).isEqualTo(Duration.ofMillis(250));
        assertThat(RetryDelays.delay(halved, 50, Duration.ZERO, 0.25)).isEqualTo(Duration.ofMillis(375));
    }

    @Test
    void growsOnByFibonacciNumbersWhereItsLimitIsFarAway() {
        RetryPolicy far = policy.growth(Growth.FIBONACCI).maxDelay(Duration.ofDays(1));

        assertThat(RetryDelays.delay(far, 20, Duration.ZERO, 0.5)).isEqualTo(Duration.ofMillis(676_500));
    }

    @Test
    void isTheFirstWhateverIsDrawnWhereThereWasNoneBefore() {
        RetryPolicy drawn = policy.growth(Growth.DECORRELATED);

        assertThat(RetryDelays.delay(drawn, 1, Duration.ZERO, 0)).isEqualTo(Duration.ofMillis(100));
        assertThat(RetryDelays.delay(drawn, 1, Duration.ZERO, 1)).isEqualTo(Duration.ofMillis(100));
    }
}
