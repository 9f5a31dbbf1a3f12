package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Where and when an armed fault lands, and what healing it does. */
class FaultLeaseTest {

    private static FaultLease armed(int slot, int times) {
        return new FaultLease(new Fault.Dropped(), Moment.BEFORE_SEND, slot, times, 1, 0);
    }

    /** Runs a wait in a thread, and lets go on when it waits. */
    private static FutureTask<Boolean> begin(Wait wait) {
        FutureTask<Boolean> done = new FutureTask<>(() -> {
            wait.run();
            return true;
        });
        Thread waiting = new Thread(done, "waiting");
        waiting.setDaemon(true);
        waiting.start();
        while (waiting.isAlive()
                && waiting.getState() != Thread.State.WAITING
                && waiting.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        return done;
    }

    private interface Wait {
        void run() throws Exception;
    }

    @Nested
    class Landing {

        @Test
        void happensAsOftenAsWasAskedFor() {
            FaultLease lease = armed(0, 2);

            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isTrue();
            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isTrue();

            assertThat(lease.isDue(Moment.BEFORE_SEND, 1)).isFalse();
            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isFalse();
            assertThat(lease.landed()).isEqualTo(2);
        }

        @Test
        void happensAtItsMomentOnly() {
            assertThat(armed(0, 1).land(Moment.STARTED, 1)).isFalse();
            assertThat(armed(0, 1).land(Moment.BEFORE_SEND, 1)).isTrue();
        }

        @Test
        void happensInItsSlotOnlyAndInAnyWhereNoneIsNamed() {
            assertThat(armed(2, 1).land(Moment.BEFORE_SEND, 1)).isFalse();
            assertThat(armed(2, 1).land(Moment.BEFORE_SEND, 2)).isTrue();
            assertThat(armed(0, 1).land(Moment.BEFORE_SEND, 7)).isTrue();
        }

        @Test
        void happensNoMoreWhenItIsHealed() {
            FaultLease lease = armed(0, 2);
            lease.heal();

            assertThat(lease.isDue(Moment.BEFORE_SEND, 1)).isFalse();
            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isFalse();
        }

        @Test
        void wakesWhoeverWaitsForIt() throws Exception {
            FaultLease lease = armed(0, 1);
            FutureTask<Boolean> waiting = begin(lease::awaitLanded);

            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isTrue();

            assertThat(waiting.get(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Nested
    class Holding {

        @Test
        void beginsWhereItHasLandedAndEndsWithItsHealing() {
            FaultLease lease = armed(0, 1);
            assertThat(lease.holds(1)).isFalse();
            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isTrue();
            assertThat(lease.holds(1)).isTrue();
            assertThat(lease.holds(2)).isFalse();

            lease.close();

            assertThat(lease.holds(1)).isFalse();
            assertThat(lease.isHealed()).isTrue();
        }
    }

    @Nested
    class Healing {

        @Test
        void letsGoWhatWasHeldBackOnce() {
            FaultLease lease = armed(0, 1);
            List<String> released = new ArrayList<>();
            lease.onHeal(() -> released.add("before"));
            assertThat(released).isEmpty();

            lease.heal();
            lease.heal();

            assertThat(released).containsExactly("before");
        }

        @Test
        void letsGoAtOnceWhatComesAfterIt() {
            FaultLease lease = armed(0, 1);
            List<String> released = new ArrayList<>();
            lease.heal();

            lease.onHeal(() -> released.add("after"));

            assertThat(released).containsExactly("after");
        }

        @Test
        void wakesWhoeverWaitsForIt() throws Exception {
            FaultLease lease = armed(0, 1);
            FutureTask<Boolean> waiting = begin(lease::awaitHealed);

            lease.heal();

            assertThat(waiting.get(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Nested
    class ATimeToLive {

        @Test
        void isPositive() {
            assertThat(FaultLease.checkedTtl(Duration.ofNanos(1))).isEqualTo(Duration.ofNanos(1));
            for (Duration bad : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
                assertThatThrownBy(() -> FaultLease.checkedTtl(bad))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("must be positive, got " + bad);
            }
        }
    }

    @Test
    void isAsLateAsItsSeedDrawsWithinTheJitter() {
        Fault.Delayed late = new Fault.Delayed(Duration.ofMillis(10), Duration.ofMillis(4), 0);
        List<Duration> drawn = new ArrayList<>();
        List<Duration> again = new ArrayList<>();
        FaultLease one = new FaultLease(late, Moment.EXECUTED, 0, 1, 1, 5);
        FaultLease other = new FaultLease(late, Moment.EXECUTED, 0, 1, 1, 5);

        for (int i = 0; i < 100; i++) {
            drawn.add(one.drawn(late));
            again.add(other.drawn(late));
        }

        assertThat(drawn).isEqualTo(again).allMatch(by -> by.toMillis() >= 6 && by.toMillis() <= 14);
        assertThat(drawn.stream().distinct().count()).isGreaterThan(90);
    }

    @Test
    void isMoreLikeTheOneBeforeWithCorrelation() {
        Fault.Delayed late = new Fault.Delayed(Duration.ofMillis(10), Duration.ofMillis(4), 1);
        FaultLease alike = new FaultLease(late, Moment.EXECUTED, 0, 1, 1, 5);

        assertThat(alike.drawn(late)).isEqualTo(alike.drawn(late)).isEqualTo(Duration.ofMillis(10));
    }

    @Test
    void landsOnAShareOfItsMoments() {
        List<Integer> told = new ArrayList<>();
        FaultLease half = new FaultLease(new Fault.Dropped(), Moment.EXECUTED, 0, 10_000, 0.5, 5).onLand(told::add);

        for (int i = 0; i < 1000; i++) {
            boolean unused = half.land(Moment.EXECUTED, 3);
        }

        assertThat(half.landed()).isBetween(420, 580); // Five standard deviations.
        assertThat(told).hasSize(half.landed()).containsOnly(3);
    }
}
