package dev.vivarium.cli;

import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Swarm;
import dev.vivarium.chaos.SwarmReport;
import dev.vivarium.chaos.SwarmSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vivarium chaos swarm}. */
@Command(
        name = "swarm",
        description = {
            "Runs drawn scenarios in virtual time, until one fails, which is then made as small as it can be.",
            "The seeds of the corpus come first."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", ChaosCommand.STATUS, ChaosCommand.STATUS_MORE})
final class ChaosSwarmCommand implements Callable<Integer> {

    private static final long NO_LIMIT = 1_000_000_000L;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    @Option(names = "--runs", paramLabel = "N", description = "So many at most. Default: 1000, without --for.")
    private @Nullable Long runs;

    @Option(names = "--for", paramLabel = "DURATION", description = "So long at most, such as 90s or 5m.")
    private @Nullable Duration length;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Of the first run; each further one has the next. Default: a new one, which is printed.")
    private @Nullable String seed;

    @Option(
            names = "--corpus",
            paramLabel = "FILE",
            description = "The seeds that have failed: run first, and added to. Default: none.")
    private @Nullable Path corpus;

    @Option(
            names = "--report",
            paramLabel = "DIR",
            description = "Where swarm.json, coverage.txt and the scenario that fails go. Default: nowhere.")
    private @Nullable Path report;

    @Option(names = "--json", description = "Print JSON in place of the text.")
    private boolean json;

    @Override
    public Integer call() throws UserError {
        CommandLine line = spec.commandLine();
        String text = seed;
        long first = text == null ? ChaosCommand.drawnSeed() : ChaosCommand.seed(line, text);
        PrintWriter out = line.getOut();
        SwarmSettings settings = settings(line, first);
        ChaosSession.silence();
        Interrupts interrupts = new Interrupts();
        interrupts.install(Thread.currentThread()::interrupt);
        SwarmReport result;
        try {
            Path folder = report;
            if (folder != null) {
                Files.createDirectories(folder); // Before minutes of work, not after them.
            }
            result = Swarm.run(settings);
            if (folder != null) {
                write(folder, result);
            }
        } catch (IllegalArgumentException e) {
            throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            throw UserError.quiet(interrupts.status() == 0 ? ExitCode.INTERRUPTED : interrupts.status());
        } catch (IOException e) {
            throw new UserError(ExitCode.IO_ERROR, "the corpus or the report failed: " + e.getMessage());
        }
        out.print(json ? result.json() + "\n" : "SEED=" + RunSettings.hex(first) + "\n" + result.text());
        out.flush();
        return result.failure().isPresent() ? ExitCode.INVALID : ExitCode.OK;
    }

    private SwarmSettings settings(CommandLine line, long first) {
        Long most = runs;
        Duration atMost = length;
        long count = most != null ? most : atMost != null ? NO_LIMIT : SwarmSettings.DEFAULT_RUNS;
        try {
            SwarmSettings settings = SwarmSettings.of(first, count).withProgress(what -> {
                line.getErr().println(what);
                line.getErr().flush();
            });
            if (atMost != null) {
                settings = settings.withLength(atMost);
            }
            return corpus == null ? settings : settings.withCorpus(corpus);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(line, String.valueOf(e.getMessage()), e);
        }
    }

    private static void write(Path folder, SwarmReport result) throws IOException {
        Files.writeString(folder.resolve("swarm.json"), result.json() + "\n");
        Files.writeString(folder.resolve("coverage.txt"), result.coverage().text());
        if (result.failure().isPresent()) {
            SwarmReport.Failure failure = result.failure().get();
            String seed = RunSettings.hex(failure.seed());
            Files.writeString(
                    folder.resolve("failing-" + seed + ".yaml"),
                    "# ./vivarium chaos twin failing-" + seed + ".yaml --seed "
                            + RunSettings.hex(failure.scenarioSeed()) + "\n"
                            + failure.scenario().toYaml());
        }
    }
}
