package dev.vivarium.cli;

import dev.vivarium.bench.BenchSettings;
import dev.vivarium.bench.Benchmark;
import dev.vivarium.bench.floor.Transport;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vivarium bench}: measures pools, and the floor beside them. */
@Command(
        name = "bench",
        description = "Measures pools, and in the same run the floor: bare loops over the same channel.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "BENCHMARK",
        footer = {"", BenchCommand.STATUS, BenchCommand.STATUS_MORE})
final class BenchCommand implements Runnable {

    static final String STATUS =
            "Exit status: 0 measured, whatever came of it; 64 wrong usage, 69 something is missing,";
    static final String STATUS_MORE = "70 a defect of ours, 74 the report could not be written, 130 interrupted.";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    /** Returns the command with one subcommand for each benchmark. */
    static CommandLine create() {
        CommandLine command = new CommandLine(new BenchCommand());
        for (Benchmark benchmark : Benchmark.values()) {
            CommandLine measurement = new CommandLine(new Measurement(benchmark));
            BenchSettings defaults = benchmark.defaults();
            measurement
                    .getCommandSpec()
                    .usageMessage()
                    .description(
                            "Measures " + benchmark.summary() + ".",
                            "Unless told otherwise: workers " + defaults.workers() + ", calls " + defaults.calls()
                                    + ", warm-up " + defaults.warmUp() + ".");
            command.addSubcommand(benchmark.word(), measurement);
        }
        command.addSubcommand("load", new LoadCommand());
        return command;
    }

    /** Called without a benchmark, which is wrong usage. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a benchmark is needed: "
                        + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }

    /** One benchmark. */
    @Command(
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {"", STATUS, STATUS_MORE})
    static final class Measurement implements Callable<Integer> {

        private final Benchmark benchmark;

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
        private CommandSpec spec;

        @Option(
                names = "--calls",
                paramLabel = "N",
                description = "How often each kind of call is measured; or kills, starts, pairs of idle times.")
        private @Nullable Integer calls;

        @Mixin
        private BenchRun run = new BenchRun();

        @Option(
                names = "--floor",
                paramLabel = "CHANNEL",
                description =
                        "The floor that ratios are over, pipe or socket: the channel that pools use. Default: pipe.")
        private @Nullable String floor;

        Measurement(Benchmark benchmark) {
            this.benchmark = benchmark;
        }

        @Override
        public Integer call() throws Exception {
            BenchSettings settings = settings();
            return run.run(spec.commandLine(), progress -> benchmark.run(settings, progress));
        }

        private BenchSettings settings() {
            BenchSettings defaults = benchmark.defaults();
            try {
                return new BenchSettings(
                        run.python(),
                        run.workers(defaults.workers()),
                        calls != null ? calls : defaults.calls(),
                        run.warmUp(defaults.warmUp()),
                        floor != null ? transport(floor) : defaults.transport());
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
            }
        }

        private static Transport transport(String word) {
            for (Transport transport : Transport.values()) {
                if (transport.word().equals(word.toLowerCase(Locale.ROOT))) {
                    return transport;
                }
            }
            throw new IllegalArgumentException("floor must be pipe or socket, got '" + word + "'");
        }
    }
}
