package dev.vivarium.chaos.internal;

import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.ChaosRun;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.PoolProcess;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A program that has a worker and the guardian stopped for minutes: a test kills it meanwhile. */
final class RunToBeKilled {

    private RunToBeKilled() {}

    public static void main(String[] arguments) throws Exception {
        Scenario scenario = Scenario.builder("killed")
                .workers(2)
                .load(new LoadSpec(
                        "constant:5:4m", Map.of(LoadSpec.SAFE, 1), Duration.ZERO, Duration.ofSeconds(20), 1, 1000))
                .steady(new SteadyState(Duration.ofMillis(300), 0.01, Duration.ofSeconds(20)))
                .step(stopped(0, new ChaosFault.Signalled(Signal.STOP, KillPoint.OUTSIDE)))
                // Later, by as much as a busy machine takes: it is the guardian that stops the worker.
                .step(stopped(8, new ChaosFault.PoolSignalled(PoolProcess.GUARDIAN, Signal.STOP)))
                .expect("lost == 0")
                .build();
        var unused = ChaosRun.run(scenario, RunSettings.of(1, Path.of(arguments[0])));
    }

    private static Step stopped(long after, ChaosFault fault) {
        return new Step.Inject(Duration.ofSeconds(after), fault, Targets.ONE, Duration.ZERO, Duration.ofMinutes(3), 1);
    }
}
