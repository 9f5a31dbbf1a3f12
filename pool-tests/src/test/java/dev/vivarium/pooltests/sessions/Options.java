package dev.vivarium.pooltests.sessions;

import dev.vivarium.SessionMode;
import dev.vivarium.pooltests.storm.UsageException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the command was called with.
 *
 * @param program which program runs
 * @param numbers the numbers of the program, by flag
 * @param mode the sessions' mode
 * @param seed the seed of all that is random here
 * @param python the interpreter
 * @param sabotage wrongs to plant
 * @param json where the report goes as JSON, or null
 */
record Options(
        Program program,
        Map<String, Integer> numbers,
        SessionMode mode,
        long seed,
        String python,
        Set<PlantedStore.Wrong> sabotage,
        @Nullable Path json) {

    /** The programs. */
    enum Program {
        COUNT("count"),
        JVM_KILL("jvm-kill"),
        BINDINGS("bindings");

        private final String word;

        Program(String word) {
            this.word = word;
        }

        /** Returns its numbers, and what they are unless given. */
        private Map<String, Integer> numbers() {
            return switch (this) {
                case COUNT ->
                    Map.of(
                            "--sessions", 1000,
                            "--increments", 200,
                            "--callers", 8,
                            "--workers", 4,
                            "--kill-every", 100,
                            "--state", 0);
                case JVM_KILL ->
                    Map.of(
                            "--rounds", 30,
                            "--sessions", 40,
                            "--callers", 8,
                            "--workers", 2,
                            "--kill-every", 500,
                            "--relaxed", 200);
                case BINDINGS -> Map.of("--count", 1_000_000);
            };
        }
    }

    private static final Map<String, Integer> LARGEST =
            Map.of("--callers", 1000, "--workers", 64, "--state", 1_000_000, "--relaxed", 3_600_000);
    private static final int MOST = 10_000_000;

    static final String USAGE = """
            scripts/session-storm [count] [--sessions N] [--increments N] [--callers N] [--workers N] [--kill-every MS]
                                          [--state BYTES]
                                         counts sessions up while workers are killed
                                         (default: 1000 sessions, 200 increments, 8 callers, 4 workers, every 100 ms, 0 bytes)
            scripts/session-storm jvm-kill [--rounds N] [--sessions N] [--callers N] [--workers N] [--kill-every MS]
                                           [--relaxed MS]
                                         kills the JVM in the middle of that, and reads what its store has kept
                                         (default: 30 rounds, 40 sessions, 8 callers, 2 workers, every 500 ms, 200 ms)
            scripts/session-storm bindings [--count N]
                                         memory, lookups and sweeps of many bindings (default: 1000000)

              --kill-every MS      how often a random worker gets SIGKILL; 0 for never
              --state BYTES        what each session has beside its counter, never changed
              --relaxed MS         the time of the store that is RELAXED
              --mode MODE          the sessions' mode: hint, strict-queue (default: hint)
              --sabotage NAMES     plants wrongs, to see that the criteria find them: lost, doubled, stale (count), or all
              --seed S             the seed of all that is random here; printed, and random unless given
              --json FILE          the report as JSON, too
              --python PATH        the interpreter of the workers (default: python3)
              --help               this text

            Exit status: 0 all criteria hold, 1 one was missed, 64 wrong usage, 70 trouble of the program's own.
            docs/guide/storm.md says what is measured and how to read the report.
            """;

    static Options parse(String... args) {
        Deque<String> words = new ArrayDeque<>(Arrays.asList(args));
        Program program = Program.COUNT;
        if (!words.isEmpty() && !words.peek().startsWith("-")) {
            program = program(words.poll());
        }
        Map<String, Integer> numbers = new LinkedHashMap<>(program.numbers());
        SessionMode mode = SessionMode.HINT;
        long seed = System.nanoTime() & 0xFFFFFF;
        String python = "python3";
        Set<PlantedStore.Wrong> sabotage = EnumSet.noneOf(PlantedStore.Wrong.class);
        Path json = null;
        while (!words.isEmpty()) {
            String flag = words.poll();
            if (numbers.containsKey(flag)) {
                long least = flag.equals("--kill-every") || flag.equals("--state") ? 0 : 1;
                numbers.put(flag, (int) whole(flag, words.poll(), least, LARGEST.getOrDefault(flag, MOST)));
            } else if (flag.equals("--seed")) {
                seed = whole(flag, words.poll(), Long.MIN_VALUE, Long.MAX_VALUE);
            } else if (flag.equals("--json")) {
                json = Path.of(value(flag, words.poll()));
            } else if (flag.equals("--python")) {
                python = value(flag, words.poll());
            } else if (flag.equals("--mode") && program == Program.COUNT) {
                mode = mode(value(flag, words.poll()));
            } else if (flag.equals("--sabotage") && program.numbers().containsKey("--sessions")) {
                sabotage.addAll(wrongs(value(flag, words.poll())));
            } else {
                throw new UsageException("unknown flag '" + flag + "'");
            }
        }
        return new Options(program, Map.copyOf(numbers), mode, seed, python, sabotage, json);
    }

    int number(String flag) {
        return numbers.getOrDefault(flag, 0);
    }

    private static Program program(String word) {
        return Arrays.stream(Program.values())
                .filter(known -> known.word.equals(word))
                .findFirst()
                .orElseThrow(
                        () -> new UsageException("unknown program '" + word + "': count, jvm-kill, bindings, or none"));
    }

    private static SessionMode mode(String word) {
        return switch (word) {
            case "hint" -> SessionMode.HINT;
            case "strict-queue" -> SessionMode.STRICT_QUEUE;
            default -> throw new UsageException("--mode must be hint or strict-queue, got '" + word + "'");
        };
    }

    private static Set<PlantedStore.Wrong> wrongs(String names) {
        if (names.equals("all")) {
            return EnumSet.allOf(PlantedStore.Wrong.class);
        }
        Set<PlantedStore.Wrong> found = EnumSet.noneOf(PlantedStore.Wrong.class);
        for (String name : names.split(",", -1)) {
            found.add(Arrays.stream(PlantedStore.Wrong.values())
                    .filter(known -> known.name().equals(name.toUpperCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(
                            () -> new UsageException("unknown sabotage '" + name + "': lost, doubled, stale, all")));
        }
        return found;
    }

    private static String value(String flag, @Nullable String value) {
        if (value == null) {
            throw new UsageException(flag + " needs a value");
        }
        return value;
    }

    private static long whole(String flag, @Nullable String value, long least, long most) {
        try {
            long number = Long.parseLong(value(flag, value));
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new UsageException(flag + " needs a whole number, got '" + value + "'", e);
        }
        throw new UsageException(flag + " must be " + least + " to " + most + ", got " + value);
    }
}
