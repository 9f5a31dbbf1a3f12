package dev.vivarium.testreport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The command {@code figures}: what runs that measure have left, compared with limits, kept, and on a page. */
final class Figures {

    private static final RecordFile<FigureRecord> FILES = new RecordFile<>(FigureRecord.class);

    private static final Set<String> OPTIONS =
            Set.of("--run", "--limits", "--seconds", "--out", "--history", "--commit", "--status", "--note");

    private static final Set<String> RUNS = Set.of("chaos", "performance");

    private final List<ChaosRuns.Run> runs = new ArrayList<>();
    private final Map<String, Double> figures = new LinkedHashMap<>();

    private Figures() {}

    /** Returns the lines of limits that do not hold. */
    static List<String> report(List<String> words, PrintStream out) {
        return new Figures().made(new Options(words, OPTIONS), out);
    }

    private List<String> made(Options options, PrintStream out) {
        String run = options.text("--run", "");
        if (!RUNS.contains(run)) {
            throw new IllegalArgumentException("--run must be one of "
                    + String.join(", ", RUNS.stream().sorted().toList()) + ", got '" + run + "'");
        }
        Limits limits = Limits.read(
                options.path("--limits").orElseThrow(() -> new IllegalArgumentException("--limits must name a file")));
        double seconds = options.number("--seconds");
        options.rest().forEach(file -> take(Path.of(file)));
        figures.forEach((figure, value) -> out.printf(Locale.ROOT, "%8.2f  %s%n", value, figure));
        Map<String, Double> measured = new LinkedHashMap<>(figures);
        measured.put(Limits.SECONDS, seconds);
        List<String> broken = limits.broken(run, limits.parts(run), measured);
        FigureRecord record = new FigureRecord(
                Instant.now().toString(),
                run,
                options.text("--commit", ""),
                (int) options.number("--status"),
                seconds,
                figures);
        List<String> notes = new ArrayList<>();
        options.word("--note").ifPresent(notes::add);
        Optional<Path> history = options.path("--history");
        List<FigureRecord> earlier = history.map(file -> FILES.read(file, notes::add)).orElse(List.of()).stream()
                .filter(each -> each.run().equals(run))
                .toList();
        history.ifPresent(file -> FILES.add(file, record, each -> false));
        options.path("--out")
                .ifPresent(folder -> write(
                        folder.resolve("index.html"),
                        FiguresPage.of(record, runs, figures, earlier, notes, broken, folder),
                        out));
        return broken;
    }

    private void take(Path file) {
        JsonNode json;
        try {
            json = new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        if (Benches.isOne(json)) {
            Benches.ratios(json).forEach((ratio, value) -> figures.put(Limits.key(Benches.name(json), ratio), value));
        } else if (ChaosRuns.isOne(json)) {
            ChaosRuns.Run run = ChaosRuns.read(file, json);
            runs.add(run);
            // Of several runs of a scenario the worst.
            run.figures().forEach((figure, value) -> figures.merge(Limits.key(run.name(), figure), value, Math::max));
        } else {
            throw new IllegalArgumentException(file + " is neither of a bench nor of a run of chaos");
        }
    }

    private static void write(Path file, String page, PrintStream out) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, page);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
        out.println("report: " + file);
    }
}
