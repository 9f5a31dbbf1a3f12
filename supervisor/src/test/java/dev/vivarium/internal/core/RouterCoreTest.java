package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.RouterCore.Assignment;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which worker a call goes to. */
class RouterCoreTest {

    private final RouterCore router = new RouterCore();

    @Test
    void givesCallsOutFirstComeFirstServed() {
        router.submit(1, 100, 0);
        router.submit(2, 100, 1);
        assertThat(router.assign()).isEmpty();

        router.available(5, 1);

        assertThat(router.assign()).containsExactly(new Assignment(1, 5, 1, false));
        assertThat(router.waiting()).isEqualTo(1);
        assertThat(router.oldestSince(9)).isEqualTo(1);
    }

    @Test
    void prefersTheIdleWorkerWithTheFewestLeases() {
        for (int round = 0; round < 3; round++) {
            router.available(1, 1);
            router.submit(round, 100, 0);
            router.assign();
        }
        router.available(1, 1);
        router.available(2, 1);
        router.submit(9, 100, 0);

        assertThat(router.assign()).containsExactly(new Assignment(9, 2, 1, false));
    }

    @Test
    void putsACallThatComesBackBeforeAllOthers() {
        router.submit(1, 100, 0);
        router.giveBack(2, 100, 5);
        router.available(1, 1);

        assertThat(router.assign()).extracting(Assignment::callId).containsExactly(2L);
    }

    @Test
    void triesADegradedWorkerWithTheNextCallThoughOthersAreIdle() {
        router.available(1, 1);
        router.probe(2, 1);
        router.submit(1, 100, 0);
        router.submit(2, 100, 0);

        assertThat(router.assign()).containsExactly(new Assignment(1, 2, 1, true), new Assignment(2, 1, 1, false));
    }

    @Test
    void sparesACallThatHasLostAWorkerADegradedOneWhileAnotherIsIdle() {
        router.probe(2, 1);
        router.available(1, 1);
        router.giveBack(1, 100, 0);
        assertThat(router.assign()).containsExactly(new Assignment(1, 1, 1, false));

        router.giveBack(3, 100, 0);

        assertThat(router.assign()).as("when it is all there is").containsExactly(new Assignment(3, 2, 1, true));
    }

    @Test
    void forgetsADegradedWorkerThatIsWithdrawnOrComesBack() {
        router.probe(1, 1);
        router.unavailable(1, 1);
        router.probe(2, 1);
        router.available(2, 1);
        router.submit(1, 100, 0);
        router.submit(2, 100, 0);

        assertThat(router.assign()).containsExactly(new Assignment(1, 2, 1, false));
    }

    @Test
    void offersAWorkerAgainAsItWasWhenItsAssignmentCameToNothing() {
        router.probe(1, 1);
        router.submit(1, 100, 0);
        Assignment nothing = router.assign().get(0);

        router.free(nothing);
        router.submit(2, 100, 0);

        assertThat(router.assign()).containsExactly(new Assignment(2, 1, 1, true));
    }

    @Test
    void expiresWhatIsDueAndKnowsWhenTheNextIsDue() {
        router.submit(1, 50, 0);
        router.submit(2, 20, 0);
        router.giveBack(3, 30, 0);

        assertThat(router.earliestDeadline()).isEqualTo(20);
        assertThat(router.expire(30)).containsExactlyInAnyOrder(2L, 3L);
        assertThat(router.earliestDeadline()).isEqualTo(50);
    }

    @Test
    void forgetsWorkersByIncarnationAndCallsById() {
        router.available(1, 2);
        router.unavailable(1, 1);
        assertThat(router.idleWorkers()).isEqualTo(1);
        router.unavailable(1, 2);
        assertThat(router.idleWorkers()).isZero();

        router.submit(1, 100, 0);
        assertThat(router.remove(1)).isTrue();
        assertThat(router.remove(1)).isFalse();
    }

