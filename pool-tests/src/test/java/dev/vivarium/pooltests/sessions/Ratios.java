package dev.vivarium.pooltests.sessions;

import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.pooltests.storm.Check;
import dev.vivarium.pooltests.storm.Report;
import dev.vivarium.session.PythonSession;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** How long calls of sessions take, over calls of none: one after the other, all kinds in turns on one worker. */
final class Ratios {

    private static final int[] SIZES = {100, 10_000, 1_000_000};
    private static final double MOST = 1.1;

    /** Calls of one kind in a row: few, so that whatever the machine does meanwhile befalls all kinds. */
    private static final int IN_A_ROW = 20;

    private static final double WARM_UP = 0.5;

    /** Calls that move a lot take long; fewer of them say as much. */
    private static final int HEAVY = 20;

    @FunctionalInterface
    private interface Calls {
        void one(int number) throws Exception;
    }

    private static final class Kind {
        private final String name;
        private final int every;
        private final Calls calls;
        private final List<Long> times = new ArrayList<>();

        Kind(String name, int every, Calls calls) {
            this.name = name;
            this.every = every;
            this.calls = calls;
        }

        double medianMicros() {
            long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
            return sorted[sorted.length / 2] / 1000.0;
        }
    }

    private final Options options;

    Ratios(Options options) {
        this.options = options;
    }

    private static Calls session(PythonSession session, String handler, Object... more) {
        return number -> {
            Object[] args = new Object[more.length + 1];
            args[0] = number;
            System.arraycopy(more, 0, args, 1, more.length);
            session.call(PythonCall.to(handler).args(args).returning(Integer.class))
                    .await();
        };
    }

    private static List<Kind> kinds(PythonPool pool) throws Exception {
        List<Kind> kinds = new ArrayList<>();
        kinds.add(new Kind(
                "anonymous",
                1,
                number -> pool.call(PythonCall.to("plain").args(number).returning(Integer.class))
                        .await()));
        PythonSession small = pool.session("untouched");
        small.call("fill", Void.class, 100).await();
        kinds.add(new Kind("100 B, untouched", 1, session(small, "plain")));
        PythonSession nested = pool.session("nested");
        nested.call("fill_list", Void.class, 10).await();
        kinds.add(new Kind("100 B list, unchanged", 1, session(nested, "read")));
        for (int size : SIZES) {
            int every = size > 100_000 ? HEAVY : 1;
            String text =
                    size >= 1_000_000 ? size / 1_000_000 + " MB" : size >= 1000 ? size / 1000 + " KB" : size + " B";
            PythonSession read = pool.session("read " + size);
            read.call("fill", Void.class, size).await();
            kinds.add(new Kind(text + ", unchanged", every, session(read, "read")));
            kinds.add(new Kind(text + ", changed", every, session(pool.session("write " + size), "write", size)));
        }
        return kinds;
    }

    Report run() throws Exception {
        Report report = new Report("session-storm ratios");
        int calls = options.number("--calls");
        try (Stage stage = new Stage(
                1, options.python(), null, settings -> settings.sessions(policy -> policy.maxStateBytes(4 << 20)))) {
            List<Kind> kinds = kinds(stage.pool());
            int[] at = new int[1];
            try (Progress progress = new Progress()) {
                progress.begin(() -> at[0] + " of " + calls + " calls of each kind");
                measure(kinds, (int) Math.max(IN_A_ROW, calls * WARM_UP), at);
                kinds.forEach(kind -> kind.times.clear());
                measure(kinds, calls, at);
            }
            report(report, kinds);
        }
        return report;
    }

    private void measure(List<Kind> kinds, int calls, int[] at) throws Exception {
        List<Kind> order = new ArrayList<>(kinds);
        Random random = new Random(options.seed());
        for (int done = 0; done < calls; done += IN_A_ROW) {
            at[0] = done;
            Collections.shuffle(order, random);
            for (Kind kind : order) {
                for (int i = 0; i < IN_A_ROW; i += kind.every) {
                    long begun = System.nanoTime();
                    kind.calls.one(done + i);
                    kind.times.add(System.nanoTime() - begun);
                }
            }
        }
    }

    private void report(Report report, List<Kind> kinds) {
        double base = kinds.get(0).medianMicros();
        report.fact("seed", options.seed());
        report.fact("processors", Runtime.getRuntime().availableProcessors());
        Map<String, Object> table = new LinkedHashMap<>();
        for (Kind kind : kinds) {
            table.put(
                    kind.name,
                    String.format(
                            Locale.ROOT,
                            "p50 %8.1f us, %6.2f of anonymous, n = %d",
                            kind.medianMicros(),
                            kind.medianMicros() / base,
                            kind.times.size()));
        }
        report.fact("calls", table);
        double small = kinds.stream()
                        .filter(kind -> kind.name.equals("100 B, unchanged"))
                        .mapToDouble(Kind::medianMicros)
                        .sum()
                / base;
        report.check(new Check(
                "unchanged small state", small <= MOST, "<= " + MOST, String.format(Locale.ROOT, "%.3f", small)));
    }
}
