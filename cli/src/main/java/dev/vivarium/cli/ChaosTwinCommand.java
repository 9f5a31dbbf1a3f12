package dev.vivarium.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.InvalidScenario;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Twin;
import dev.vivarium.chaos.TwinResult;
import dev.vivarium.chaos.Verdict;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vivarium chaos twin}. */
@Command(
        name = "twin",
        description =
                "Runs a scenario in virtual time, on simulated workers: the same seed is the same run, to the last event.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", ChaosCommand.STATUS, ChaosCommand.STATUS_MORE})
final class ChaosTwinCommand implements Callable<Integer> {

    private static final long PROGRESS_NANOS = 5_000_000_000L;

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

    @Option(names = "--runs", paramLabel = "N", description = "So many, each with the next seed. Default: 1.")
    private int runs = 1;

    @Option(names = "--workers", paramLabel = "N", description = "Workers of the pool. Default: the scenario's.")
    private @Nullable Integer workers;

    @Option(names = "--json", description = "Print JSON in place of the text.")
    private boolean json;

    @Override
    public Integer call() throws UserError {
        CommandLine line = spec.commandLine();
        if (runs < 1) {
            throw new ParameterException(line, "--runs must be >= 1, got " + runs);
        }
        Scenario read = ChaosCommand.scenario(line, scenario, workers);
        String text = seed;
        long first = text == null ? ChaosCommand.drawnSeed() : ChaosCommand.seed(line, text);
        ChaosSession.silence();
        Interrupts interrupts = new Interrupts();
        interrupts.install(Thread.currentThread()::interrupt);
        Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
        TwinResult shown = null;
        long begun = System.nanoTime();
        long told = begun;
        for (int i = 0; i < runs; i++) {
            TwinResult result = one(read, first + i);
            verdicts.merge(result.verdict(), 1, Integer::sum);
            shown = shown == null || worse(result, shown) ? result : shown;
            if (Thread.interrupted()) {
                throw UserError.quiet(interrupts.status() == 0 ? ExitCode.INTERRUPTED : interrupts.status());
            }
            if (System.nanoTime() - told >= PROGRESS_NANOS) {
                told = System.nanoTime();
                line.getErr().println((i + 1) + " runs: " + verdicts);
                line.getErr().flush();
            }
        }
        if (shown == null) {
            throw new IllegalStateException("nothing was run");
        }
        print(line.getOut(), shown, verdicts, (System.nanoTime() - begun) / 1e9);
        return ChaosCommand.status(shown.verdict());
    }

    private static TwinResult one(Scenario scenario, long seed) throws UserError {
        try {
            return Twin.run(scenario, seed);
        } catch (InvalidScenario e) {
            throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
    }

    private static boolean worse(TwinResult one, TwinResult other) {
        return one.verdict().compareTo(other.verdict()) > 0;
    }

    private void print(PrintWriter out, TwinResult shown, Map<Verdict, Integer> verdicts, double seconds) {
        if (json) {
            out.println(json(shown, verdicts, seconds));
        } else {
            out.print(shown.text());
            if (runs > 1) {
                out.printf(
                        Locale.ROOT,
                        "%d runs: %s, %.0f a minute; above is the first of the worst%n",
                        runs,
                        verdicts,
                        60 * runs / seconds);
            }
            out.println("repeat:  ./vivarium chaos twin " + scenario + " --seed " + RunSettings.hex(shown.seed())
                    + (workers == null ? "" : " --workers " + workers));
        }
        out.flush();
    }

    private String json(TwinResult shown, Map<Verdict, Integer> verdicts, double seconds) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("scenario", shown.scenario().name());
        root.put("seed", RunSettings.hex(shown.seed()));
        root.put("verdict", shown.verdict().name());
        root.put("trace", shown.trace());
        root.put("events", shown.events());
        root.put("virtualSeconds", shown.length().toNanos() / 1e9);
        root.put("runs", runs);
        root.put("seconds", seconds);
        ObjectNode counts = root.putObject("verdicts");
        verdicts.forEach((verdict, count) -> counts.put(verdict.name(), count));
        var left = root.putArray("notSimulated");
        shown.notSimulated().forEach(left::add);
        var checks = root.putArray("findings");
        for (Finding finding : shown.findings()) {
            checks.addObject()
                    .put("checker", finding.checker())
                    .put("verdict", finding.verdict().name())
                    .put("found", finding.found())
                    .put("wanted", finding.wanted());
        }
        return root.toPrettyString();
    }
}
