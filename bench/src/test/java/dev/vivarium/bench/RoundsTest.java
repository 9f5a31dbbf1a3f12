package dev.vivarium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {

    private final List<String> order = new ArrayList<>();
    private final Rounds rounds = new Rounds(state -> {});

    private Subject noted(String name, long nanosOfEach) {
        return (calls, nanos) -> {
            order.add(name + calls);
            for (int i = 0; i < calls; i++) {
                nanos.accept(nanosOfEach);
            }
        };
    }

    @Test
    void takeSubjectsInTurnsAndEverySecondRoundBackwards() throws Exception {
        rounds.add("a", noted("a", 1000));
        rounds.add("b", noted("b", 1000));

        rounds.run(0, 40, 10);

        assertThat(order).containsExactly("a10", "b10", "b10", "a10", "a10", "b10", "b10", "a10");
    }

    @Test
    void areEvenInNumberAndOfEqualLength() throws Exception {
        rounds.add("a", noted("a", 1000));

        rounds.run(0, 25, 10);

        assertThat(order).containsExactly("a6", "a6", "a6", "a6");
    }

    @Test
    void keepNothingOfTheWarmUp() throws Exception {
        Samples samples = rounds.add("a", noted("a", 1000));

        rounds.run(100, 10, 10);

        assertThat(samples.latency(Side.FLOOR).values().count()).isEqualTo(10);
        assertThat(samples.rate(Side.FLOOR).values().count()).isEqualTo(2);
    }

    @Test
    void compareMediansOverAllAndWithinEachRound() throws Exception {
        Samples floor = rounds.add("floor", noted("floor", 10_000));
        Samples ours = rounds.add("ours", noted("ours", 15_000));

        rounds.run(0, 40, 10);

        Ratio ratio = ours.latencyOver(floor, "<= 1.5");
        assertThat(ratio.value()).isBetween(1.49, 1.51);
        assertThat(ratio.low()).isEqualTo(ratio.high()).isBetween(1.49, 1.51);
        assertThat(ratio.rounds()).isEqualTo(4);
        assertThat(ratio.of() + " / " + ratio.over()).isEqualTo("ours / floor");
    }

    @Test
    void endWithAnInterrupt() {
        rounds.add("a", noted("a", 1000));
        rounds.add("b", (calls, nanos) -> Thread.currentThread().interrupt());

        assertThatThrownBy(() -> rounds.run(0, 40, 10)).isInstanceOf(InterruptedException.class);
        assertThat(order).containsExactly("a10");
    }
}
