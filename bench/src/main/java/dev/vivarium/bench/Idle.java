package dev.vivarium.bench;

import dev.vivarium.PythonPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** What a pool uses of the processor while nobody calls it: the JVM, the guardian and the workers, over a bare actor system. */
final class Idle implements Benchmark.Program {

    /** One measurement. Linux counts a process's time in hundredths of a second, which is 0.1 of a per cent of this. */
    private static final int WINDOW_S = 10;

    /** After a start, until what it has set going has come to rest. */
    private static final int SETTLING_S = 3;

    private static final String UNIT = "% of a core";
    private static final String ASKED = "asked: <= 0.3 points above the bare one";

    private final int windowMillis;
    private final int settlingMillis;

    Idle() {
        this((int) TimeUnit.SECONDS.toMillis(WINDOW_S), (int) TimeUnit.SECONDS.toMillis(SETTLING_S));
    }

    Idle(int windowMillis, int settlingMillis) {
        this.windowMillis = windowMillis;
        this.settlingMillis = settlingMillis;
    }

    @Override
    public Report run(Workbench bench) throws IOException, BenchUnavailable, InterruptedException {
        int pairs = bench.settings().calls();
        double[] bare = new double[pairs];
        double[] pool = new double[pairs];
        double[] more = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            int pair = i;
            bench.progress().at(() -> "pair " + (pair + 1) + " of " + pairs);
            if (i % 2 == 0) {
                bare[i] = bare();
                pool[i] = pool(bench);
            } else {
                pool[i] = pool(bench);
                bare[i] = bare();
            }
            more[i] = pool[i] - bare[i];
        }
        List<Row> rows = new ArrayList<>();
        rows.add(new Row(Side.FLOOR, "an actor system with nothing in it", UNIT, Distribution.of(bare)));
        rows.add(new Row(
                Side.VIVARIUM, "an idle pool, workers: " + bench.settings().workers(), UNIT, Distribution.of(pool)));
        rows.add(new Row(Side.VIVARIUM, "the same, less the bare one", UNIT, Distribution.of(more)));
        return bench.report(
                Benchmark.IDLE,
                rows,
                List.of(),
                List.of(
                        ASKED,
                        "each value is of " + windowMillis / 1000.0 + " s, counted in steps of "
                                + ProcessFiles.TICK_MILLIS * 100.0 / windowMillis + " % for each process"));
    }

    private double bare() throws IOException, InterruptedException {
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "bare");
        try {
            return window();
        } finally {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().join();
        }
    }

    private double pool(Workbench bench) throws IOException, BenchUnavailable, InterruptedException {
        PythonPool pool = bench.pool("idle", bench.settings().workers(), config -> config);
        try {
            return window();
        } finally {
            pool.close();
        }
    }

    private double window() throws IOException, InterruptedException {
        pause(settlingMillis);
        long begun = System.nanoTime();
        long before = ProcessFiles.processorMillisOfTree();
        pause(windowMillis);
        long used = ProcessFiles.processorMillisOfTree() - before;
        return used * 100e6 / (System.nanoTime() - begun);
    }

    private static void pause(int millis) throws InterruptedException {
        var unused = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    }
}
