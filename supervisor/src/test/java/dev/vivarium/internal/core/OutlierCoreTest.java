package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.OutlierPolicy;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which worker fails where the others do not. */
class OutlierCoreTest {

    private static final OutlierPolicy POLICY = OutlierPolicy.DEFAULT;
    private static final long SECOND = 1_000_000_000L;

    private final OutlierCore core = new OutlierCore(POLICY);
    private int workers = 4;
    private long now = -5 * SECOND; // A monotonic clock may be below zero.

    private Verdict answer(int slot, String handler, boolean failed) {
        return core.answered(slot, handler, failed, workers, true, now);
    }

    private Verdict answers(int count, int slot, String handler, boolean failed) {
        Verdict last = Verdict.NONE;
        for (int i = 0; i < count; i++) {
            last = answer(slot, handler, failed);
        }
        return last;
    }

    @Nested
    class AWorker {

        @Test
        void thatFailsWhereItsPeersDoNotIsEjectedAtItsTwentiethCall() {
            answers(3, 2, "work", false);
            answers(3, 3, "work", false);

            assertThat(answers(19, 1, "work", true)).isEqualTo(Verdict.RAISED);
            assertThat(answer(1, "work", true)).isEqualTo(Verdict.OUTLIER);

            assertThat(core.isEjected(1)).isTrue();
            assertThat(core.lastEjection()).isEqualTo(new OutlierCore.Ejection(20, 20, 0, POLICY.ejectFor()));
        }

        @Test
        void isNotEjectedWhenItsPeersFailAlike() {
            for (int i = 0; i < 500; i++) {
                for (int slot = 1; slot <= 4; slot++) {
                    assertThat(answer(slot, "broken", true)).isEqualTo(Verdict.RAISED);
                }
            }
        }

        @Test
        void isNotEjectedUnlessItFailsSeveralTimesAsOften() {
            for (int i = 0; i < 100; i++) {
                answer(2, "work", i % 5 == 0);
            }
            OutlierCore strict = new OutlierCore(POLICY.factor(2));
            for (int i = 0; i < 100; i++) {
                strict.answered(2, "work", i % 5 == 0, workers, true, now);
            }

            for (int i = 0; i < 100; i++) {
                answer(1, "work", i % 2 == 0);
                strict.answered(1, "work", i % 2 == 0, workers, true, now);
            }

            assertThat(core.isEjected(1)).as("at 2.5 times, of 3").isFalse();
            assertThat(strict.isEjected(1)).as("at 2.5 times, of 2").isTrue();
        }

        @Test
        void isNotEjectedForTheHandlerThatItWasGiven() {
            answers(100, 2, "fine", false);
            answers(100, 3, "fine", false);
            answers(5, 4, "refuses", true);

            assertThat(answers(500, 1, "refuses", true)).isEqualTo(Verdict.RAISED);
        }

        @Test
        void isNotEjectedAsLongAsHalfOfItsCallsEndWell() {
            answers(50, 2, "work", false);

            for (int i = 0; i < 500; i++) {
                assertThat(answer(1, "work", false)).isEqualTo(Verdict.SOUND);
                assertThat(answer(1, "work", true)).isEqualTo(Verdict.RAISED);
                answer(1, "work", false);
            }

            assertThat(core.isEjected(1)).isFalse();
        }

        @Test
        void isNotEjectedByChanceWhenCallsFailAtRandom() {
            Random chance = new Random(1);
            for (int i = 0; i < 200_000; i++) {
                answer(1 + chance.nextInt(4), "work", chance.nextInt(10) == 0);
                now += SECOND / 20;
            }

            assertThat(core.isEjected(1) || core.isEjected(2) || core.isEjected(3) || core.isEjected(4))
                    .isFalse();
        }

        @Test
        void isJudgedByWhatIsInTheWindow() {
            answers(50, 2, "work", false);
            answers(19, 1, "work", true);
            now += 2 * POLICY.window().toNanos();
            answers(50, 2, "work", false);

            assertThat(answers(19, 1, "work", true)).isEqualTo(Verdict.RAISED);
            assertThat(answer(1, "work", true)).isEqualTo(Verdict.OUTLIER);
        }

        @Test
        void thatStartsAnewIsJudgedAnew() {
            answers(50, 2, "work", false);
            answers(19, 1, "work", true);

            core.renewed(1);

            assertThat(answers(19, 1, "work", true)).isEqualTo(Verdict.RAISED);
        }
    }

