package dev.vivarium.chaos;

import dev.vivarium.chaos.internal.twin.TwinRun;

/**
 * Runs scenarios in virtual time, on simulated workers: the pool's decision cores, its recovery and its way of sessions are the real
 * ones; what carries their decisions out, the workers, the channels and the clock are not. A run takes milliseconds, and equal
 * scenarios and seeds have equal runs, to the last event.
 *
 * <pre>{@code
 * TwinResult result = Twin.run(scenario, 7);
 * assertThat(result.failed()).isEmpty();
 * }</pre>
 */
public final class Twin {

    private Twin() {}

    /**
     * Runs a scenario and judges it.
     *
     * @throws InvalidScenario when its load is too short for the schedule of this seed
     */
    public static TwinResult run(Scenario scenario, long seed) {
        return new TwinRun(scenario, ChaosRun.schedule(scenario, seed), false).run();
    }

    /**
     * The same, and keeps what happens, a line each.
     *
     * @throws InvalidScenario when its load is too short for the schedule of this seed
     */
    public static TwinResult runWithHistory(Scenario scenario, long seed) {
        return new TwinRun(scenario, ChaosRun.schedule(scenario, seed), true).run();
    }
}
