package dev.vivarium.bench;

import dev.vivarium.PythonPool;
import dev.vivarium.bench.floor.Codec;
import dev.vivarium.bench.floor.Pipelined;
import dev.vivarium.bench.floor.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Many small calls in flight; and work on more workers than one. */
final class Throughput implements Benchmark.Program {

    private static final int IN_FLIGHT = 32;
    private static final int IN_A_ROW = 5_000;

    private static final int BURN_MICROS = 100;
    private static final int BURNS_IN_A_ROW = 500;

    /** Calls that burn are so many times fewer: each takes so many times longer. */
    private static final int FEWER_BURNS = 10;

    private static final String ASKED = ">= 0.6";
    private static final String BURN_ASKED = ">= 1.7 free";

    @Override
    public Report run(Workbench bench) throws Exception {
        List<Row> rows = new ArrayList<>();
        List<Ratio> ratios = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(IN_FLIGHT, task -> {
            Thread thread = new Thread(task, "bench-caller");
            thread.setDaemon(true);
            return thread;
        });
        try {
            small(bench, threads, rows, ratios);
        } finally {
            threads.shutdownNow();
        }
        if (bench.pinned()) {
            notes.add("pinned to one processor, several workers are not compared with one");
        } else {
            notes.add(Workbench.FREE);
            burning(bench, rows, ratios);
        }
        return bench.report(Benchmark.THROUGHPUT, rows, ratios, notes);
    }

    private static void small(Workbench bench, ExecutorService threads, List<Row> rows, List<Ratio> ratios)
            throws Exception {
        BenchSettings settings = bench.settings();
        Rounds rounds = bench.rounds();
        List<Samples> floors = new ArrayList<>();
        Samples base = null;
        for (Transport transport : Transport.values()) {
            for (Codec codec : Codec.values()) {
                Samples floor = rounds.add(
                        transport.word() + ", " + codec.word() + ", " + IN_FLIGHT + " in flight",
                        new Pipelined(bench.floor(transport, codec, Latency.BYTES), IN_FLIGHT));
                floors.add(floor);
                if (transport == settings.transport() && codec == Codec.JSON) {
                    base = floor;
                }
            }
        }
        if (base == null) {
            throw new IllegalStateException("no floor of " + settings.transport());
        }
        PythonPool pool = bench.pool("bench", settings.workers(), config -> config);
        Samples one = rounds.add(
                "calls of one thread, " + IN_FLIGHT + " in flight",
                EchoCalls.fromOneThread(EchoCalls.small(pool), IN_FLIGHT));
        Samples many = rounds.add(
                "calls of " + IN_FLIGHT + " threads",
                EchoCalls.fromManyThreads(EchoCalls.small(pool), threads, IN_FLIGHT));

        rounds.run(settings.warmUp(), settings.calls(), IN_A_ROW);

        floors.forEach(floor -> rows.add(floor.rate(Side.FLOOR)));
        for (Samples ours : List.of(one, many)) {
            rows.add(ours.rate(Side.VIVARIUM));
            ratios.add(ours.rateOver(base, ASKED));
        }
        rows.add(one.latency(Side.VIVARIUM));
        rows.add(many.latency(Side.VIVARIUM));
    }

    private static void burning(Workbench bench, List<Row> rows, List<Ratio> ratios) throws Exception {
        BenchSettings settings = bench.settings();
        Rounds rounds = bench.rounds();
        int workers = Math.max(2, settings.workers());
        List<Samples> both = new ArrayList<>();
        for (int count : new int[] {1, workers}) {
            PythonPool pool = bench.pool("burn-" + count, count, config -> config);
            both.add(rounds.add(
                    BURN_MICROS + " us of processor each, workers: " + count,
                    EchoCalls.fromOneThread(() -> pool.call("burn", Integer.class, BURN_MICROS), IN_FLIGHT)));
        }
        rounds.run(settings.warmUp() / FEWER_BURNS, Math.max(1, settings.calls() / FEWER_BURNS), BURNS_IN_A_ROW);
        both.forEach(samples -> rows.add(samples.rate(Side.VIVARIUM)));
        ratios.add(both.get(1).rateOver(both.get(0), BURN_ASKED));
    }
}
