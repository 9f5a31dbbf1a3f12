package dev.vivarium.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.InvalidScenario;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Sabotage;
import dev.vivarium.chaos.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vivarium chaos replay}. */
@Command(
        name = "replay",
        description = {
            "Runs again what a run's folder is of: the same scenario with the same seed, which is the same schedule of",
            "faults, though not the same interleaving with the calls. Prints both verdicts."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", ChaosCommand.STATUS, ChaosCommand.STATUS_MORE})
final class ChaosReplayCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "A run's folder, in which its scenario.yaml and journal.json are.")
    private Path folder = Path.of("");

    @Option(names = "--report", paramLabel = "DIR", description = "Where the run's folder goes. Default: chaos-report.")
    private Path report = Path.of("chaos-report");

    @Option(names = "--python", paramLabel = "PATH", description = "The interpreter. Default: python3.")
    private String python = "python3";

    @Override
    public Integer call() throws InterruptedException, UserError {
        CommandLine line = spec.commandLine();
        JsonNode journal;
        Scenario scenario;
        try {
            journal = new ObjectMapper().readTree(folder.resolve("journal.json").toFile());
            scenario = Scenario.read(folder.resolve("scenario.yaml"));
        } catch (IOException e) {
            throw new ParameterException(
                    line, folder + " is not the folder of a run that has ended: " + e.getMessage(), e);
        } catch (InvalidScenario e) {
            throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
        if (!journal.has("seed")) {
            throw new ParameterException(
                    line, folder + " is of a run whose runner was ended, which kept no seed there");
        }
        long seed = ChaosCommand.seed(line, journal.path("seed").asText());
        RunSettings settings = RunSettings.of(seed, report).withPython(python);
        JsonNode wrong = journal.get("sabotage");
        if (wrong != null) {
            settings = settings.withSabotage(Sabotage.of(wrong.asText()));
        }
        PrintWriter out = line.getOut();
        out.print(ChaosCommand.plan(line, scenario, seed));
        out.flush();
        ChaosResult result = new ChaosSession(line).run(scenario, settings);
        out.print(result.text());
        out.println("before:  " + journal.path("verdict").asText() + ", now: " + result.verdict());
        out.flush();
        return ChaosCommand.status(result.verdict());
    }
}
