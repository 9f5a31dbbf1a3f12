package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.internal.core.RouterCore.Assignment;
import dev.vivarium.internal.core.SessionTable.Kind;
import dev.vivarium.internal.core.SessionTable.Known;
import dev.vivarium.internal.core.SessionTable.Owed;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The table of sessions, and the calls that the router holds back for them. */
class SessionTableTest {

    private static final long TTL = Duration.ofSeconds(10).toNanos();

    private final SessionTable table = new SessionTable(Duration.ofSeconds(10), 3);

    private void depart(String session, int slot) {
        table.depart(session, slot, 1, false, true);
    }

    @Nested
    class Turns {

        @Test
        void areTakenInOrder() {
            assertThat(table.arrive("s", 1, false, 0)).isTrue();
            assertThat(table.arrive("s", 2, false, 0)).isFalse();
            assertThat(table.arrive("s", 3, false, 0)).isFalse();
            assertThat(table.arrive("t", 4, false, 0)).isTrue();

            assertThat(table.leave("s", 1, false, 0)).isEqualTo(2);
            assertThat(table.leave("s", 2, false, 0)).isEqualTo(3);
            assertThat(table.leave("s", 3, false, 0)).isZero();
        }

        @Test
        void passOverCallsThatHaveLeft() {
            table.arrive("s", 1, false, 0);
            table.arrive("s", 2, false, 0);
            table.arrive("s", 3, false, 0);

            assertThat(table.leave("s", 2, false, 0)).isZero();

            assertThat(table.leave("s", 1, false, 0)).isEqualTo(3);
        }

        @Test
        void areNotWaitedForByConcurrentCalls() {
            table.arrive("s", 1, false, 0);

            assertThat(table.arrive("s", 2, true, 0)).isTrue();
            assertThat(table.leave("s", 2, true, 0)).isZero();
            assertThat(table.holder("s")).isEqualTo(1);
        }

        @Test
        void leaveNothingBehindWithoutABinding() {
            table.arrive("s", 1, false, 0);
            table.leave("s", 1, false, 0);

            assertThat(table.size()).isZero();
        }
    }

    @Nested
    class ABinding {

        @Test
        void isMadeKeptAndMoved() {
            table.arrive("s", 1, false, 0);
            assertThat(table.depart("s", 1, 1, false, true).kind()).isEqualTo(Kind.FIRST);
            assertThat(table.depart("s", 1, 1, false, true).kind()).isEqualTo(Kind.HIT);
            assertThat(table.depart("s", 1, 2, false, false).kind()).isEqualTo(Kind.MOVED);
            assertThat(table.depart("s", 2, 1, true, true).kind()).isEqualTo(Kind.VISIT);
            assertThat(table.depart("s", 2, 1, true, false).kind()).isEqualTo(Kind.MOVED);

            assertThat(table.epoch("s")).isEqualTo(3);
            assertThat(table.slot("s")).isEqualTo(2);
        }

        @Test
        void hasTheStateFromAGoodAnswerUntilTheNextCallLeaves() {
            table.arrive("s", 1, false, 0);
            depart("s", 1);
            assertThat(table.isCached("s", 1, 1)).isFalse();
            table.kept("s", 1, 1, new Known(1, 1, 1, false), true, false, 0);
            assertThat(table.isCached("s", 1, 1)).isTrue();
            assertThat(table.isCached("s", 1, 2)).isFalse();

            assertThat(table.depart("s", 1, 1, false, true).cached()).isTrue();

            assertThat(table.isCached("s", 1, 1)).isFalse();
            table.dropped("s", false);
            assertThat(table.depart("s", 1, 1, false, true).cached()).isFalse();
        }

        @Test
        void isNotBelievedInAfterAnAnswerOfAnEarlierOne() {
            table.arrive("s", 1, false, 0);
            depart("s", 1);
            table.move("s", 2, 1);

            table.kept("s", 1, 1, new Known(1, 1, 1, false), true, false, 0);

            assertThat(table.isCached("s", 1, 1)).isFalse();
            assertThat(table.isCached("s", 2, 1)).isFalse();
        }

        @Test
        void knowsWhenTheStoreHasLostSomething() {
            table.arrive("s", 1, false, 0);
            depart("s", 1);
            table.kept("s", 1, 1, new Known(5, 5, 1, false), true, false, 0);

            assertThat(table.read("s", new Known(4, 4, 1, false), 0)).isTrue();
            assertThat(table.read("s", new Known(4, 4, 1, false), 0)).isFalse();
            assertThat(table.read("s", new Known(9, 9, 1, false), 0)).isFalse();
        }