    @Test
    void countsTheLeasesOfASlotAnewAfterItHasEnded() {
        for (int round = 0; round < 3; round++) {
            router.available(1, 1);
            router.submit(round, 100, 0);
            router.assign();
        }
        router.forget(1);
        router.available(2, 1);
        router.submit(3, 100, 0);
        router.assign();

        router.available(2, 1);
        router.available(1, 1);
        router.submit(9, 100, 0);

        assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
    }

    @Test
    void knowsTheOldestOfTheCallsThatCameBackToo() {
        router.submit(1, 100, 7);
        router.giveBack(2, 100, 5);

        assertThat(router.oldestSince(9)).isEqualTo(5);
    }

    @Test
    void neitherLosesNorDoublesACallWhateverHappens() {
        long seed = Long.getLong("vivarium.seed", new Random().nextLong());
        Random chance = new Random(seed);
        int submitted = 0;
        int ended = 0;

        for (int i = 0; i < 20_000; i++) {
            switch (chance.nextInt(4)) {
                case 0 -> router.submit(submitted++, i + chance.nextInt(50), i);
                case 1 -> router.available(chance.nextInt(4), 1);
                case 2 -> ended += router.expire(i).size();
                default -> ended += router.assign().size();
            }
            assertThat(router.waiting())
                    .as("repeat with -Dvivarium.seed=%d", seed)
                    .isEqualTo(submitted - ended);
        }
        assertThat(router.drain())
                .as("repeat with -Dvivarium.seed=%d", seed)
                .hasSize(submitted - ended)
                .doesNotHaveDuplicates();
    }

    @Test
    void givesTheFirstWhoWaitsTheDegradedWorkerAndTheCallThatHasLostOneTheSoundOne() {
        router.probe(2, 1);
        router.available(1, 1);
        router.giveBack(1, 100, 0);
        router.submit(3, 100, 0);

        assertThat(router.assign())
                .containsExactlyInAnyOrder(new Assignment(3, 2, 1, true), new Assignment(1, 1, 1, false));
    }

    @Test
    void hasASlotOnceOnlyWhenItsWorkerBecomesDegraded() {
        router.available(1, 1);
        router.probe(1, 1);
        router.submit(1, 100, 0);
        router.submit(2, 100, 0);

        assertThat(router.assign()).containsExactly(new Assignment(1, 1, 1, true));
    }

    @Test
    void givesNothingToASlotThatHasEnded() {
        router.available(1, 1);
        router.probe(2, 1);
        router.submit(1, 100, 0);

        router.forget(1);
        router.forget(2);

        assertThat(router.assign()).isEmpty();
        assertThat(router.isIdle(1)).isFalse();
        assertThat(router.isIdle(2)).isFalse();
    }

    @Test
    void takesTheFirstOfThoseWithEquallyFewLeases() {
        router.available(1, 1);
        router.available(2, 1);
        router.submit(1, 100, 0);

        assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
    }

    @Test
    void knowsADeadlineBeforeTheOriginOfItsClock() {
        router.submit(1, -50, -100);

        assertThat(router.earliestDeadline()).isEqualTo(-50);
    }

    @Test
    void handsOutAllThatWaitsAndHasNoneLeft() {
        router.submit(1, 100, 0);
        router.giveBack(2, 100, 0);
        router.hold(3, 100, 0, 0);
        router.hold(4, 100, 0, 1);

        assertThat(router.drain()).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);

