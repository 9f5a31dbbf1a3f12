package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.SessionTable.Kind;
import dev.vivarium.internal.core.SessionTable.Known;
import dev.vivarium.internal.core.SessionTable.Owed;
import dev.vivarium.internal.core.SessionTable.Unbound;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What the table of sessions knows of the store, of the workers' copies and of losses, and what it forgets. */
class SessionKnowledgeTest {

    private static final long TTL = Duration.ofSeconds(10).toNanos();

    private final SessionTable table = new SessionTable(Duration.ofSeconds(10), 10);

    /** A session in slot 1 that was answered well, with its first revision stored at time 5. */
    private void bound(String session) {
        table.arrive(session, 1, false, 0);
        table.depart(session, 1, 1, false, true);
        table.kept(session, 1, 1, new Known(1, 1, 1, false), true, false, 5);
    }

    @Nested
    class OfASessionThatIsNotThere {

        @Test
        void thereIsNothingToKnow() {
            assertThat(table.visitors("s")).isZero();
            assertThat(table.holder("s")).isZero();
            assertThat(table.written("s", 7)).isEqualTo(7);
            assertThat(table.read("s", new Known(1, 1, 1, false), 0)).isFalse();
            assertThat(table.isResident("s")).isFalse();
            assertThat(table.isResident("s", 1, 1)).isFalse();
            assertThat(table.takeOwed("s", false)).isNull();
            assertThat(table.move("s", 1, 1)).isNull();
            assertThat(table.unbind("s")).isNull();
            assertThat(table.leave("s", 1, false, 0)).isZero();
        }

        @Test
        void nothingIsMadeByNewsOfIt() {
            table.dropped("s", true);
            table.forgotten("s");
            table.lossNotStored("s");

            assertThat(table.size()).isZero();
        }
    }

    @Nested
    class Visitors {

        @Test
        void areCountedUntilTheyLeave() {
            table.arrive("s", 1, true, 0);
            table.arrive("s", 2, true, 0);
            assertThat(table.visitors("s")).isEqualTo(2);

            table.leave("s", 1, true, 0);
            assertThat(table.visitors("s")).isEqualTo(1);
            table.leave("s", 2, true, 0);

            assertThat(table.size()).isZero();
        }

        @Test
        void keepTheWorkersCopyFromBeingBelievedUnlessTheyAreAlone() {
            bound("s");
            table.arrive("s", 2, true, 0);
            table.kept("s", 1, 1, new Known(2, 2, 1, false), true, false, 6);
            assertThat(table.isCached("s", 1, 1)).as("one visits").isFalse();

            table.kept("s", 1, 1, new Known(3, 3, 1, false), true, true, 6);
            assertThat(table.isCached("s", 1, 1))
                    .as("it is the visitor's own answer")
                    .isTrue();

            table.arrive("s", 3, true, 0);
            table.kept("s", 1, 1, new Known(4, 4, 1, false), true, true, 6);
            assertThat(table.isCached("s", 1, 1)).as("another visits").isFalse();
        }
    }

    @Nested
    class AnEpoch {

        @Test
        void risesAboveThoseOfSessionsThatAreForgotten() {
            bound("other");
            bound("s");
            table.move("s", 2, 1);
            table.move("s", 1, 1);
            table.leave("s", 1, false, 0);
            assertThat(table.epoch("s")).isEqualTo(3);
            assertThat(table.unbind("s")).isEqualTo(new Unbound("s", 1, 1, false, false));
            assertThat(table.epoch("s")).as("nothing is known of it").isZero();

            assertThat(table.depart("new", 1, 1, false, true).known().epoch()).isEqualTo(4);
            assertThat(table.depart("other", 2, 1, false, true).known().epoch())
                    .as("it was bound before")
                    .isEqualTo(2);
        }

        @Test
        void risesWithEachMove() {
            bound("s");

            assertThat(table.move("s", 2, 1)).isEqualTo(new Unbound("s", 1, 1, false, false));
            assertThat(table.move("s", 2, 1)).as("it is there").isNull();

            assertThat(table.epoch("s")).isEqualTo(2);
            assertThat(table.depart("s", 2, 1, false, true).kind()).isEqualTo(Kind.HIT);
        }

        @Test
        void doesNotMoveBeforeItsSessionIsBound() {
            table.arrive("s", 1, false, 0);

            assertThat(table.move("s", 2, 1)).isNull();

            assertThat(table.slot("s")).isZero();
        }
    }

    @Nested
    class WhatIsStored {

        @Test
        void wasWrittenWhenItWas() {
            bound("s");
            assertThat(table.written("s", 9)).isEqualTo(5);

            table.kept("s", 1, 1, new Known(1, 1, 1, false), false, false, 8);
            assertThat(table.written("s", 9)).as("the call only read").isEqualTo(5);

            table.kept("s", 1, 1, new Known(2, 2, 1, false), true, false, 8);
            assertThat(table.written("s", 9)).isEqualTo(8);
        }

