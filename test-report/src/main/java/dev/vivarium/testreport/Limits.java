package dev.vivarium.testreport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a run may take and must have, from a file with a line for each limit: {@code RUN [PART]: SUBJECT <= NUMBER}, or
 * {@code >=}. A part is a layer or a bench. Lines that begin with {@code #} are comments.
 */
final class Limits {

    /** What a limit of time calls it. */
    static final String SECONDS = "seconds";

    /** The runs that there are. */
    static final Set<String> RUNS = Set.of("unit", "integration", "performance", "chaos", "all");

    private static final Set<String> LAYERS = Set.of("FAKE", "SCRIPTED", "PYTHON");

    private static final Set<String> BENCHES =
            Set.of("latency", "throughput", "payload", "restart", "startup", "idle", "stream", "session");

    private static final Map<String, Set<String>> PARTS =
            Map.of("unit", LAYERS, "integration", LAYERS, "all", LAYERS, "performance", BENCHES, "chaos", Set.of());

    private static final Pattern LINE = Pattern.compile("(\\S+)(?: (\\S+))?: (.+?) *(<=|>=) *(\\d+(?:\\.\\d+)?)");

    private record Limit(String run, String part, String subject, boolean most, double value) {
        String name() {
            return run + (part.isEmpty() ? "" : " " + part) + ": " + subject;
        }

        boolean holds(double measured) {
            return most ? measured <= value : measured >= value;
        }
    }

    private final Path file;
    private final List<Limit> limits;

    private Limits(Path file, List<Limit> limits) {
        this.file = file;
        this.limits = limits;
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException if it is not there or has lines that are no limits; it names all of them
     */
    static Limits read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the limits in " + file + ": " + e, e);
        }
        List<Limit> limits = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher parts = LINE.matcher(line);
            if (!parts.matches() || !RUNS.contains(parts.group(1))) {
                wrong.add(file + ", line " + (i + 1) + ": expected RUN [PART]: SUBJECT <= NUMBER, with a RUN of "
                        + String.join(", ", RUNS.stream().sorted().toList()) + ", got: " + line);
                continue;
            }
            String part = parts.group(2) == null ? "" : parts.group(2);
            Set<String> known = PARTS.getOrDefault(parts.group(1), Set.of());
            if (!part.isEmpty() && !known.contains(part)) {
                wrong.add(file + ", line " + (i + 1) + ": " + parts.group(1) + " has no part '" + part + "'"
                        + (known.isEmpty()
                                ? ""
                                : ", but "
                                        + String.join(
                                                ", ", known.stream().sorted().toList())));
                continue;
            }
            limits.add(new Limit(
                    parts.group(1),
                    part,
                    parts.group(3),
                    parts.group(4).equals("<="),
                    Double.parseDouble(parts.group(5))));
        }
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", wrong));
        }
        return new Limits(file, limits);
    }

    /** Returns the parts that a run has limits for. */
    Set<String> parts(String run) {
        return limits.stream()
                .filter(limit -> limit.run().equals(run))
                .map(Limit::part)
                .collect(Collectors.toSet());
    }

    /** Names what was measured, as limits do: {@code PART: SUBJECT}, or the subject alone. */
    static String key(String part, String subject) {
        return part.isEmpty() ? subject : part + ": " + subject;
    }

    /**
     * Compares.
     *
     * @param run the run
     * @param parts the layers or benches that it was for; limits of others are left out
     * @param measured what was measured, by {@link #key}
     * @return a line for each limit that does not hold; one that was not measured does not
     */
    List<String> broken(String run, Set<String> parts, Map<String, Double> measured) {
        List<String> broken = new ArrayList<>();
        for (Limit limit : limits) {
            if (!limit.run().equals(run) || !(limit.part().isEmpty() || parts.contains(limit.part()))) {
                continue;
            }
            Double value = measured.get(key(limit.part(), limit.subject()));
            String bound = String.format(
                    Locale.ROOT,
                    "%s must be %s %s, by %s",
                    limit.name(),
                    limit.most() ? "<=" : ">=",
                    number(limit.value()),
                    file);
            if (value == null) {
                broken.add(bound + ", and was not measured");
            } else if (!limit.holds(value)) {
                broken.add(bound + ", and is " + number(value));
            }
        }
        return broken;
    }

    private static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.2f", value);
    }
}
