package dev.vivarium.testreport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The report of a build's tests, as a program. It reads what Surefire, JaCoCo, PIT and the test kit have left in the
 * {@code target} folders of a build, and runs no tests.
 *
 * <pre>{@code
 * report [--root DIR] [--out DIR] [--run NAME] [--layers A,B] [--seconds N] [--commit C]
 *        [--status N] [--limits FILE] [--history FILE] [--failing-seeds FILE]
 * figures --run NAME --limits FILE [--seconds N] [--out DIR] [--commit C] [--status N] [--history FILE]
 *         [--note TEXT] [FILE.json...]
 * }</pre>
 *
 * <p>{@code report} writes {@code index.html}, {@code summary.txt} and {@code report.json}, and adds the build to the history if
 * one is named. {@code figures} does so for runs that measure: it reads what benches and runs of chaos have written, compares that and
 * the time with limits, and writes {@code index.html} into {@code --out}. The status is 0, 3 when a limit does not hold, 64 for wrong usage, 66 when there is nothing to report, 74 when a file cannot be read or written. {@code --status} is what Maven ended
 * with: of a build that failed, times are kept and not compared with later ones. Failed tests do not change it: they have failed their build.
 */
public final class Main {

    private static final String USAGE = """
            usage: report [--root DIR] [--out DIR] [--run NAME] [--layers A,B] [--seconds N] [--commit C]
                          [--status N] [--limits FILE] [--history FILE] [--failing-seeds FILE]
                   figures --run NAME --limits FILE [--seconds N] [--out DIR] [--commit C] [--status N]
                           [--history FILE] [--note TEXT] [FILE.json...]""";

    private static final int BEYOND_A_LIMIT = 3;
    private static final int WRONG_USAGE = 64;
    private static final int NOTHING_THERE = 66;
    private static final int CANNOT_READ = 74;

    private static final String TESTS = "tests";

    private Main() {}

    /** Does what it is told, and ends the JVM with the status. */
    public static void main(String[] words) {
        System.exit(run(List.of(words), System.out, System.err));
    }

