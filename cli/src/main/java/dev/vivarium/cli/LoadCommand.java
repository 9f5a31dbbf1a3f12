package dev.vivarium.cli;

import dev.vivarium.bench.BenchSettings;
import dev.vivarium.bench.Benchmark;
import dev.vivarium.bench.PoolLoad;
import dev.vivarium.bench.load.LoadGenerator;
import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.LoadPlanText;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vivarium bench load}: calls that are due when a plan says, whatever has become of the earlier ones. */
@Command(
        description = {
            "Makes calls when a plan says, whether earlier ones have been answered or not. Latency is from the moment",
            "at which a call was due, service from that at which it was made."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Operations: echo (a small JSON object), burn (100 us of processor), bytes (64 KiB as base64).",
            BenchCommand.STATUS,
            BenchCommand.STATUS_MORE
        })
final class LoadCommand implements Callable<Integer> {

    private static final int IN_FLIGHT = 10_000;
    private static final int WARM_UP = 5_000;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    @Option(names = "--plan", required = true, paramLabel = "PLAN", description = LoadPlanText.FORMS + ".")
    private String plan = "";

    @Option(
            names = "--mix",
            paramLabel = "NAME=WEIGHT,...",
            description = "The operations, and how often each in relation to the others. Default: echo=1.")
    private String mix = "echo=1";

    @Option(names = "--seed", paramLabel = "N", description = "Makes the choices of a mix repeatable. Default: 1.")
    private long seed = 1;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            description =
                    "How many calls may be without an answer; what is due beyond it is dropped, and counted. Default: "
                            + IN_FLIGHT + ".")
    private int inFlight = IN_FLIGHT;

    @Mixin
    private BenchRun run = new BenchRun();

    @Override
    public Integer call() throws Exception {
        LoadPlan load;
        BenchSettings settings;
        try {
            load = LoadPlanText.read(plan, mix);
            PoolLoad.check(load);
            LoadGenerator.checkInFlight(inFlight);
            BenchSettings defaults = Benchmark.LATENCY.defaults();
            settings = new BenchSettings(
                    run.python(), run.workers(1), defaults.calls(), run.warmUp(WARM_UP), defaults.transport());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), Durations.forPeople(String.valueOf(e.getMessage())));
        }
        return run.run(spec.commandLine(), progress -> PoolLoad.run(load, seed, inFlight, settings, progress));
    }
}
