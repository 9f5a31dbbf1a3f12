package dev.vivarium.pooltests.sessions;

import dev.vivarium.pooltests.storm.Check;
import dev.vivarium.pooltests.storm.Report;
import dev.vivarium.session.FileSessionStore;
import dev.vivarium.testkit.SessionHistory;
import dev.vivarium.testkit.SessionHistory.Finding;
import dev.vivarium.testkit.SessionHistory.Kind;
import dev.vivarium.testkit.SessionHistory.Operation;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A JVM that counts sessions up on a store in a file is killed at a random moment; another opens the store. What was answered
 * must be there, and nothing that nobody asked for. Then all calls with idempotency keys that were not answered are made again,
 * and each of these counters must be exactly as high as there are keys.
 */
final class JvmKill {

    private static final long FIRST_ANSWER_S = 60;
    private static final long ORPHANS_S = 10;
    private static final int EARLIEST_MS = 100;
    private static final int LATEST_MS = 1500;

    private final Options options;
    private final int sessions;
    private final Random random;
    private final SortedCounts counts = new SortedCounts();
    private final List<Finding> findings = new ArrayList<>();
    private final List<String> inexact = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();
    private final List<String> orphans = new ArrayList<>();

    /** What was found, by durability. */
    private static final class SortedCounts {
        private final Map<String, long[]> table = new TreeMap<>();

        void add(String durability, long answered, long open, long forgotten) {
            long[] sums = table.computeIfAbsent(durability, key -> new long[4]);
            sums[0]++;
            sums[1] += answered;
            sums[2] += open;
            sums[3] += forgotten;
        }

        Map<String, Object> facts() {
            Map<String, Object> facts = new LinkedHashMap<>();
            table.forEach((durability, sums) -> facts.put(
                    durability,
                    sums[0] + " kills, " + sums[1] + " answered, " + sums[2] + " open at the kill, " + sums[3]
                            + " answered and forgotten"));
            return facts;
        }
    }

    /** A line of the victim's book. */
    private record Entry(char what, int number, int session, long value, long at, long line) {}

    JvmKill(Options options) {
        this.options = options;
        this.sessions = options.number("--sessions");
        this.random = new Random(options.seed());
    }

    Report run() throws Exception {
        int rounds = options.number("--rounds");
        int[] at = new int[1];
        String relaxed = "RELAXED(" + options.number("--relaxed") + " ms)";
        try (Progress progress = new Progress()) {
            progress.begin(() -> at[0] + " of " + rounds + " kills");
            for (; at[0] < rounds; at[0]++) {
                round(at[0], List.of("FSYNC", "PROCESS_CRASH", relaxed).get(at[0] % 3));
            }
        }
        Report report = new Report("session-storm jvm-kill");
        report.fact("seed", options.seed());
        report.fact("asked", new TreeMap<>(options.numbers()));
        report.fact("kills", counts.facts());
        report.checks(CountStorm.faults(findings));
        report.check(Check.none("keyed counters not exact", inexact.size(), first(inexact)));
        report.check(Check.none("failed calls", failed.size(), first(failed)));
        report.check(Check.none("orphans", orphans.size(), first(orphans)));
        return report;
    }

    private static String first(List<String> list) {
        return list.isEmpty() ? "" : list.get(0);
    }

    private void round(int round, String durability) throws Exception {
        boolean relaxed = durability.startsWith("RELAXED");
        Path folder = Files.createTempDirectory("session-storm");
        String mark = folder.getFileName().toString();
        try {
            Path store = folder.resolve("store");
            Path book = folder.resolve("book");
            long killed = killOne(store, book, mark, storeOf(durability, relaxed));
            awaitNoOrphans(mark, round);
            List<Entry> entries = read(book);
            long recent =
                    relaxed ? killed - TimeUnit.MILLISECONDS.toNanos(options.number("--relaxed")) : Long.MAX_VALUE;
            compare(store, durability, entries, recent);
        } finally {
            delete(folder);
        }
    }

    /** Returns the durability of the store: that which is asked for, unless the wrong is planted that it writes nothing. */
    private String storeOf(String durability, boolean relaxed) {
        if (options.sabotage().contains(PlantedStore.Wrong.LOST)) {
            return Long.toString(TimeUnit.HOURS.toMillis(1));
        }
        return relaxed ? Integer.toString(options.number("--relaxed")) : durability;
    }

