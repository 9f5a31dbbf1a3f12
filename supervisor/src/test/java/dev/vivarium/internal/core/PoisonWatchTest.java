package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PoisonPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Which calls are under suspicion. */
class PoisonWatchTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final PoisonWatch watch = new PoisonWatch(PoisonPolicy.DEFAULT);

    @Test
    void countsEqualCallsTogetherAndOthersApart() {
        assertThat(watch.died(3, "a", 0)).isEqualTo(1);
        assertThat(watch.died(3, "a", 0)).isEqualTo(2);
        assertThat(watch.died(3, "b", 0)).isEqualTo(1);

        assertThat(watch.isPoison(watch.deaths(3, () -> "a", 0))).isFalse();
        assertThat(watch.isPoison(watch.died(3, "a", 0))).isTrue();
    }

    @Test
    void asksForNoHashOfACallThatIsAsLongAsNoSuspect() {
        watch.died(3, "a", 0);

        assertThat(watch.deaths(
                        4,
                        () -> {
                            throw new AssertionError("hashed");
                        },
                        0))
                .isZero();
    }

    @Test
    void forgetsAfterAWhileAndWhoSurvives() {
        watch.died(3, "a", 0);
        watch.died(3, "b", 300 * SECOND);
        watch.survived(3, () -> "b");
        assertThat(watch.deaths(3, () -> "b", 300 * SECOND)).isZero();

        assertThat(watch.deaths(3, () -> "a", 599 * SECOND)).isEqualTo(1);
        assertThat(watch.deaths(3, () -> "a", 600 * SECOND)).isZero();
        assertThat(watch.isEmpty()).isTrue();
    }

    @Test
    void countsAnewWhatDiesAgainAfterItWasForgotten() {
        watch.died(3, "a", 0);

        assertThat(watch.died(3, "a", 600 * SECOND)).isEqualTo(1);
    }

    @Test
    void forgetsByTheLastDeathOfEach() {
        watch.died(3, "a", 0);
        watch.died(3, "b", 100 * SECOND);
        watch.died(3, "a", 200 * SECOND);

        assertThat(watch.deaths(3, () -> "b", 700 * SECOND)).isZero();
        assertThat(watch.deaths(3, () -> "a", 700 * SECOND)).isEqualTo(2);
    }

    @Test
    void asksForNoHashAgainWhenTheLastSuspectOfALengthHasGone() {
        watch.died(3, "a", 0);
        watch.died(3, "b", 0);
        watch.survived(3, () -> "a");
        assertThat(watch.deaths(3, () -> "b", 0)).isEqualTo(1);
        watch.survived(3, () -> "b");

        assertThat(watch.deaths(
                        3,
                        () -> {
                            throw new AssertionError("hashed");
                        },
                        0))
                .isZero();
    }

    @Test
    void isBounded() {
        for (int i = 0; i <= PoisonWatch.MAX_SUSPECTS; i++) {
            watch.died(3, "call " + i, i);
        }

        assertThat(watch.deaths(3, () -> "call 0", 0)).isZero();
        assertThat(watch.deaths(3, () -> "call 1", 0)).isEqualTo(1);
    }

    @Test
    void asksForNoHashAgainWhenTheOnlySuspectOfALengthHadToMakeRoom() {
        watch.died(7, "long", 0);
        for (int i = 0; i < PoisonWatch.MAX_SUSPECTS; i++) {
            watch.died(3, "call " + i, 1);
        }

        assertThat(watch.deaths(
                        7,
                        () -> {
                            throw new AssertionError("hashed");
                        },
                        1))
                .isZero();
    }
}
