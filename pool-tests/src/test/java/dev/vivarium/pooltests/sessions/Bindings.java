package dev.vivarium.pooltests.sessions;

import dev.vivarium.internal.core.SessionTable;
import dev.vivarium.internal.core.SessionTable.Known;
import dev.vivarium.pooltests.storm.Check;
import dev.vivarium.pooltests.storm.Report;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/** What many bindings cost in the pool's table of them, on one thread, as the router uses it. */
final class Bindings {

    private static final long MOST_BYTES = 300L << 20;
    private static final int FOR_BINDINGS = 1_000_000;
    private static final int LOOKUPS = 5_000_000;

    /** As many as the router looks at in one step. */
    private static final int STEP = 1000;

    private static final Duration LONGEST_STEP = Duration.ofMillis(50);
    private static final int SLOTS = 8;
    private static final Duration TTL = Duration.ofMinutes(5);

    private final Options options;

    Bindings(Options options) {
        this.options = options;
    }

    private static String name(int number) {
        return "user-" + number;
    }

    private static long live() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    Report run() {
        int count = options.number("--count");
        Report report = new Report("session-storm bindings");
        report.fact("seed", options.seed());
        report.fact("bindings", count);
        long before = live();
        SessionTable table = new SessionTable(TTL, count);
        long begun = System.nanoTime();
        for (int i = 0; i < count; i++) {
            bind(table, name(i), i);
        }
        report.fact("bound", rate(count, begun));
        long bytes = live() - before;
        long limit = (long) (MOST_BYTES * Math.max(1.0, (double) count / FOR_BINDINGS));
        lookUp(table, count, report);
        long scan = System.nanoTime();
        int bound = table.boundTo(1, true).size();
        report.fact("listing one worker's", ms(System.nanoTime() - scan) + " for " + bound);
        report.check(new Check(
                "heap",
                bytes <= limit,
                "<= " + (limit >> 20) + " MiB",
                String.format(Locale.ROOT, "%d MiB, %d B each", bytes >> 20, bytes / count)));
        sweep(table, count, report);
        return report;
    }

    private static void bind(SessionTable table, String session, int number) {
        table.makeRoom(session);
        table.arrive(session, number + 1, false, number);
        table.depart(session, 1 + number % SLOTS, 1, false, false);
        table.kept(session, 1 + number % SLOTS, 1, new Known(1, 1, 1, false), true, false, number);
        table.leave(session, number + 1, false, number);
    }

    private void lookUp(SessionTable table, int count, Report report) {
        Random random = new Random(options.seed());
        String[] names = new String[Math.min(count, 100_000)];
        Arrays.setAll(names, i -> name(random.nextInt(count)));
        int found = 0;
        long begun = System.nanoTime();
        for (int i = 0; i < LOOKUPS; i++) {
            found += table.isCached(names[i % names.length], 1 + i % SLOTS, 1) ? 1 : 0;
        }
        report.fact("lookups", rate(LOOKUPS, begun) + " (" + found * 100L / LOOKUPS + " % asked of the right worker)");
    }

    private static void sweep(SessionTable table, int count, Report report) {
        long longest = 0;
        int steps = 0;
        int expired = 0;
        int last;
        long begun = System.nanoTime();
        do {
            long step = System.nanoTime();
            last = table.expire(count + TTL.toNanos(), STEP).size();
            longest = Math.max(longest, System.nanoTime() - step);
            expired += last;
            steps++;
        } while (last == STEP);
        report.fact("sweep", expired + " ended in " + steps + " steps, " + ms(System.nanoTime() - begun));
        report.check(new Check("all expired", expired == count && table.size() == 0, "" + count, "" + expired));
        report.check(new Check(
                "longest pause of a sweep",
                longest <= LONGEST_STEP.toNanos(),
                "<= " + LONGEST_STEP.toMillis() + " ms",
                ms(longest)));
    }

    private static String ms(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }

    private static String rate(int count, long begun) {
        return String.format(Locale.ROOT, "%,.0f a second", count * 1e9 / (System.nanoTime() - begun));
    }
}
