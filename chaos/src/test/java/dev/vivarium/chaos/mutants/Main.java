package dev.vivarium.chaos.mutants;

import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Step;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** {@code scripts/swarm-mutants}: plants one bug after the other in the pool's own cores, and has a swarm look for each. */
public final class Main {

    private static final String USAGE = """
            usage: scripts/swarm-mutants [--seed S] [--seconds N] [--report DIR] [WORD]
            Plants one bug after the other in the pool's own decision cores, and has a swarm of the twin look for each.
              --seed S      of the first run of each swarm, decimal (1)
              --seconds N   how long each swarm looks at most (120)
              --report DIR  where the scenarios go that the bugs fail with (nowhere)
              WORD          only the bugs whose name has it
            Exit status: 0 all were found, 1 some were not, 64 wrong usage, 70 a bug cannot be planted any more.
            """;

    private Main() {}

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        System.exit(run(args, System.out, System.err));
    }

    private static int run(String[] args, PrintStream out, PrintStream err) throws Exception {
        long seed = 1;
        long seconds = 120;
        Path report = null;
        String word = "";
        try {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--seed" -> seed = Long.parseLong(args[++i]);
                    case "--seconds" -> seconds = Long.parseLong(args[++i]);
                    case "--report" -> report = Files.createDirectories(Path.of(args[++i]));
                    case "--help" -> {
                        out.print(USAGE);
                        return 0;
                    }
                    default -> word = args[i];
                }
            }
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            err.print(USAGE);
            return 64;
        }
        Path root = Path.of(System.getProperty("vivarium.root", "."));
        int missed = 0;
        out.println("| bug | core | seed | runs | seconds | found by | smallest | with seed |");
        out.println("|---|---|---|---|---|---|---|---|");
        for (Mutant mutant : Mutant.ALL) {
            if (mutant.name().contains(word)) {
                missed += tried(root, mutant, seed, seconds, report, out) ? 0 : 1;
            }
        }
        out.println(missed == 0 ? "all were found" : missed + " were not found");
        return missed == 0 ? 0 : 1;
    }

    private static boolean tried(Path root, Mutant mutant, long seed, long seconds, Path report, PrintStream out)
            throws Exception {
        String[] said;
        try {
            said = MutantRun.run(root, mutant, true, seed, Long.MAX_VALUE, 1000 * seconds);
        } catch (IllegalStateException e) {
            out.println(e.getMessage());
            System.exit(70);
            return false;
        }
        boolean found = said.length > 2;
        String took = String.format(Locale.ROOT, "%.1f", Long.parseLong(said[1]) / 1e3);
        out.println("| " + mutant.name() + " | `" + mutant.core() + "` | " + (found ? said[2] : "not found") + " | "
                + said[0] + " | " + took + " | " + (found ? said[3] : "") + " | " + (found ? smallest(said) : "")
                + " | "
                + (found ? said[5] : "") + " |");
        if (found && report != null) {
            Files.writeString(report.resolve(mutant.name().replace(' ', '-') + ".yaml"), said[6]);
        }
        return found;
    }

    private static String smallest(String[] said) {
        Scenario scenario = Scenario.parse("smallest", said[6]);
        List<Step> faults = scenario.method();
        return faults.size() + (faults.size() == 1 ? " fault, " : " faults, ")
                + scenario.load().loadPlan().calls() + " calls, " + scenario.workers()
                + (scenario.workers() == 1 ? " worker, " : " workers, ")
                + scenario.options().size() + " options, after "
                + said[4] + " runs more";
    }
}
