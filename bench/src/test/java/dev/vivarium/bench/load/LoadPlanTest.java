package dev.vivarium.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LoadPlanTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private static List<LoadPlan.Arrival> all(LoadPlan plan, long seed) {
        List<LoadPlan.Arrival> all = new ArrayList<>();
        plan.arrivals(seed).forEachRemaining(all::add);
        return all;
    }

    private static List<Long> millis(LoadPlan plan) {
        return all(plan, 1).stream().map(arrival -> arrival.nanos() / 1_000_000).toList();
    }

    @Nested
    class Arrival {

        @Test
        void comesAtEvenDistancesWhenTheRateIsConstant() {
            assertThat(millis(LoadPlan.constant(4, SECOND))).containsExactly(0L, 250L, 500L, 750L);
        }

        @Test
        void comesMoreAndMoreOftenOnARamp() {
            // The n-th call is due when t * t = n, in seconds.
            assertThat(millis(LoadPlan.ramp(0, 4, Duration.ofSeconds(2)))).containsExactly(0L, 1000L, 1414L, 1732L);
        }

        @Test
        void comesLessAndLessOftenOnARampDown() {
            assertThat(millis(LoadPlan.ramp(4, 0, Duration.ofSeconds(2)))).containsExactly(0L, 267L, 585L, 1000L);
        }

        @Test
        void comesByTheRateOfItsStep() {
            LoadPlan plan = LoadPlan.steps(1, 3, 3, SECOND);

            assertThat(plan.phases()).extracting(Phase::from).containsExactly(1.0, 2.0, 3.0);
            assertThat(millis(plan)).containsExactly(0L, 1000L, 1500L, 2000L, 2333L, 2666L);
        }

        @Test
        void comesThickInASpike() {
            LoadPlan plan = LoadPlan.spike(1, 10, Duration.ofSeconds(2), SECOND);

            assertThat(all(plan, 1))
                    .extracting(LoadPlan.Arrival::phase)
                    .containsExactly(0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2);
            assertThat(plan.length()).isEqualTo(Duration.ofSeconds(5));
        }

        @Test
        void doesNotComeInAPhaseOfRateZero() {
            LoadPlan plan = LoadPlan.constant(1, SECOND)
                    .then(LoadPlan.constant(0, SECOND))
                    .then(LoadPlan.constant(1, SECOND));

            assertThat(millis(plan)).containsExactly(0L, 2000L);
            assertThat(plan.calls()).isEqualTo(2);
        }

        @Test
        void isNeverBeforeTheOneBeforeItAndNeverAfterItsPhase() {
            LoadPlan plan = LoadPlan.ramp(0.3, 777.7, Duration.ofMillis(12_345)).then(LoadPlan.ramp(777.7, 0, SECOND));
            long end = plan.length().toNanos();
            long last = 0;
            for (LoadPlan.Arrival arrival : all(plan, 1)) {
                assertThat(arrival.nanos()).isBetween(last, end);
                last = arrival.nanos();
            }
            assertThat(all(plan, 1)).hasSize((int) plan.calls());
        }
    }

    @Nested
    class AMix {

        private final LoadPlan plan =
                LoadPlan.constant(10_000, SECOND).mix(new Operation("read", 9), new Operation("write", 1));

        @Test
        void hasOperationsByTheirWeights() {
            long writes = all(plan, 7).stream()
                    .filter(arrival -> arrival.operation() == 1)
                    .count();

            // Twelve standard deviations to either side, and with the seed always the same.
            assertThat(writes).isBetween(640L, 1360L);
        }

        @Test
        void isTheSameForTheSameSeedAndAnotherForAnother() {
            assertThat(all(plan, 7)).isEqualTo(all(plan, 7)).isNotEqualTo(all(plan, 8));
        }
    }

    @Nested
    class ABadPlan {

        @Test
        void isRefusedWithTheLimitAndTheValue() {
            assertThatThrownBy(() -> LoadPlan.constant(-1, SECOND))
                    .hasMessage("a rate must be 0 to 1000000 calls a second, got -1.0");
            assertThatThrownBy(() -> LoadPlan.constant(Double.NaN, SECOND)).hasMessageContaining("NaN");
            assertThatThrownBy(() -> LoadPlan.constant(1, Duration.ZERO)).hasMessageContaining("got PT0S");
            assertThatThrownBy(() -> LoadPlan.steps(1, 2, 1, SECOND)).hasMessage("steps must be 2 to 100, got 1");
            assertThatThrownBy(() -> new Operation("", 1)).hasMessageContaining("must not be empty");
            assertThatThrownBy(() -> new Operation("a", 0)).hasMessage("the weight of a must be 1 to 1000000, got 0");
            assertThatThrownBy(() -> LoadPlan.constant(1, SECOND).mix(new Operation("a", 1), new Operation("a", 2)))
                    .hasMessage("two operations are named a");
            assertThatThrownBy(() -> LoadPlan.constant(1, SECOND).mix())
                    .hasMessage("a plan must have 1 to 100 operations, got 0");
            assertThatThrownBy(() -> LoadPlan.constant(1_000_000, Duration.ofHours(1)))
                    .hasMessageEndingWith("calls, got 3600000000");
        }
    }
}
