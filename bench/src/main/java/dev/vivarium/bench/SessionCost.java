package dev.vivarium.bench;

import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.session.PythonSession;
import java.util.ArrayList;
import java.util.List;

/** How long calls of sessions take, over calls of none: one after the other, on one worker. */
final class SessionCost implements Benchmark.Program {

    private static final int[] SIZES = {100, 10_000, 1_000_000};
    private static final int LARGE = 100_000;
    private static final int MOST_STATE_BYTES = 4 << 20;

    /** Few, so that whatever the machine does meanwhile befalls all kinds. */
    private static final int IN_A_ROW = 20;

    /** Calls that move a lot take long; so many times fewer of them say as much. */
    private static final int FEWER_OF_LARGE = 20;

    private static final String ASKED = "<= 1.1";

    @FunctionalInterface
    private interface Call {
        void make(int number) throws InterruptedException;
    }

    @Override
    public Report run(Workbench bench) throws Exception {
        PythonPool pool = bench.pool(
                "sessions",
                bench.settings().workers(),
                config -> config.sessions(policy -> policy.maxStateBytes(MOST_STATE_BYTES)));
        Rounds rounds = bench.rounds();
        Samples anonymous = rounds.add("of no session", subject(1, number -> {
            var unused = pool.call("plain", Integer.class, number).await();
        }));
        List<Samples> sessions = new ArrayList<>();
        PythonSession small = filled(pool, "untouched", "fill", 100);
        sessions.add(rounds.add("100 B, untouched", subject(1, number -> call(small, "plain", number))));
        PythonSession nested = filled(pool, "nested", "fill_list", 10);
        sessions.add(rounds.add("100 B list, unchanged", subject(1, number -> call(nested, "read", number))));
        for (int size : SIZES) {
            int fewer = size > LARGE ? FEWER_OF_LARGE : 1;
            String text =
                    size >= 1_000_000 ? size / 1_000_000 + " MB" : size >= 1000 ? size / 1000 + " KB" : size + " B";
            PythonSession read = filled(pool, "read " + size, "fill", size);
            sessions.add(rounds.add(text + ", unchanged", subject(fewer, number -> call(read, "read", number))));
            PythonSession write = pool.session("write " + size);
            sessions.add(rounds.add(text + ", changed", subject(fewer, number -> call(write, "write", number, size))));
        }

        rounds.run(bench.settings().warmUp(), bench.settings().calls(), IN_A_ROW);

        List<Row> rows = new ArrayList<>(List.of(anonymous.latency(Side.FLOOR)));
        List<Ratio> ratios = new ArrayList<>();
        for (Samples samples : sessions) {
            rows.add(samples.latency(Side.VIVARIUM));
            ratios.add(samples.latencyOver(anonymous, samples.name().equals("100 B, unchanged") ? ASKED : ""));
        }
        return bench.report(
                Benchmark.SESSION, rows, ratios, List.of("here the floor is the pool's own call of no session"));
    }

    private static PythonSession filled(PythonPool pool, String name, String handler, int size)
            throws InterruptedException {
        PythonSession session = pool.session(name);
        var unused = session.call(handler, Void.class, size).await();
        return session;
    }

    private static void call(PythonSession session, String handler, Object... args) throws InterruptedException {
        var unused = session.call(PythonCall.to(handler).args(args).returning(Integer.class))
                .await();
    }

    /** Returns a subject that makes each of so many calls only. */
    private static Subject subject(int fewer, Call call) {
        return (calls, nanos) -> {
            for (int i = 0; i < calls; i += fewer) {
                long begun = System.nanoTime();
                call.make(i);
                nanos.accept(System.nanoTime() - begun);
            }
        };
    }
}
