package dev.vivarium.cli;

import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.ChaosRun;
import dev.vivarium.chaos.InvalidScenario;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Scenarios;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vivarium chaos}: has faults befall a pool under load, and says what held. */
@Command(
        name = "chaos",
        description = "Has faults befall a pool under load, and says whether what must hold has held.",
        mixinStandardHelpOptions = true,
        subcommands = {ChaosRunCommand.class, ChaosReplayCommand.class, ChaosTwinCommand.class, ChaosSwarmCommand.class
        },
        footer = {"", ChaosCommand.STATUS, ChaosCommand.STATUS_MORE})
final class ChaosCommand implements Runnable {

    static final String STATUS =
            "Exit status: 0 valid, 1 invalid, 2 unknown (the measurement is bad), 64 wrong usage or scenario,";
    static final String STATUS_MORE =
            "69 no usable Python, 70 a defect of ours, 74 the report could not be written, 130 interrupted.";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    /** Called without a subcommand, which is wrong usage. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is needed: "
                        + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }

    /** Lists the scenarios. */
    @Command(description = "Lists the scenarios that come with the runner.", mixinStandardHelpOptions = true)
    int list() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        for (String name : Scenarios.NAMES) {
            out.printf("%-20s %s%n", name, Scenarios.find(name).title());
        }
        out.flush();
        return ExitCode.OK;
    }

    /** Explains a scenario. */
    @Command(
            description = "Prints a scenario with every value, and its schedule for a seed; nothing is run.",
            mixinStandardHelpOptions = true)
    int explain(
            @Parameters(paramLabel = "SCENARIO", description = "A name of chaos list, or a file.") String scenario,
            @Option(names = "--seed", paramLabel = "S", description = "Default: 1.", defaultValue = "1") String seed,
            @Option(names = "--workers", paramLabel = "N", description = "Workers of the pool.") @Nullable
                    Integer workers)
            throws UserError {
        CommandLine line = spec.commandLine();
        Scenario read = scenario(line, scenario, workers);
        line.getOut().print(read.toYaml());
        line.getOut().println();
        line.getOut().print(plan(line, read, seed(line, seed)));
        line.getOut().flush();
        return ExitCode.OK;
    }

    /** Returns a seed, decimal or hexadecimal. */
    static long seed(CommandLine line, String text) {
        try {
            return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    line, "--seed must be a whole number, decimal or such as 0x51f2, got '" + text + "'", e);
        }
    }

    /** Returns a new seed. */
    static long drawnSeed() {
        return new SecureRandom().nextInt() & 0xffffffffL;
    }

    /** Returns a scenario. */
    static Scenario scenario(CommandLine line, String nameOrFile, @Nullable Integer workers) throws UserError {
        try {
            Scenario scenario = Scenarios.find(nameOrFile);
            // By its text, so that the number is checked like that of the file.
            return workers == null
                    ? scenario
                    : Scenario.parse(nameOrFile, scenario.withWorkers(workers).toYaml());
        } catch (InvalidScenario e) {
            throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
        } catch (IOException | java.nio.file.InvalidPathException e) {
            throw new ParameterException(
                    line,
                    "there is no scenario and no readable file '" + nameOrFile + "'; there are: "
                            + String.join(", ", Scenarios.NAMES),
                    e);
        }
    }

    /** Returns what a run would do. */
    static String plan(CommandLine line, Scenario scenario, long seed) throws UserError {
        Schedule schedule;
        try {
            schedule = ChaosRun.schedule(scenario, seed);
        } catch (InvalidScenario e) {
            throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
        List<Integer> counts = schedule.faults().stream()
                .map(fault -> fault.fault() instanceof ChaosFault.OfPool
                        ? scenario.workers()
                        : fault.offsets().size())
                .toList();
        int most = counts.stream().mapToInt(count -> count).max().orElse(0);
        return "SEED=" + RunSettings.hex(seed) + "  scenario=" + scenario.name() + "  workers=" + scenario.workers()
                + "  faults=" + schedule.faults().size() + "  at most " + most + " of " + scenario.workers()
                + " workers by one  load=" + scenario.load().plan() + "\n" + schedule.text() + "\n";
    }

    /** Returns the status of a verdict. */
    static int status(Verdict verdict) {
        return switch (verdict) {
            case VALID -> ExitCode.OK;
            case INVALID -> ExitCode.INVALID;
            case UNKNOWN -> ExitCode.UNKNOWN;
        };
    }
}
