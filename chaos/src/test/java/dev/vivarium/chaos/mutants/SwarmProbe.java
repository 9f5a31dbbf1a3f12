package dev.vivarium.chaos.mutants;

import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Swarm;
import dev.vivarium.chaos.SwarmReport;
import dev.vivarium.chaos.SwarmSettings;
import java.time.Duration;

/** Runs a swarm in a class loader of its own, and says in strings what came of it. */
public final class SwarmProbe {

    private SwarmProbe() {}

    /**
     * Runs a swarm.
     *
     * @return the runs and the milliseconds until it ended; and when a seed has failed, that seed, the first checker that said so with
     *     what it found, the runs that shrinking took, the seed and the YAML of the scenario that is left
     */
    public static String[] run(long seed, long runs, long millis) throws Exception {
        SwarmReport report = Swarm.run(SwarmSettings.of(seed, runs).withLength(Duration.ofMillis(millis)));
        String count = Long.toString(report.runs());
        String took = Long.toString(report.took().toMillis());
        if (report.failure().isEmpty()) {
            return new String[] {count, took};
        }
        SwarmReport.Failure failure = report.failure().get();
        return new String[] {
            count,
            took,
            RunSettings.hex(failure.seed()),
            failure.findings().get(0).checker() + ": "
                    + failure.findings().get(0).found(),
            Integer.toString(failure.shrinkRuns()),
            RunSettings.hex(failure.scenarioSeed()),
            failure.scenario().toYaml()
        };
    }
}