        @Test
        void wouldLoseWhatIsResidentByMoving() {
            table.arrive("s", 1, false, 0);
            depart("s", 1);
            table.kept("s", 1, 1, new Known(1, 1, 1, true), true, false, 0);

            assertThat(table.losesResident("s", 1, 1)).isFalse();
            assertThat(table.losesResident("s", 1, 2)).isTrue();
            assertThat(table.losesResident("s", 2, 1)).isTrue();
        }
    }

    @Nested
    class ALoss {

        private void idle(String session) {
            table.arrive(session, 1, false, 0);
            depart(session, 1);
            table.leave(session, 1, false, 0);
        }

        @Test
        void thatIsCertainIsOwedToOneCall() {
            table.owe("s", 4);

            assertThat(table.takeOwed("s", true)).isEqualTo(new Owed(4, true));
            assertThat(table.takeOwed("s", false)).isNull();
        }

        @Test
        void thatIsPerhapsStoredIsOwedOnceItIsSeenToBe() {
            table.lossFound("s", 4);
            assertThat(table.takeOwed("s", false)).isNull();
            table.lossUnknown("s", 4);

            assertThat(table.takeOwed("s", true)).isNull();
            assertThat(table.takeOwed("s", false)).isEqualTo(new Owed(4, false));
            assertThat(table.takeOwed("s", false)).isNull();
        }

        @Test
        void thatAnotherCallWasToldOfIsOwedToNobody() {
            table.lossFound("s", 4);
            table.lossTold("s", 4);
            table.lossUnknown("s", 4);

            assertThat(table.takeOwed("s", false)).isNull();
        }

        @Test
        void thatIsPerhapsStoredStaysSoWhenItIsFoundAgainAndNotStored() {
            table.lossUnknown("s", 4);
            table.lossFound("s", 4);
            table.lossNotStored("s");

            assertThat(table.takeOwed("s", false)).isEqualTo(new Owed(4, false));
        }

        @Test
        void thatIsNotStoredIsOwedToNobody() {
            table.lossFound("s", 4);
            table.lossNotStored("s");

            assertThat(table.takeOwed("s", false)).isNull();
        }

        @Test
        void thatIsPerhapsStoredIsNoneWhenItsWorkerAnswersWell() {
            table.arrive("s", 1, false, 0);
            depart("s", 1);
            table.lossUnknown("s", 1);

            table.kept("s", 2, 1, new Known(1, 1, 1, true), false, true, 0);
            assertThat(table.takeOwed("s", true)).isNull();
            table.kept("s", 1, 1, new Known(1, 1, 1, true), false, false, 0);

            assertThat(table.takeOwed("s", false)).isNull();
        }

        @Test
        void thatIsOwedOutlivesTheTimeOfItsBinding() {
            idle("certain");
            idle("perhaps");
            idle("found");
            table.owe("certain", 1);
            table.lossUnknown("perhaps", 1);
            table.lossFound("found", 1);

            assertThat(table.expire(TTL, 10)).isEmpty();

            assertThat(table.takeOwed("certain", false)).isNotNull();
            assertThat(table.takeOwed("perhaps", false)).isNotNull();
            table.lossNotStored("found");
            assertThat(table.expire(2 * TTL, 10)).hasSize(3);
        }

        @Test
        void thatIsOwedGivesNoWayToOthers() {
            idle("a");
            table.owe("a", 1);
            idle("b");
            idle("c");

            assertThat(table.makeRoom("d"))
                    .isNotNull()
                    .satisfies(gone -> assertThat(gone.session()).isEqualTo("b"));
            idle("d");
            table.owe("c", 1);
            table.owe("d", 1);

            assertThatThrownBy(() -> table.makeRoom("e")).hasMessageContaining("a loss that is to be told");
        }
    }

    @Nested
    class Time {

        private void used(String session, long now) {
            table.arrive(session, 1, false, now);
            depart(session, 1);
            table.leave(session, 1, false, now);
        }

        @Test
        void endsWhatIsNotUsedOldestFirst() {
            used("a", 0);
            used("b", 1);
            used("a", 2);

            assertThat(table.expire(TTL, 10)).isEmpty();
            assertThat(table.expire(TTL + 1, 10))
                    .extracting(SessionTable.Unbound::session)
                    .containsExactly("b");
            assertThat(table.expire(TTL + 2, 10))
                    .extracting(SessionTable.Unbound::session)
                    .containsExactly("a");
            assertThat(table.size()).isZero();
        }

