package dev.vivarium.pooltests.storm;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the command was called with.
 *
 * @param program which program runs
 * @param minutes how long the storm lasts; 0 when it lasts until every fault has landed often enough
 * @param landed how often each kind of fault must land
 * @param count rounds, cancels or recycles
 * @param rolling rolling restarts
 * @param seed the seed of all that is random here
 * @param json whether the report is JSON
 * @param python the interpreter
 * @param pool options of the pool, each {@code key = value}
 * @param sabotage wrongs to plant
 * @param log the file for the pool's log, or null
 */
record Options(
        Program program,
        double minutes,
        int landed,
        int count,
        int rolling,
        long seed,
        boolean json,
        String python,
        List<String> pool,
        Set<Sabotage> sabotage,
        @Nullable String log) {

    /** The programs, each with what {@code count} is unless given. */
    enum Program {
        STORM("storm", "", 0),
        KILL_ALL("kill-all", "--rounds", 200),
        CANCELS("cancels", "--count", 10_000),
        RECYCLES("recycles", "--count", 100);

        private final String word;
        private final String countFlag;
        private final int count;

        Program(String word, String countFlag, int count) {
            this.word = word;
            this.countFlag = countFlag;
            this.count = count;
        }

        String word() {
            return word;
        }
    }

    private static final double MINUTES = 10;
    private static final int LANDED = 50;
    private static final int ROLLING = 3;

    static final String USAGE = """
            scripts/storm [--minutes M | --landed N]     faults at random moments under 32 callers (default: 10 minutes)
            scripts/storm kill-all [--rounds N]          every worker killed at once (default: 200 rounds)
            scripts/storm cancels [--count N]            calls cancelled at random moments (default: 10000)
            scripts/storm recycles [--count N] [--rolling N]
                                                         workers replaced under load (default: 100 and 3)

              --minutes M          how long the storm lasts; each kind of fault must land 50 times in ten minutes
              --landed N           instead: until each kind of fault has landed N times; no criterion is a duration's then
              --seed S             the seed of all that is random here; printed, and random unless given
              --json               the report as JSON
              --python PATH        the interpreter of the workers (default: python3)
              --option KEY=VALUE   an option of the pool as in a configuration file, such as retry.budget=0.5; repeatable
              --sabotage NAMES     plants wrongs, to see that the criteria find them: names with commas, or all
              --log FILE           where the pool's warnings go (default: nowhere)
              --help               this text

            Exit status: 0 all criteria hold, 1 one was missed, 64 wrong usage, 70 trouble of the program's own.
            docs/guide/storm.md says what is measured and how to read the report.
            """;

    static Options parse(String... args) {
        Deque<String> words = new ArrayDeque<>(Arrays.asList(args));
        Program program = Program.STORM;
        if (!words.isEmpty() && !words.peek().startsWith("-")) {
            program = program(words.poll());
        }
        double minutes = 0;
        int landed = 0;
        int count = program.count;
        int rolling = ROLLING;
        long seed = System.nanoTime() & 0xFFFFFF;
        boolean json = false;
        String python = "python3";
        List<String> pool = new ArrayList<>();
        Set<Sabotage> sabotage = EnumSet.noneOf(Sabotage.class);
        String log = null;
        while (!words.isEmpty()) {
            String flag = words.poll();
            if (flag.equals("--json")) {
                json = true;
            } else if (flag.equals("--seed")) {
                seed = whole(flag, words.poll(), Long.MIN_VALUE);
            } else if (flag.equals("--python")) {
                python = value(flag, words.poll());
            } else if (flag.equals("--option")) {
                pool.add(option(value(flag, words.poll())));
            } else if (flag.equals("--sabotage")) {
                sabotage.addAll(sabotages(value(flag, words.poll())));
            } else if (flag.equals("--log")) {
                log = value(flag, words.poll());
            } else if (flag.equals("--minutes") && program == Program.STORM) {
                minutes = minutes(value(flag, words.poll()));
            } else if (flag.equals("--landed") && program == Program.STORM) {
                landed = (int) whole(flag, words.poll(), 1);
            } else if (flag.equals("--rolling") && program == Program.RECYCLES) {
                rolling = (int) whole(flag, words.poll(), 0);
            } else if (flag.equals(program.countFlag)) {
                count = (int) whole(flag, words.poll(), 1);
            } else {
                throw new UsageException("unknown flag '" + flag + "'");
            }
        }
        if (minutes > 0 && landed > 0) {
            throw new UsageException("--minutes and --landed exclude each other");
        }
        if (landed == 0) {
            minutes = minutes == 0 ? MINUTES : minutes;
            landed = (int) Math.max(1, Math.floor(LANDED * minutes / MINUTES));
        }
        return new Options(
                program, minutes, landed, count, rolling, seed, json, python, List.copyOf(pool), sabotage, log);
    }

    private static Program program(String word) {
        return Arrays.stream(Program.values())
                .filter(known -> known.word.equals(word))
                .findFirst()
                .orElseThrow(() ->
                        new UsageException("unknown program '" + word + "': kill-all, cancels, recycles, or none"));
    }

    private static String value(String flag, @Nullable String value) {
        if (value == null) {
            throw new UsageException(flag + " needs a value");
        }
        return value;
    }

    private static long whole(String flag, @Nullable String value, long least) {
        try {
            long number = Long.parseLong(value(flag, value));
            if (number >= least && (number <= Integer.MAX_VALUE || least == Long.MIN_VALUE)) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new UsageException(flag + " needs a whole number, got '" + value + "'", e);
        }
        throw new UsageException(flag + " must be " + least + " to " + Integer.MAX_VALUE + ", got " + value);
    }

    private static double minutes(String value) {
        try {
            double minutes = Double.parseDouble(value);
            if (minutes >= 0.1 && minutes <= 24 * 60) {
                return minutes;
            }
        } catch (NumberFormatException e) {
            throw new UsageException("--minutes needs a number, got '" + value + "'", e);
        }
        throw new UsageException("--minutes must be 0.1 to 1440, got " + value);
    }

    private static String option(String pair) {
        int equals = pair.indexOf('=');
        if (equals < 1) {
            throw new UsageException("--option needs KEY=VALUE, got '" + pair + "'");
        }
        return pair.substring(0, equals) + " = " + pair.substring(equals + 1);
    }

    private static Set<Sabotage> sabotages(String names) {
        if (names.equals("all")) {
            return EnumSet.allOf(Sabotage.class);
        }
        Set<Sabotage> found = EnumSet.noneOf(Sabotage.class);
        for (String name : names.split(",", -1)) {
            found.add(Arrays.stream(Sabotage.values())
                    .filter(known -> known.name().equalsIgnoreCase(name))
                    .findFirst()
                    .orElseThrow(() -> new UsageException("unknown sabotage '" + name + "': all, or of "
                            + Arrays.toString(Sabotage.values()).toLowerCase(Locale.ROOT))));
        }
        return found;
    }

    boolean plants(Sabotage wrong) {
        return sabotage.contains(wrong);
    }

    /** Returns whether criteria may be about how long something took. */
    boolean timed() {
        return program != Program.STORM || minutes > 0;
    }

    Duration length() {
        return Duration.ofMillis((long) (minutes * 60_000));
    }
}
