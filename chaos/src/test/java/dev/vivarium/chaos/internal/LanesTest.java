package dev.vivarium.chaos.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.PoolProcess;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.Targets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A timeline has a lane for each thing that happens, and says what has landed, where, and why not. */
class LanesTest {

    private static final long SECOND = 1_000_000_000;

    private final Schedule schedule = Schedule.of(
            Scenario.builder("lanes")
                    .workers(2)
                    .fault(Duration.ZERO, new ChaosFault.Frames(FrameEffect.FORGE, Direction.TO_JVM, 1), Targets.ALL)
                    .fault(
                            Duration.ofSeconds(1),
                            new ChaosFault.PoolSignalled(PoolProcess.TEMPLATE, Signal.STOP),
                            Targets.ONE)
                    .expect("lost == 0")
                    .build(),
            1);

    private Struck struck(int fault, int slot) {
        return new Struck(schedule.faults().get(fault), slot, SECOND);
    }

    @Test
    void hasALaneForEachKindAndABarForEachTarget() {
        Struck first = struck(0, 1);
        first.land(2 * SECOND);
        first.heal(3 * SECOND);
        Struck second = struck(0, 2);
        second.heal(3 * SECOND);

        Lanes lanes = new Lanes(List.of(first, second, struck(1, 0)), second1 -> 100 * second1);

        assertThat(lanes.height()).isEqualTo(2 * Lanes.HEIGHT);
        String drawn = lanes.lanes(0, 90);
        assertThat(drawn)
                .containsOnlyOnce(">forge</text>")
                .containsOnlyOnce(">template STOP</text>")
                .contains("#1 worker 1: frames effect=forge direction=to-jvm share=100%, landed once")
                .contains("x=\"200.0\" y=\"1\" width=\"100.0\"")
                .contains("#1 worker 2: frames effect=forge direction=to-jvm share=100%, has not landed<");
        assertThat(lanes.bands(0, 50)).containsOnlyOnce("<rect ").contains("x=\"200.0\"");
    }

    @Test
    void saysWhyAFaultCouldNotLand() {
        Struck refused = struck(1, 0);
        refused.refuse("there is no template");
        refused.heal(SECOND);

        assertThat(new Lanes(List.of(refused), second -> second).lanes(0, 90))
                .contains("#2 pool: pool-signal process=template signal=stop, has not landed: there is no template");
    }
}
