package dev.vivarium.chaos;

import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.internal.Leftovers;
import dev.vivarium.chaos.internal.Runner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Runs scenarios on real processes. For tests, too:
 *
 * <pre>{@code
 * ChaosResult result = ChaosRun.run(scenario, RunSettings.of(7, folder));
 * assertThat(result.verdict()).as(result.text()).isEqualTo(Verdict.VALID);
 * }</pre>
 */
public final class ChaosRun {

    private ChaosRun() {}

    /**
     * Draws a scenario's schedule and checks that its load is long enough for it.
     *
     * @throws InvalidScenario when it is not
     */
    public static Schedule schedule(Scenario scenario, long seed) {
        Schedule schedule = Schedule.of(scenario, seed);
        Duration window = scenario.steady().window();
        Duration needed = window.plus(schedule.length()).plus(window);
        Duration load = scenario.load().loadPlan().length();
        if (load.compareTo(needed) < 0) {
            throw new InvalidScenario(
                    "scenario " + scenario.name(),
                    List.of("load.plan lasts " + LoadPlanText.text(load) + " and must last "
                            + LoadPlanText.text(needed) + " with this seed: the steady window before, "
                            + LoadPlanText.text(schedule.length()) + " until all is healed, and the window after"));
        }
        return schedule;
    }

    /**
     * Runs a scenario and judges it. What runners have left in the report's folder that were killed is healed first. Blocks.
     *
     * @throws InvalidScenario when its load is too short for the schedule of this seed
     * @throws IOException when the report cannot be written
     * @throws InterruptedException when interrupted; everything is healed and ended
     */
    public static ChaosResult run(Scenario scenario, RunSettings settings) throws IOException, InterruptedException {
        Schedule schedule = schedule(scenario, settings.seed());
        heal(settings.report()).forEach(settings.progress());
        return new Runner(scenario, schedule, settings).run();
    }

    /**
     * Ends and removes what runs have left whose runner was killed: processes that bear their mark, folders; and notes it in their
     * history. Runs that go on are left alone.
     *
     * @return a sentence for each such run
     */
    public static List<String> heal(Path report) throws IOException {
        return Leftovers.heal(report);
    }
}