    static int run(List<String> words, PrintStream out, PrintStream err) {
        try {
            String command = words.isEmpty() ? "" : words.get(0);
            return switch (command) {
                case "report" -> report(words.subList(1, words.size()), out, err);
                case "figures" -> complain(Figures.report(words.subList(1, words.size()), out), err);
                default -> throw new IllegalArgumentException("unknown command '" + command + "'");
            };
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage() + "\n" + USAGE);
            return WRONG_USAGE;
        } catch (UncheckedIOException e) {
            err.println(e.getMessage() + ": " + e.getCause());
            return CANNOT_READ;
        }
    }

    /** Returns which run it was. */
    private static String run(Options options, String otherwise) {
        String run = options.text("--run", otherwise);
        if (!Limits.RUNS.contains(run)) {
            throw new IllegalArgumentException("--run must be one of "
                    + String.join(", ", Limits.RUNS.stream().sorted().toList()) + ", got '" + run + "'");
        }
        return run;
    }

    private static int report(List<String> words, PrintStream out, PrintStream err) {
        Options options = new Options(
                words,
                Set.of(
                        "--root",
                        "--out",
                        "--run",
                        "--layers",
                        "--seconds",
                        "--commit",
                        "--status",
                        "--limits",
                        "--history",
                        "--failing-seeds"));
        if (!options.rest().isEmpty()) {
            throw new IllegalArgumentException("unknown word " + options.rest().get(0));
        }
        Path root = options.path("--root").orElse(Path.of("."));
        Path folder = options.path("--out").orElse(root.resolve("target/test-report"));
        String run = run(options, "all");
        Optional<Limits> limits = options.path("--limits").map(Limits::read);

        TestResults results = TestResults.read(root);
        if (results.tests().isEmpty()) {
            err.println("no results of tests below " + root.toAbsolutePath() + ": run tests first");
            return NOTHING_THERE;
        }
        BuildRecord build = record(root, run, results, options);
        Optional<Path> kept = options.path("--history");
        List<String> notes = new ArrayList<>(results.notes());
        History history =
                kept.map(file -> History.before(file, build, notes::add)).orElseGet(History::none);
        List<String> broken = limits.map(each -> each.broken(
                        run, options.names("--layers"), measured(build, results, options.names("--layers"))))
                .orElse(List.of());
        BuildReport report = new BuildReport(
                build,
                results.tests(),
                notes,
                kinds(folder, results.at(), notes),
                seeds(options.path("--failing-seeds")),
                history.slower(build),
                history.knowsUsualTimes(),
                history.trend(build),
                broken);
        write(folder, report);
        kept.ifPresent(file -> History.add(file, build));
        out.print(report.text());
        out.println("report: " + folder.resolve("index.html"));
        return complain(broken, err);
    }

    private static int complain(List<String> broken, PrintStream err) {
        broken.forEach(limit -> err.println("limit: " + limit));
        return broken.isEmpty() ? 0 : BEYOND_A_LIMIT;
    }

    private static BuildRecord record(Path root, String run, TestResults results, Options options) {
        Map<String, Double> types = new TreeMap<>();
        BuildReport.by(results.tests(), TestResult::topType)
                .forEach((type, group) -> types.put(type, rounded(group.seconds())));
        return new BuildRecord(
                results.at().toString(),
                run,
                String.join(",", options.names("--layers").stream().sorted().toList()),
                (int) options.number("--status"),
                options.text("--commit", ""),
                options.number("--seconds"),
                rounded(results.tests().stream()
                        .mapToDouble(TestResult::seconds)
                        .sum()),
                results.tests().size(),
                (int) results.tests().stream().filter(TestResult::failed).count(),
                Coverage.read(root),
                Mutations.read(root, results.at()),
                types);
    }

    private static double rounded(double seconds) {
        return Math.round(seconds * 1_000) / 1_000.0;
    }

    private static Map<String, Double> measured(BuildRecord build, TestResults results, Set<String> layers) {
        Map<String, Double> measured = new HashMap<>();
        measured.put(TESTS, (double) build.tests());
        measured.put(Limits.SECONDS, build.wallSeconds() > 0 ? build.wallSeconds() : build.testSeconds());
        layers.forEach(layer -> measured.put(Limits.key(layer, TESTS), 0.0));
        layers.forEach(layer -> measured.put(Limits.key(layer, Limits.SECONDS), 0.0));
        BuildReport.byLayer(results.tests()).forEach((layer, group) -> {
            measured.put(Limits.key(layer, TESTS), (double) group.tests());
            measured.put(Limits.key(layer, Limits.SECONDS), group.seconds());
        });
        return measured;
    }

    /**
     * Reads what the classifier has written into the report's folder since the tests were run; of a test that it was told of twice, the
     * later file by name.
     */
    private static Map<String, String> kinds(Path folder, Instant since, List<String> notes) {
        Map<String, String> kinds = new TreeMap<>();
        ObjectMapper json = new ObjectMapper();
        for (Path file : Modules.files(
                folder.resolve("classified"), each -> each.toString().endsWith(".json"))) {
            if (TestResults.written(file).isBefore(since)) {
                continue;
            }
            try {
                for (JsonNode test : json.readTree(file.toFile())) {
                    kinds.put(
                            BuildReport.kindKey(
                                    test.path("test").asText(),
                                    test.path("name").asText()),
                            test.path("kind").asText());
                }
            } catch (JsonProcessingException e) {
                notes.add(file + " has no classification, and is left out");
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + file, e);
            }
        }
        return kinds;
    }

    private static List<String> seeds(Optional<Path> file) {
        List<String> seeds = new ArrayList<>();
        if (file.isPresent() && Files.exists(file.get())) {
            try {
                for (String line : Files.readAllLines(file.get())) {
                    if (!line.isBlank() && !line.startsWith("#")) {
                        seeds.add(line.replace('\t', ' '));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + file.get(), e);
            }
        }
        return seeds;
    }

    private static void write(Path folder, BuildReport report) {
        ObjectMapper json = new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);
        ObjectNode node = json.valueToTree(report);
        node.remove("tests"); // Surefire's reports and the journals have them.
        node.set("failures", json.valueToTree(report.failures()));
        node.set("slowest", json.valueToTree(report.slowest()));
        node.set("layers", json.valueToTree(BuildReport.byLayer(report.tests())));
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("index.html"), Page.of(report));
            Files.writeString(folder.resolve("summary.txt"), report.text());
            Files.writeString(
                    folder.resolve("report.json"),
                    json.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the report into " + folder, e);
        }
    }
}