    /** Starts a victim, kills it, and returns when, on System.nanoTime(). */
    private long killOne(Path store, Path book, String mark, String durability) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                store.toString(),
                book.toString(),
                durability,
                "" + sessions,
                "" + options.number("--callers"),
                "" + options.number("--workers"),
                "" + options.number("--kill-every"),
                "" + random.nextLong(),
                options.python());
        builder.environment().put(Victim.MARK, mark);
        File log = book.resolveSibling("log").toFile();
        Process victim = builder.redirectErrorStream(true).redirectOutput(log).start();
        // Whoever stops this program stops its victim, and the guardian of that stops its workers.
        Thread with = new Thread(victim::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(with);
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(FIRST_ANSWER_S);
            while (!Files.exists(book) || Files.size(book) < 1000) {
                if (!victim.isAlive() || System.nanoTime() - end > 0) {
                    throw new IllegalStateException(
                            "the JVM to kill does not count: " + Files.readString(log.toPath()));
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(EARLIEST_MS + random.nextInt(LATEST_MS - EARLIEST_MS)));
            if (!victim.isAlive()) {
                throw new IllegalStateException("the JVM to kill has ended: " + Files.readString(log.toPath()));
            }
            return System.nanoTime();
        } finally {
            victim.destroyForcibly().waitFor(); // SIGKILL.
            Runtime.getRuntime().removeShutdownHook(with);
        }
    }

    private void awaitNoOrphans(String mark, int round) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(ORPHANS_S);
        List<Long> left = marked(mark);
        while (!left.isEmpty() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            left = marked(mark);
        }
        left.forEach(pid -> orphans.add("round " + round + ": process " + pid));
    }

    /** Returns the living processes that have the mark of a round in their environment. */
    private static List<Long> marked(String mark) {
        byte[] wanted = (Victim.MARK + "=" + mark + "\0").getBytes(StandardCharsets.UTF_8);
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> {
                    try {
                        String environment = Files.readString(
                                Path.of("/proc", Long.toString(pid), "environ"), StandardCharsets.ISO_8859_1);
                        return environment.contains(new String(wanted, StandardCharsets.ISO_8859_1));
                    } catch (IOException notOurs) {
                        return false;
                    }
                })
                .toList();
    }

    private List<Entry> read(Path book) throws IOException {
        List<Entry> entries = new ArrayList<>();
        String text = Files.readString(book);
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        long line = 0;
        for (String row : whole.lines().toList()) {
            String[] words = row.split(" ", 5);
            line++;
            char what = row.charAt(0);
            if (what == 'F') {
                failed.add(row);
            }
            entries.add(new Entry(
                    what,
                    Integer.parseInt(words[1]),
                    Integer.parseInt(words[2]),
                    what == 'A' ? Long.parseLong(words[3]) : 0,
                    what == 'A' ? Long.parseLong(words[4]) : 0,
                    line));
        }
        return entries;
    }

    /**
     * Compares what callers were told with what is stored.
     *
     * @param recent what was answered after this moment may be forgotten
     */
    private void compare(Path store, String durability, List<Entry> entries, long recent) throws Exception {
        SessionHistory history = new SessionHistory();
        Map<Integer, Entry> open = new TreeMap<>();
        Map<Integer, Long> highest = new TreeMap<>();
        for (Entry entry : entries) {
            if (entry.what() == 'B') {
                open.put(entry.number(), entry);
                continue;
            }
            Entry begun = open.remove(entry.number());
            String session = "s" + entry.session();
            if (entry.what() == 'A') {
                highest.merge(entry.session(), entry.value(), Math::max);
                history.add(new Operation(
                        session,
                        Kind.INCREMENT,
                        begun.line(),
                        entry.at() <= recent ? entry.line() : SessionHistory.NEVER,
                        entry.value()));
            } else {
                history.unknown(session, begun.line());
            }
        }
        open.values().forEach(entry -> history.unknown("s" + entry.session(), entry.line()));
        long answered = entries.stream().filter(entry -> entry.what() == 'A').count();
        long last = entries.size() + 1L;
        long forgotten = 0;
        try (FileSessionStore kept =
                        FileSessionStore.open(store, Victim.durability("PROCESS_CRASH"), 1 << 20, 1 << 30);
                Stage stage = new Stage(options.number("--workers"), options.python(), kept, settings -> settings)) {
            for (int session = 0; session < sessions; session++) {
                long value =
                        stage.pool().session("s" + session).call(Stage.LOOK).await();
                history.add(new Operation("s" + session, Kind.READ, last, last + 1, value));
                forgotten += Math.max(0, highest.getOrDefault(session, 0L) - value);
            }
            findings.addAll(history.check());
            if (recent == Long.MAX_VALUE) {
                resume(stage, entries, open.values());
            }
        }
        counts.add(durability, answered, open.size(), forgotten);
    }

    /** Makes the open calls that have keys again, and some that were answered; then each key counts once. */
    private void resume(Stage stage, List<Entry> entries, Iterable<Entry> open) throws Exception {
        for (Entry entry : open) {
            if (Victim.isKeyed(entry.session())) {
                stage.pool()
                        .session("s" + entry.session())
                        .callOnce(Victim.key(entry.number()), Stage.COUNT)
                        .await();
                if (options.sabotage().contains(PlantedStore.Wrong.DOUBLED)) {
                    stage.pool()
                            .session("s" + entry.session())
                            .call(Stage.COUNT)
                            .await();
                }
            }
        }
        Map<Integer, Entry> latest = new TreeMap<>();
        Map<Integer, Integer> keys = new TreeMap<>();
        for (Entry entry : entries) {
            if (entry.what() == 'A') {
                latest.merge(entry.session(), entry, (one, two) -> one.value() > two.value() ? one : two);
            } else if (entry.what() == 'B') {
                keys.merge(entry.session(), 1, Integer::sum);
            }
        }
        for (int session = 1; session < sessions; session += 2) {
            Entry repeated = latest.get(session);
            if (repeated != null) {
                long again = stage.pool()
                        .session("s" + session)
                        .callOnce(Victim.key(repeated.number()), Stage.COUNT)
                        .await();
                if (again != repeated.value()) {
                    inexact.add("s" + session + " was answered " + repeated.value() + ", and then " + again);
                }
            }
            int value = stage.pool().session("s" + session).call(Stage.LOOK).await();
            if (value != keys.getOrDefault(session, 0)) {
                inexact.add("s" + session + " is " + value + " of " + keys.getOrDefault(session, 0) + " keys");
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
