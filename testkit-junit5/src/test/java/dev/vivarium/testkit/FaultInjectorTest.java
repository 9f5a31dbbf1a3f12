package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.testkit.internal.FaultPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What can be armed, and when it heals, without a pool. */
class FaultInjectorTest {

    private final List<Duration> delays = new ArrayList<>();
    private final List<Runnable> timers = new ArrayList<>();

    private FaultInjector on(Layer layer) {
        return new FaultInjector(
                layer,
                true,
                new FaultPlan(),
                (delay, task) -> {
                    delays.add(delay);
                    timers.add(task);
                },
                () -> "nothing has happened");
    }

    /** Returns the moments at which a fault can be armed. */
    private Set<Moment> momentsOf(Fault fault, Layer layer) {
        Set<Moment> possible = EnumSet.noneOf(Moment.class);
        for (Moment moment : Moment.values()) {
            try {
                var unused = on(layer).at(moment).arm(fault);
                possible.add(moment);
            } catch (FaultNotPossible e) {
                assertThat(e).hasMessageContaining("only at");
            }
        }
        return possible;
    }

    @Nested
    class AFault {

        @Test
        void healsWhenItsTimeToLiveIsOver() {
            FaultLease lease =
                    on(Layer.FAKE).at(Moment.EXECUTED).ttl(Duration.ofHours(3)).arm(new Fault.Signalled(9));
            assertThat(delays).containsExactly(Duration.ofHours(3));
            assertThat(lease.isHealed()).isFalse();

            timers.get(0).run();

            assertThat(lease.isHealed()).isTrue();
        }

        @Test
        void livesTwentySecondsUnlessAnotherTimeIsGiven() {
            assertThat(on(Layer.FAKE).at(Moment.EXECUTED).arm(new Fault.Signalled(9)))
                    .isNotNull();

            assertThat(delays).containsExactly(Duration.ofSeconds(20));
        }

        @Test
        void healsWithAllOthers() {
            FaultInjector faults = on(Layer.FAKE);
            FaultLease first = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9));
            FaultLease second = faults.at(Moment.STARTED).arm(new Fault.Exited(1));
            assertThat(faults.leases()).containsExactly(first, second);

            faults.healAll();

            assertThat(first.isHealed()).isTrue();
            assertThat(second.isHealed()).isTrue();
        }

        @Test
        void landsWhereAndAsOftenAsTheOrderSays() {
            FaultLease lease =
                    on(Layer.FAKE).at(Moment.EXECUTED).inSlot(2).times(2).arm(new Fault.Signalled(9));

            assertThat(lease.land(Moment.EXECUTED, 1)).isFalse();
            assertThat(lease.land(Moment.EXECUTED, 2)).isTrue();
            assertThat(lease.land(Moment.EXECUTED, 2)).isTrue();
            assertThat(lease.land(Moment.EXECUTED, 2)).isFalse();
        }

        @Test
        void hasASlotAndANumberOfTimesFromOne() {
            assertThatThrownBy(() -> on(Layer.FAKE).at(Moment.EXECUTED).inSlot(0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("slot must be 1 or more, got 0");
            assertThatThrownBy(() -> on(Layer.FAKE).at(Moment.EXECUTED).times(0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("times must be 1 or more, got 0");
        }
    }

    @Nested
    class AProcess {

        @Test
        void endsOrHangsByItselfAtItsStartOnlyWhereItIsARealOne() {
            for (Fault fault : List.of(new Fault.Exited(1), new Fault.Hung())) {
                assertThat(momentsOf(fault, Layer.FAKE)).hasSameSizeAs(Moment.values());
                assertThat(momentsOf(fault, Layer.SCRIPTED)).containsExactly(Moment.STARTED);
                assertThat(momentsOf(fault, Layer.PYTHON)).containsExactly(Moment.STARTED);
            }
        }

        @Test
        void isSentASignalAtAnyMoment() {
            assertThat(momentsOf(new Fault.Signalled(9), Layer.PYTHON)).hasSameSizeAs(Moment.values());
        }

        @Test
        void takesMoreMemoryInItsHandlerOnly() {
            assertThat(momentsOf(new Fault.Ballooned(1), Layer.PYTHON)).containsExactly(Moment.STARTED);
        }
    }

    @Nested
    class TheWire {

        @Test
        void isDisturbedWhereAFramePassesOnly() {
            assertThat(momentsOf(new Fault.Dropped(), Layer.SCRIPTED))
                    .containsExactlyInAnyOrder(
                            Moment.MID_HANDSHAKE,
                            Moment.MID_LOAD,
                            Moment.CHECKED,
                            Moment.BEFORE_SEND,
                            Moment.STREAMED,
                            Moment.EXECUTED);
        }
    }
}
