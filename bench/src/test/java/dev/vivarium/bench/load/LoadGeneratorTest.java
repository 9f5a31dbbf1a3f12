package dev.vivarium.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** In virtual time, in which everything takes exactly as long as is said. */
class LoadGeneratorTest {

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final VirtualClock clock = new VirtualClock();

    private LoadReport run(LoadPlan plan, int inFlight, LoadTarget target) throws InterruptedException {
        return new LoadGenerator(plan, 1, inFlight, PATIENCE, clock, target).run();
    }

    private static LoadReport.Part only(LoadReport report) {
        assertThat(report.parts()).hasSize(1);
        return report.parts().get(0);
    }

    @Test
    void makesEveryCallWhenItIsDueWhateverHasBecomeOfTheEarlierOnes() throws Exception {
        List<Long> made = new ArrayList<>();

        LoadReport report = run(LoadPlan.constant(10, Duration.ofMillis(500)), 100, operation -> {
            made.add(TimeUnit.NANOSECONDS.toMillis(clock.nanos()));
            return clock.at(clock.nanos() + nanos(300));
        });

        assertThat(made).containsExactly(0L, 100L, 200L, 300L, 400L);
        assertThat(report.planned()).isEqualTo(5);
        assertThat(only(report).ok()).isEqualTo(5);
        assertThat(only(report).latency().min()).isBetween(299_000.0, 300_000.0);
        assertThat(only(report).latency().max()).isBetween(300_000.0, 300_500.0);
    }

    @Test
    void countsLatencyFromTheMomentAtWhichACallWasDueAndServiceFromWhenItWasMade() throws Exception {
        // Given a target that holds up the generator itself for 250 ms with its first call
        boolean[] first = {true};

        LoadReport.Part part = only(run(LoadPlan.constant(10, Duration.ofMillis(300)), 100, operation -> {
            if (first[0]) {
                first[0] = false;
                clock.pass(nanos(250));
            }
            return CompletableFuture.completedFuture("ok");
        }));

        // Then the second and third, due after 100 and 200 ms, were late by 150 and 50 ms, and that is in their
        // latency.
        assertThat(part.latency().p50()).isBetween(149_800.0, 150_200.0);
        assertThat(part.latency().max()).isBetween(249_800.0, 250_200.0);
        assertThat(part.service().p50()).isZero();
        assertThat(part.service().max()).isBetween(249_800.0, 250_200.0);
        assertThat(part.delay().max()).isBetween(149_800.0, 150_200.0);
    }

    @Test
    void dropsAndCountsWhatIsDueWhileTooManyAreInFlight() throws Exception {
        LoadReport.Part part = only(run(
                LoadPlan.constant(10, Duration.ofSeconds(1)), 2, operation -> clock.at(clock.nanos() + nanos(350))));

        // Made at 0 and 100; dropped at 200, 300; made at 400 and 500; dropped at 600, 700; made at 800 and 900.
        assertThat(part.due()).isEqualTo(10);
        assertThat(part.ok()).isEqualTo(6);
        assertThat(part.dropped()).isEqualTo(4);
        assertThat(part.latency().count()).isEqualTo(6);
    }

    @Test
    void countsFailuresByTheirKindAndTimesOnlyWhatWasAnswered() throws Exception {
        int[] number = {0};

        LoadReport.Part part =
                only(run(LoadPlan.constant(10, Duration.ofSeconds(1)), 100, operation -> switch (number[0]++ % 3) {
                    case 0 -> CompletableFuture.completedFuture("ok");
                    case 1 -> CompletableFuture.failedFuture(new IllegalStateException("later"));
                    default -> throw new IllegalArgumentException("at once");
                }));

        assertThat(part.ok()).isEqualTo(4);
        assertThat(part.failed()).isEqualTo(6);
        assertThat(part.failures())
                .containsEntry("IllegalStateException", 3L)
                .containsEntry("IllegalArgumentException", 3L);
        assertThat(part.latency().count()).isEqualTo(4);
    }

    @Test
    void waitsForAnswersAsLongAsItHasPatience() throws Exception {
        LoadReport report =
                run(LoadPlan.constant(2, Duration.ofSeconds(1)), 100, operation -> new CompletableFuture<>());

        assertThat(only(report).unanswered()).isEqualTo(2);
        assertThat(report.seconds()).isBetween(2.0, 2.002);
    }

    @Test
    void keepsPhasesAndOperationsApart() throws Exception {
        LoadPlan plan = LoadPlan.spike(10, 100, Duration.ofSeconds(1), Duration.ofSeconds(1))
                .mix(new Operation("fast", 1), new Operation("slow", 1));

        LoadReport report = run(
                plan,
                1000,
                operation -> clock.at(clock.nanos() + nanos(operation.name().equals("slow") ? 50 : 5)));

        assertThat(report.parts()).hasSize(6);
        assertThat(report.sum(LoadReport.Part::ok)).isEqualTo(120).isEqualTo(plan.calls());
        assertThat(report.parts())
                .allSatisfy(part -> assertThat(part.service().p50())
                        .isBetween(
                                part.operation().equals("slow") ? 49_900.0 : 4_990.0,
                                part.operation().equals("slow") ? 50_100.0 : 5_010.0));
    }

    @Test
    void refusesLimitsThatAreNone() {
        LoadPlan plan = LoadPlan.constant(1, Duration.ofSeconds(1));

        assertThatThrownBy(() -> run(plan, 0, operation -> new CompletableFuture<>()))
                .hasMessage("calls in flight must be 1 to 1000000, got 0");
        assertThatThrownBy(() -> new LoadGenerator(
                        plan, 1, 1, Duration.ofSeconds(-1), clock, operation -> new CompletableFuture<>()))
                .hasMessageContaining("patience must not be negative");
    }

    @Nested
    class TheMachinesClock {

        @Test
        void waitsUntilAMomentAndEndsWithAnInterrupt() throws Exception {
            LoadClock system = LoadClock.system();
            long moment = system.nanos() + nanos(1);

            system.until(moment);

            assertThat(system.nanos() - moment).isNotNegative();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> system.until(system.nanos() + nanos(60_000)))
                    .isInstanceOf(InterruptedException.class);
        }
    }
}
