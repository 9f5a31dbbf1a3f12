package dev.vivarium.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.FaultLeases;
import dev.vivarium.testkit.Moment;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which of the armed faults lands. */
class FaultPlanTest {

    private final FaultPlan plan = new FaultPlan();

    private FaultLease armed(Fault fault) {
        FaultLease lease = FaultLeases.armed(fault);
        plan.add(lease);
        return lease;
    }

    @Nested
    class APartition {

        private FaultLease landed(boolean toWorker, boolean toJvm) {
            FaultLease lease = armed(new Fault.Partitioned(toWorker, toJvm));
            assertThat(lease.land(Moment.BEFORE_SEND, 1)).isTrue();
            return lease;
        }

        @Test
        void holdsTheWayToTheWorkerOnly() {
            FaultLease cut = landed(true, false);

            assertThat(plan.partition(1, true)).isSameAs(cut);
            assertThat(plan.partition(1, false)).isNull();
        }

        @Test
        void holdsTheWayToTheJvmOnly() {
            FaultLease cut = landed(false, true);

            assertThat(plan.partition(1, true)).isNull();
            assertThat(plan.partition(1, false)).isSameAs(cut);
        }

        @Test
        void holdsInItsWorkerAndUntilItIsHealed() {
            FaultLease cut = landed(true, true);
            assertThat(plan.partition(2, true)).isNull();
            assertThat(plan.partition(1, true)).isSameAs(cut);

            cut.heal();

            assertThat(plan.partition(1, true)).isNull();
        }

        @Test
        void isNoneWhereAnotherFaultHasLanded() {
            assertThat(armed(new Fault.Dropped()).land(Moment.BEFORE_SEND, 1)).isTrue();

            assertThat(plan.partition(1, true)).isNull();
        }
    }

    @Nested
    class TheNextFault {

        @Test
        void isTheFirstOfItsKindThatIsDue() {
            FaultLease dropped = armed(new Fault.Dropped());
            FaultLease first = armed(new Fault.Signalled(9));
            FaultLease second = armed(new Fault.Signalled(15));

            assertThat(plan.takeLease(Moment.BEFORE_SEND, 1, Fault.OnProcess.class))
                    .isSameAs(first);
            assertThat(plan.takeLease(Moment.BEFORE_SEND, 1, Fault.OnProcess.class))
                    .isSameAs(second);
            assertThat(plan.takeLease(Moment.BEFORE_SEND, 1, Fault.OnProcess.class))
                    .isNull();
            assertThat(dropped.landed()).isZero();
        }

        @Test
        void isDueByItsKindAndMoment() {
            assertThat(armed(new Fault.Dropped()).landed()).isZero();

            assertThat(plan.isDue(Moment.BEFORE_SEND, 1, Fault.OnWire.class)).isTrue();
            assertThat(plan.isDue(Moment.BEFORE_SEND, 1, Fault.OnProcess.class)).isFalse();
            assertThat(plan.isDue(Moment.STARTED, 1, Fault.OnWire.class)).isFalse();
        }
    }
}