    @Nested
    class AWorkerWhosePeersAreBusy {

        @Test
        void isEjectedOnSuspicionWhenAllItDidFailed() {
            assertThat(answers(20, 1, "work", true)).isEqualTo(Verdict.OUTLIER);
            assertThat(core.lastEjection().expected()).isNaN();
        }

        @Test
        void isNotSuspectedOnceOneOfThemHasFailedToo() {
            answer(2, "work", true);

            assertThat(answers(500, 1, "work", true)).isEqualTo(Verdict.RAISED);
        }

        @Test
        void isNotSuspectedWhenOneOfItsCallsEndedWell() {
            answer(1, "work", false);

            assertThat(answers(500, 1, "work", true)).isEqualTo(Verdict.RAISED);
        }

        @Test
        void isClearedWhenTheyTurnOutToFailAlike() {
            answers(20, 1, "work", true);
            assertThat(answer(1, "work", true)).isEqualTo(Verdict.RAISED);

            answers(5, 2, "work", true);

            assertThat(answer(1, "work", true)).isEqualTo(Verdict.ALIKE);
        }
    }

    @Nested
    class AnEjectedWorker {

        @Test
        void failsItsProbesOnlyWhereItsPeersSucceed() {
            answers(50, 2, "work", false);
            answers(50, 2, "hard", true);
            answers(20, 1, "work", true);

            assertThat(answer(1, "work", true)).isEqualTo(Verdict.OUTLIER);
            assertThat(answer(1, "hard", true)).isEqualTo(Verdict.ALIKE);
            assertThat(answer(1, "new", true)).isEqualTo(Verdict.RAISED);
            assertThat(answer(1, "work", false)).isEqualTo(Verdict.SOUND);
        }

        @Test
        void isLeftAloneForLongerEachTimeAndForAtMostTenTimesAsLong() {
            answers(50, 2, "work", false);
            for (int times = 1; times <= 12; times++) {
                answers(20, 1, "work", true);
                assertThat(core.lastEjection().ejectFor())
                        .isEqualTo(POLICY.ejectFor().multipliedBy(Math.min(10, times)));
                core.renewed(1);
            }

            now += 10 * POLICY.window().toNanos();
            answers(50, 2, "work", false);
            answers(20, 1, "work", true);

            assertThat(core.lastEjection().ejectFor()).isEqualTo(POLICY.ejectFor());
        }
    }

    @Nested
    class OfAllWorkers {

        @Test
        void atMostHalfAreEjectedAndTheBrokenOnesDoNotHideEachOther() {
            for (int i = 0; i < 200; i++) {
                answer(1, "work", true);
                answer(2, "work", true);
                answer(3, "work", true);
                answer(4, "work", false);
                answer(5, "work", false);
                answer(6, "work", false);
                answer(7, "work", false);
            }
            assertThat(core.isEjected(1) && core.isEjected(2)).isTrue();
            assertThat(core.isEjected(3)).as("of 4 workers at most 2").isFalse();
        }

        @Test
        void theLastOneThatServesIsNotEjected() {
            answers(50, 2, "work", false);
            Verdict last = Verdict.NONE;
            for (int i = 0; i < 50; i++) {
                last = core.answered(1, "work", true, workers, false, now);
            }

            assertThat(last).isEqualTo(Verdict.RAISED);
        }

        @Test
        void aLoneOneIsNever() {
            workers = 1;

            assertThat(answers(500, 1, "work", true)).isEqualTo(Verdict.RAISED);
        }
    }

    @Test
    void aWatchFindsAStallOnlyAfterProgress() {
        Duration limit = Duration.ofSeconds(2);
        StallWatch silent = StallWatch.begin(7, 0).look(100 * SECOND, 7);
        StallWatch moving = StallWatch.begin(7, 0).look(100 * SECOND, 8);

        assertThat(silent.isStalled(1000 * SECOND, limit)).isFalse();
        assertThat(moving.isStalled(102 * SECOND - 1, limit)).isFalse();
        assertThat(moving.isStalled(102 * SECOND, limit)).isTrue();
        assertThat(moving.look(102 * SECOND, 9).isStalled(102 * SECOND, limit)).isFalse();
        assertThat(moving.reported()).isEqualTo(1);
    }
}