        assertThat(router.waiting()).isZero();
        router.available(1, 1);
        assertThat(router.assign()).isEmpty();
        assertThat(router.heldFor(1)).isEmpty();
    }

    @Nested
    class ACallThatIsHeld {

        @Test
        void keepsItsPlaceInTheRowHoweverOftenItIsHeld() {
            router.hold(1, 100, 0, 0);
            router.submit(2, 100, 3);
            router.hold(1, 100, 5, 1);
            assertThat(router.oldestSince(9)).isZero();

            router.available(1, 1);

            assertThat(router.assign()).extracting(Assignment::callId).containsExactly(1L);
        }

        @Test
        void waitsForThoseWhoCameBefore() {
            router.submit(2, 100, 3);
            router.hold(1, 100, 5, 1);
            router.available(1, 1);

            assertThat(router.assign()).extracting(Assignment::callId).containsExactly(2L);
        }

        @Test
        void goesFirstWhereAnotherCameAtTheSameTime() {
            router.submit(2, 100, 3);
            router.hold(1, 100, 3, 1);
            router.available(1, 1);

            assertThat(router.assign()).extracting(Assignment::callId).containsExactly(1L);
        }

        @Test
        void waitsForOneThatHasLostItsWorkerHoweverLongItHasWaited() {
            router.hold(1, 100, 0, 1);
            router.giveBack(2, 100, 5);
            router.available(1, 1);

            assertThat(router.assign()).extracting(Assignment::callId).containsExactly(2L);
        }

        @Test
        void countsAsWaitingAndExpiresAtItsDeadline() {
            router.hold(1, 10, 0, 0);
            router.hold(2, 20, 1, 1);
            assertThat(router.waiting()).isEqualTo(2);
            assertThat(router.earliestDeadline()).isEqualTo(10);
            assertThat(router.oldestSince(9)).isZero();

            assertThat(router.expire(10)).containsExactly(1L);

            assertThat(router.waiting()).isEqualTo(1);
            assertThat(router.earliestDeadline()).isEqualTo(20);
            assertThat(router.expire(20)).containsExactly(2L);
            assertThat(router.heldFor(1)).isEmpty();
        }

        @Test
        void isForgottenWhenItEnds() {
            router.hold(1, 100, 0, 1);
            assertThat(router.remove(1)).isTrue();
            assertThat(router.remove(1)).isFalse();

            router.available(1, 1);

            assertThat(router.assign()).isEmpty();
        }
    }

    @Nested
    class ACallThatHadBestGoToASlot {

        private void bothIdle() {
            router.available(1, 1);
            router.available(2, 1);
        }

        @Test
        void goesThere() {
            router.submit(1, 100, 0);
            router.prefer(1, 2);
            bothIdle();

            assertThat(router.assign()).extracting(Assignment::slot).containsExactly(2);
        }

        @Test
        void goesThereThoughItsWorkerIsDegraded() {
            router.giveBack(1, 100, 0);
            router.prefer(1, 2);
            router.available(1, 1);
            router.probe(2, 1);

            assertThat(router.assign()).containsExactly(new Assignment(1, 2, 1, true));
        }

        @Test
        void goesElsewhereRatherThanWait() {
            router.submit(1, 100, 0);
            router.prefer(1, 3);
            bothIdle();

            assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
        }

        @Test
        void doesSoOnceOnly() {
            router.submit(1, 100, 0);
            router.prefer(1, 2);
            router.available(2, 1);
            assertThat(router.assign()).hasSize(1);

            router.giveBack(1, 100, 1);
            bothIdle();

            assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
        }

        @Test
        void doesSoNoMoreWhenItHasEnded() {
            router.submit(1, 100, 0);
            router.prefer(1, 2);
            router.remove(1);

            router.submit(1, 100, 0);
            bothIdle();

            assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
        }

        @Test
        void doesSoNoMoreWhenItHasExpired() {
            router.submit(1, 10, 0);
            router.prefer(1, 2);
            assertThat(router.expire(10)).containsExactly(1L);

            router.submit(1, 100, 0);
            bothIdle();

            assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
        }

        @Test
        void doesSoNoMoreWhenAllWereHandedOut() {
            router.submit(1, 100, 0);
            router.prefer(1, 2);
            assertThat(router.drain()).containsExactly(1L);

            router.submit(1, 100, 0);
            bothIdle();

            assertThat(router.assign()).extracting(Assignment::slot).containsExactly(1);
        }
    }
}