        @Test
        void sparesWhatHasCallsAndLooksAtNoMoreThanItIsTold() {
            used("a", 0);
            used("b", 0);
            table.arrive("a", 7, false, 0);

            assertThat(table.expire(TTL, 1)).hasSize(1);
            assertThat(table.expire(TTL, 1)).isEmpty();
            assertThat(table.size()).isEqualTo(1);
        }

        @Test
        void makesRoomForOthers() {
            used("a", 0);
            used("b", 1);
            used("c", 2);
            assertThat(table.makeRoom("a")).isNull();

            assertThat(table.makeRoom("d"))
                    .isNotNull()
                    .satisfies(gone -> assertThat(gone.session()).isEqualTo("a"));

            table.arrive("b", 5, false, 3);
            table.arrive("c", 6, false, 3);
            table.arrive("d", 7, false, 3);
            assertThatThrownBy(() -> table.makeRoom("e")).hasMessageContaining("all of 3");
        }

        @Test
        void isCountedByWorker() {
            used("a", 0);
            used("b", 0);

            assertThat(table.load()).isEqualTo(Map.of(1, 2));
            assertThat(table.boundTo(1, false)).containsExactly("a", "b");
            assertThat(table.unbind("a")).isNotNull();
            assertThat(table.unbind("a")).isNull();
            assertThat(table.size()).isEqualTo(1);
        }
    }

    @Nested
    class ACallThatIsHeld {

        private final RouterCore router = new RouterCore();

        @Test
        void goesToItsSlotOnly() {
            router.hold(1, 100, 0, 2);
            router.available(1, 1);
            assertThat(router.assign()).isEmpty();
            assertThat(router.waiting()).isEqualTo(1);

            router.available(2, 1);

            assertThat(router.assign()).containsExactly(new Assignment(1, 2, 1, false));
        }

        @Test
        void waitsItsTurnAmongOthers() {
            router.hold(1, 100, 5, 1);
            router.submit(2, 100, 4);
            router.submit(3, 100, 6);
            router.available(1, 1);
            assertThat(router.assign()).containsExactly(new Assignment(2, 1, 1, false));
            router.available(1, 1);
            assertThat(router.assign()).containsExactly(new Assignment(1, 1, 1, false));
            router.available(1, 1);
            assertThat(router.assign()).containsExactly(new Assignment(3, 1, 1, false));
        }

        @Test
        void goesNowhereUntilItIsTold() {
            router.hold(1, 100, 0, 0);
            router.available(1, 1);
            assertThat(router.assign()).isEmpty();

            router.hold(1, 100, 7, 1);

            assertThat(router.oldestSince(9)).isZero();
            assertThat(router.heldFor(1)).containsExactly(1L);
            assertThat(router.assign()).hasSize(1);
        }

        @Test
        void hasADeadlineAndCanBeTakenBack() {
            router.hold(1, 100, 0, 0);
            router.hold(2, 50, 0, 3);
            router.hold(3, 200, 0, 3);

            assertThat(router.earliestDeadline()).isEqualTo(50);
            assertThat(router.expire(60)).containsExactly(2L);
            assertThat(router.remove(1)).isTrue();
            assertThat(router.drain()).isEqualTo(List.of(3L));
            assertThat(router.waiting()).isZero();
        }

        @Test
        void prefersASlotThatIsIdle() {
            router.submit(1, 100, 0);
            router.prefer(1, 2);
            router.submit(2, 100, 0);
            router.prefer(2, 3);
            router.available(1, 1);
            router.available(2, 1);

            assertThat(router.assign()).containsExactly(new Assignment(1, 2, 1, false), new Assignment(2, 1, 1, false));
        }

        @Test
        void goesToItsDegradedWorkerAndToNoOther() {
            router.hold(1, 100, 0, 2);
            router.available(1, 1);
            router.probe(2, 1);

            assertThat(router.assign()).containsExactly(new Assignment(1, 2, 1, true));
        }

        @Test
        void isNotUsedToTryADegradedWorkerWhileItsOwnIsIdle() {
            router.submit(1, 100, 0);
            router.prefer(1, 1);
            router.submit(2, 100, 0);
            router.available(1, 1);
            router.probe(2, 1);

            assertThat(router.assign()).containsExactly(new Assignment(1, 1, 1, false), new Assignment(2, 2, 1, true));
        }
    }
}
