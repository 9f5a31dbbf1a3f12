package dev.vivarium.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The seed decides the schedule, all of it and nothing else does. */
class ScheduleTest {

    private static Step kill(Duration after, Duration ttl) {
        return new Step.Inject(
                after,
                new ChaosFault.Signalled(Signal.KILL, KillPoint.ANY),
                Targets.percent(60),
                Duration.ofMillis(200),
                ttl,
                1);
    }

    private static Schedule of(Step step, long seed) {
        Scenario scenario =
                Scenario.builder("x").workers(5).step(step).expect("lost == 0").build();
        return Schedule.of(scenario, seed);
    }

    @Test
    void isEqualForEqualSeedsAndDiffersForOthers() throws IOException {
        for (String name : Scenarios.NAMES) {
            Scenario scenario = Scenarios.find(name);
            Set<String> schedules = new HashSet<>();

            for (long seed = 0; seed < 50; seed++) {
                Schedule schedule = Schedule.of(scenario, seed);
                assertThat(Schedule.of(scenario, seed)).isEqualTo(schedule);
                assertThat(Schedule.of(scenario, seed).text()).isEqualTo(schedule.text());
                schedules.add(schedule.text());
            }

            // A few workers have few orders; those of the scenarios with many faults are all different.
            assertThat(schedules).as(name).hasSizeGreaterThan(name.equals("cascade") ? 20 : 10);
        }
    }

    @Test
    void spreadsItsTargetsWithinTheTimeAndDrawsTheirKillPoints() {
        Set<KillPoint> points = new HashSet<>();
        for (long seed = 0; seed < 50; seed++) {
            Schedule.Planned planned = of(kill(Duration.ZERO, Duration.ofSeconds(1)), seed)
                    .faults()
                    .get(0);

            assertThat(planned.order()).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
            assertThat(planned.offsets())
                    .hasSize(3)
                    .allMatch(offset -> offset.compareTo(Duration.ofMillis(200)) <= 0 && !offset.isNegative());
            points.addAll(planned.points());
        }
        assertThat(points)
                .containsExactlyInAnyOrder(
                        KillPoint.OUTSIDE,
                        KillPoint.BEFORE_SEND,
                        KillPoint.AFTER_SEND,
                        KillPoint.STARTED,
                        KillPoint.EXECUTED);
    }

    @Test
    void saysItsFaultsInTheWordsOfTheFile() {
        Step step = new Step.Inject(
                Duration.ZERO,
                new ChaosFault.Delayed(Direction.TO_JVM, Duration.ofMillis(70), Duration.ZERO, 0.5, 0.25),
                Targets.ONE,
                Duration.ZERO,
                Duration.ofSeconds(2),
                1);

        assertThat(of(step, 1).text())
                .startsWith(
                        "+0ms #1 delay direction=to-jvm by=70ms jitter=0ms correlation=0.5 share=25%; targets one of ");
    }

    @Test
    void healsWhatIsSwizzledInAnotherOrderThanItWasCutOff() {
        Set<List<Duration>> drawn = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            Step step = new Step.Inject(
                    Duration.ZERO,
                    new ChaosFault.Swizzled(Direction.BOTH),
                    Targets.ALL,
                    Duration.ZERO,
                    Duration.ofSeconds(2),
                    1);
            Schedule.Planned planned = of(step, seed).faults().get(0);

            List<Duration> times =
                    IntStream.range(0, 5).mapToObj(planned::ttlOf).toList();

            assertThat(times).allMatch(time -> !time.isZero() && time.compareTo(Duration.ofSeconds(2)) <= 0);
            assertThat(IntStream.range(0, 5).mapToObj(of(step, seed).faults().get(0)::ttlOf))
                    .containsExactlyElementsOf(times);
            drawn.add(times);
        }
        assertThat(drawn).hasSize(20);
    }

    @Test
    void putsStepsOneAfterTheOtherTogetherAndInStages() {
        Step step = new Step.Sequence(
                Duration.ofMillis(100),
                List.of(
                        new Step.Inject(
                                Duration.ZERO,
                                new ChaosFault.Hung(),
                                Targets.ONE,
                                Duration.ZERO,
                                Duration.ofSeconds(1),
                                1),
                        new Step.Parallel(
                                Duration.ofMillis(10),
                                List.of(
                                        new Step.Staged(
                                                Duration.ZERO,
                                                2,
                                                Duration.ofMillis(500),
                                                new Step.Inject(
                                                        Duration.ZERO,
                                                        new ChaosFault.Hung(),
                                                        Targets.ONE,
                                                        Duration.ZERO,
                                                        Duration.ofMillis(50),
                                                        1)),
                                        new Step.Inject(
                                                Duration.ofMillis(5),
                                                new ChaosFault.GuardianKilled(),
                                                Targets.ONE,
                                                Duration.ZERO,
                                                Duration.ofMillis(50),
                                                1)))));

        Schedule schedule = of(step, 1);

        assertThat(schedule.faults().stream().map(fault -> fault.at().toMillis()))
                .containsExactly(100L, 1110L, 1115L, 1610L);
        assertThat(schedule.length()).isEqualTo(Duration.ofMillis(1660));
    }

    @Test
    void drawsMixesAsAPoissonProcessWithWeights() {
        Step mix = new Step.Mix(
                Duration.ZERO,
                Duration.ofSeconds(60),
                Duration.ofMillis(100),
                List.of(
                        new Step.Choice(9, kill(Duration.ZERO, Duration.ofMillis(1))),
                        new Step.Choice(
                                1,
                                new Step.Inject(
                                        Duration.ZERO,
                                        new ChaosFault.Hung(),
                                        Targets.ONE,
                                        Duration.ZERO,
                                        Duration.ofMillis(1),
                                        1))),
                false);

        Schedule schedule = of(mix, 3);

        // 600 are expected, a tenth of them hangs; further off than by five standard deviations is a defect.
        assertThat(schedule.faults()).hasSizeBetween(480, 720);
        assertThat(schedule.faults().stream()
                        .filter(fault -> fault.fault() instanceof ChaosFault.Hung)
                        .count())
                .isBetween(24L, 96L);
    }

    @Test
    void leavesChoicesOutInASwarm() throws IOException {
        Set<Set<Class<?>>> kinds = new HashSet<>();
        Scenario combined = Scenarios.find("combined");

        for (long seed = 0; seed < 20; seed++) {
            Set<Class<?>> drawn = new HashSet<>();
            Schedule.of(combined, seed)
                    .faults()
                    .forEach(fault -> drawn.add(fault.fault().getClass()));
            kinds.add(drawn);
        }

        assertThat(kinds).hasSizeGreaterThan(10);
    }

    @Test
    void hasStreamsThatDoNotMoveEachOther() {
        RandomStreams streams = new RandomStreams(7);

        assertThat(streams.stream("a").nextLong())
                .isEqualTo(new RandomStreams(7).stream("a").nextLong());
        assertThat(streams.stream("a").nextLong())
                .isNotEqualTo(streams.stream("b").nextLong());
        assertThat(streams.stream("a").nextLong())
                .isNotEqualTo(new RandomStreams(8).stream("a").nextLong());
    }
}
