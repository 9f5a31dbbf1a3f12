package dev.vivarium.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Sabotage;
import dev.vivarium.chaos.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vivarium chaos run}. */
@Command(
        name = "run",
        description = "Runs a scenario on real processes.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", ChaosCommand.STATUS, ChaosCommand.STATUS_MORE})
final class ChaosRunCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    @Parameters(paramLabel = "SCENARIO", description = "A name of chaos list, or a file.")
    private String scenario = "";

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "What is drawn comes from, decimal or such as 0x51f2. Default: a new one, which is printed.")
    private @Nullable String seed;

    @Option(names = "--workers", paramLabel = "N", description = "Workers of the pool. Default: the scenario's.")
    private @Nullable Integer workers;

    @Option(names = "--report", paramLabel = "DIR", description = "Where the runs' folders go. Default: chaos-report.")
    private Path report = Path.of("chaos-report");

    @Option(names = "--dry", description = "Print what would happen with the seed, and run nothing.")
    private boolean dry;

    @Option(names = "--json", description = "Print the journal in place of the text.")
    private boolean json;

    @Option(
            names = "--sabotage",
            paramLabel = "NAME",
            description =
                    "Plant wrongs, several with commas, or all: each must make the verdict INVALID. An unknown name lists them.")
    private @Nullable String sabotage;

    @Option(names = "--python", paramLabel = "PATH", description = "The interpreter. Default: python3.")
    private String python = "python3";

    @Override
    public Integer call() throws IOException, InterruptedException, UserError {
        CommandLine line = spec.commandLine();
        Scenario read = ChaosCommand.scenario(line, scenario, workers);
        String text = seed;
        long drawn = text == null ? ChaosCommand.drawnSeed() : ChaosCommand.seed(line, text);
        PrintWriter out = line.getOut();
        String plan = ChaosCommand.plan(line, read, drawn);
        if (!json || dry) {
            out.print(plan);
            out.flush();
        }
        if (dry) {
            return ExitCode.OK;
        }
        RunSettings settings = settings(line, drawn);
        ChaosResult result = new ChaosSession(line).run(read, settings);
        if (json) {
            ObjectMapper mapper = new ObjectMapper();
            out.println(mapper.readTree(result.folder().resolve("journal.json").toFile())
                    .toPrettyString());
        } else {
            out.print(result.text());
        }
        out.flush();
        return ChaosCommand.status(result.verdict());
    }

    private RunSettings settings(CommandLine line, long drawn) {
        RunSettings settings = RunSettings.of(drawn, report).withPython(python);
        String wrong = sabotage;
        try {
            return wrong == null ? settings : settings.withSabotage(Sabotage.of(wrong));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(line, String.valueOf(e.getMessage()), e);
        }
    }
}
