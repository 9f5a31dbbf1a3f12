package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallOutcome;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which calls a workload is made of, when they come, and that they are made then. */
class WorkloadTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private static Workload of(long seed) {
        return Workload.seeded(seed)
                .calls(9, data -> PythonCall.to("echo").args(data.value()))
                .calls(1, data -> PythonCall.to("fail").args(data.text(5)));
    }

    private static <K> Map<K, Long> count(List<Workload.Planned> plan, Function<Workload.Planned, K> key) {
        return plan.stream().collect(Collectors.groupingBy(key, Collectors.counting()));
    }

    @Nested
    class APlan {

        @Test
        void ofEqualDistancesHasThem() {
            assertThat(ArrivalPlan.evenly(4, SECOND).moments(1))
                    .containsExactly(
                            Duration.ZERO, Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofMillis(750));
        }

        @Test
        void hasItsPartsOneAfterTheOther() {
            ArrivalPlan plan = ArrivalPlan.burst(2)
                    .then(ArrivalPlan.pause(SECOND))
                    .then(ArrivalPlan.evenly(1, SECOND))
                    .then(ArrivalPlan.burst(1));

            assertThat(plan.moments(1)).containsExactly(Duration.ZERO, Duration.ZERO, SECOND, SECOND.multipliedBy(2));
            assertThat(plan.length()).isEqualTo(SECOND.multipliedBy(2));
        }

        @Test
        void atRandomHasAboutSoManyInOrderAndTheSameForTheSameSeed() {
            ArrivalPlan plan = ArrivalPlan.atRandom(1000, SECOND.multipliedBy(10));

            List<Duration> moments = plan.moments(3);

            assertThat(moments)
                    .isSorted()
                    .hasSizeBetween(9_500, 10_500)
                    .allMatch(at -> at.compareTo(plan.length()) < 0);
            assertThat(plan.moments(3)).isEqualTo(moments);
            assertThat(plan.moments(4)).isNotEqualTo(moments);
        }

        @Test
        void saysWhatItCannotBe() {
            assertThatThrownBy(() -> ArrivalPlan.evenly(0, SECOND)).hasMessageContaining("more than 0, got 0.0");
            assertThatThrownBy(() -> ArrivalPlan.atRandom(1, Duration.ZERO)).hasMessageContaining("got 1.0 and PT0S");
            assertThatThrownBy(() -> ArrivalPlan.burst(0)).hasMessageContaining("1 or more, got 0");
            assertThatThrownBy(() -> ArrivalPlan.evenly(100_001, SECOND)).hasMessageContaining("at most 100000");
        }
    }

    @Nested
    class AWorkload {

        private final List<Workload.Planned> plan = of(1).over(ArrivalPlan.evenly(1000, SECOND));

        @Test
        void hasItsCallsInProportion() {
            Map<String, Long> handlers = count(plan, planned -> planned.call().handler());

            assertThat(handlers).containsOnlyKeys("echo", "fail");
            assertThat(handlers.get("fail")).isBetween(60L, 140L);
        }

        @Test
        void isTheSameForTheSameSeed() {
            List<List<?>> arguments = List.of(1L, 1L, 2L).stream()
                    .<List<?>>map(seed -> of(seed).over(ArrivalPlan.burst(20)).stream()
                            .map(planned -> planned.call().positional())
                            .toList())
                    .toList();

            assertThat(arguments.get(1)).isEqualTo(arguments.get(0)).isNotEqualTo(arguments.get(2));
        }

        @Test
        void numbersItsCallsAndHasNoSessionsUnlessAsked() {
            assertThat(plan)
                    .extracting(Workload.Planned::number)
                    .startsWith(0, 1, 2)
                    .endsWith(999);
            assertThat(plan).extracting(Workload.Planned::session).containsOnlyNulls();
        }

        @Test
        void givesFewSessionsMostOfItsCalls() {
            List<Workload.Planned> inSessions = of(1).inSessions(0.5, 10).over(ArrivalPlan.evenly(1000, SECOND));

            Map<String, Long> sessions = count(inSessions, planned -> String.valueOf(planned.session()));

            assertThat(sessions).hasSize(11);
            assertThat(sessions.get("null")).isBetween(430L, 570L);
            assertThat(sessions.get("session-1")).isGreaterThan(3 * sessions.get("session-10"));
        }

        @Test
        void saysWhatItCannotBe() {
            assertThatThrownBy(() -> Workload.seeded(1).over(ArrivalPlan.burst(1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("needs a kind of call");
            assertThatThrownBy(() -> of(1).calls(0, data -> PythonCall.to("echo")))
                    .hasMessageContaining("got 0");
            assertThatThrownBy(() -> of(1).inSessions(1.5, 1)).hasMessageContaining("got 1.5 and 1");
            assertThatThrownBy(() -> of(1).inSessions(1, 0)).hasMessageContaining("got 1.0 and 0");
        }
    }

    @Nested
    class CallsAsPlanned {

        @VivariumTest
        void areMadeAtTheirTimeAndEndInThePlansOrder(TestPool kit, TestTime time) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            List<Workload.Planned> plan = of(kit.seed())
                    .over(ArrivalPlan.burst(10).then(ArrivalPlan.pause(SECOND)).then(ArrivalPlan.burst(10)));

            List<CallOutcome<?>> ends = ConcurrentCalls.of(kit, monitor).asPlanned(plan);

            assertThat(ends).hasSameSizeAs(plan);
            for (Workload.Planned planned : plan) {
                CallOutcome<?> end = ends.get(planned.number());
                assertThat(end instanceof CallOutcome.Failed<?> failed && failed.error() instanceof PythonException)
                        .isEqualTo(planned.call().handler().equals("fail"));
                assertThat(Duration.between(
                                ends.get(0).timeline().queued(), end.timeline().queued()))
                        .isEqualTo(planned.at());
            }
            assertThat(monitor.now().calls().watched()).isEqualTo(20);
        }

        @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
        void belongToTheirSessions(TestPool kit) throws Exception {
            Workload workload = Workload.of(kit)
                    .calls(1, data -> PythonCall.to("echo").args(data.number()))
                    .inSessions(1, 3);

            List<CallOutcome<?>> ends = ConcurrentCalls.of(kit, PoolMonitor.of(kit))
                    .asPlanned(workload.over(ArrivalPlan.atRandom(100, Duration.ofMillis(200))));

            assertThat(ends).isNotEmpty().allMatch(end -> end instanceof CallOutcome.Succeeded<?>);
            assertThat(kit.pool().snapshot().sessions().bindings()).isBetween(1L, 3L);
        }
    }
}
