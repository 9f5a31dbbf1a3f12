package dev.vivarium.bench;

import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.bench.floor.Spawn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** How long until many workers are ready, and what memory each has for itself. */
final class Startup implements Benchmark.Program {

    private static final String ASKED = "asked: <= 1500 ms for 100 workers, <= 4 MiB each";

    @Override
    public Report run(Workbench bench) throws IOException, BenchUnavailable, InterruptedException {
        ProcessFiles.check();
        int workers = bench.settings().workers();
        int times = bench.settings().calls();
        Spawn bare = new Spawn(bench.settings().python(), List.of("numpy"));
        double[] spawned = new double[times];
        double[] ready = new double[times];
        List<Double> memory = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            int time = i;
            bench.progress().at(() -> "start " + (time + 1) + " of " + times);
            spawned[i] = bare.millis();
            long begun = System.nanoTime();
            PythonPool pool = bench.poolOf(
                    "numpy_handlers.py",
                    "startup",
                    workers,
                    config -> config.template(template -> template.preload("numpy")));
            ready[i] = (System.nanoTime() - begun) / 1e6;
            for (WorkerSnapshot worker : pool.snapshot().workers()) {
                memory.add(ProcessFiles.privateMebibytes(worker.pid()));
            }
            pool.close();
        }
        List<Row> rows = List.of(
                new Row(Side.FLOOR, "one bare interpreter with numpy", Row.MILLIS, Distribution.of(spawned)),
                new Row(Side.VIVARIUM, "workers ready, with numpy: " + workers, Row.MILLIS, Distribution.of(ready)),
                new Row(
                        Side.VIVARIUM,
                        "private memory of a worker",
                        "MiB",
                        Distribution.of(
                                memory.stream().mapToDouble(Double::doubleValue).toArray())));
        return bench.report(
                Benchmark.STARTUP,
                rows,
                List.of(Ratio.of(
                        rows.get(1).name(),
                        rows.get(0).name(),
                        Distribution.of(ready).p50() / Distribution.of(spawned).p50(),
                        ready,
                        spawned,
                        "")),
                List.of(ASKED));
    }
}