        @Test
        void leavesTheWorkersCopyAsItIsWhenItIsWhatWasKnown() {
            bound("s");

            table.read("s", new Known(1, 1, 1, false), 3);

            assertThat(table.isCached("s", 1, 1)).isTrue();
            assertThat(table.written("s", 9)).isEqualTo(5);
        }

        @Test
        void outdatesTheWorkersCopyWhenItIsAnother() {
            bound("s");

            table.read("s", new Known(2, 2, 1, false), 7);

            assertThat(table.isCached("s", 1, 1)).isFalse();
            assertThat(table.written("s", 9)).isEqualTo(7);
        }

        @Test
        void isNotKnownAfterAWriteThatMayHaveFailed() {
            bound("s");
            table.dropped("s", true);
            assertThat(table.isCached("s", 1, 1)).isFalse();

            assertThat(table.read("s", new Known(1, 1, 1, false), 7)).isFalse();

            assertThat(table.written("s", 9)).as("read anew").isEqualTo(7);
        }

        @Test
        void isNotMissedWhereNothingWasKnown() {
            bound("s");
            table.dropped("s", true);

            assertThat(table.read("s", new Known(0, 0, 0, false), 7)).isFalse();
        }

        @Test
        void isStillKnownAfterACallThatWasAnsweredBadly() {
            bound("s");
            table.dropped("s", false);

            assertThat(table.isCached("s", 1, 1)).isFalse();
            assertThat(table.read("s", new Known(0, 0, 0, false), 7)).isTrue();
        }

        @Test
        void isForgottenWithAllThatWasKnown() {
            table.arrive("s", 1, false, 0);
            table.depart("s", 1, 1, false, true);
            table.kept("s", 1, 1, new Known(1, 1, 1, true), true, false, 5);
            assertThat(table.isResident("s")).isTrue();

            table.forgotten("s");

            assertThat(table.isResident("s")).isFalse();
            assertThat(table.isCached("s", 1, 1)).isFalse();
            assertThat(table.written("s", 9)).isEqualTo(9);
            assertThat(table.read("s", new Known(0, 0, 0, false), 7))
                    .as("not missed")
                    .isFalse();
            assertThat(table.depart("s", 1, 1, false, true).known()).isEqualTo(new Known(0, 0, 1, false));
        }
    }

    @Nested
    class WhatIsResident {

        private void resident() {
            table.arrive("s", 1, false, 0);
            table.depart("s", 1, 1, false, true);
            table.kept("s", 1, 1, new Known(1, 1, 1, true), true, false, 5);
        }

        @Test
        void isInItsWorkerAndInNoOther() {
            resident();

            assertThat(table.isResident("s", 1, 1)).isTrue();
            assertThat(table.isResident("s", 1, 2)).isFalse();
            assertThat(table.isResident("s", 2, 1)).isFalse();
            bound("t");
            assertThat(table.isResident("t", 1, 1)).isFalse();
        }

        @Test
        void keepsItsSessionWhereItIs() {
            resident();
            bound("t");
            table.arrive("unbound", 9, false, 0);

            assertThat(table.boundTo(1, false)).containsExactly("s", "t");
            assertThat(table.boundTo(1, true)).containsExactly("t");
            assertThat(table.boundTo(2, false)).isEmpty();
        }
    }

    @Nested
    class ALossOfWhichNobodyKnowsWhetherItIsStored {

        private void perhaps() {
            bound("s");
            table.lossUnknown("s", 1);
        }

        @Test
        void isOwedWhenItIs() {
            perhaps();
            assertThat(table.takeOwed("s", true)).isNull();

            assertThat(table.takeOwed("s", false)).isEqualTo(new Owed(1, false));
            assertThat(table.takeOwed("s", false)).as("once").isNull();
        }

        @Test
        void isNoneWhenItsWorkerHasMadeItAnew() {
            perhaps();

            table.kept("s", 1, 1, new Known(2, 2, 1, false), true, false, 6);

            assertThat(table.takeOwed("s", false)).isNull();
        }

        @Test
        void staysWhenAnotherWorkerAnswers() {
            perhaps();

            table.kept("s", 2, 1, new Known(2, 2, 1, false), true, false, 6);

            assertThat(table.takeOwed("s", false)).isNotNull();
        }

        @Test
        void isNoLongerPerhapsWhenItIsCertain() {
            perhaps();
            table.owe("s", 1);

            table.kept("s", 1, 1, new Known(2, 2, 1, false), true, false, 6);

            assertThat(table.takeOwed("s", true)).isEqualTo(new Owed(1, true));
        }
    }

    @Nested
    class ASweep {

        @Test
        void looksAtNoMoreThanItMay() {
            for (String session : new String[] {"busy", "a", "b"}) {
                bound(session);
            }
            table.leave("a", 1, false, 0);
            table.leave("b", 1, false, 0);
            table.arrive("busy", 1, false, 0);
            table.slot("a");
            table.slot("b");

            assertThat(table.expire(TTL - 1, 9)).isEmpty();
            assertThat(table.expire(TTL, 2)).extracting(Unbound::session).containsExactly("a");
            assertThat(table.expire(TTL, 2)).extracting(Unbound::session).containsExactly("b");
            assertThat(table.size()).isEqualTo(1);
        }
    }
}
