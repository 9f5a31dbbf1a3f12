package dev.vivarium.bench;

import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.bench.floor.ForkServer;
import dev.vivarium.bench.floor.Spawn;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How long from the SIGKILL of a worker to the first correct reply of its replacement, with numpy and scipy in both. */
final class Restart implements Benchmark.Program {

    private static final List<String> MODULES = List.of("numpy", "scipy.linalg");
    private static final int SIZE = 8;
    private static final Duration NO_LIMIT = Duration.ofDays(1);
    private static final String NAME = "SIGKILL to the next correct reply";
    private static final String ASKED = "asked: p50 <= 10 ms, p99 <= 50 ms";

    @Override
    public Report run(Workbench bench) throws IOException, BenchUnavailable, InterruptedException {
        int kills = bench.settings().calls();
        Spawn spawn = new Spawn(bench.settings().python(), MODULES);
        double[] spawned = new double[kills];
        double[] forked = new double[kills];
        double[] answered = new double[kills];
        ForkServer server = bench.forkServer(MODULES);
        PythonPool pool = bench.poolOf(
                "scientific_handlers.py",
                "restart",
                bench.settings().workers(),
                config -> config.template(template -> template.preload(MODULES))
                        // A pool gives up on handlers that lose many workers in a short time, as it should; not here.
                        // And a call that went to the dying worker is repeated without a pause, which would be measured
                        // too.
                        .retry(retry -> retry.budget(1000)
                                .burst(1_000_000)
                                .minDelay(Duration.ZERO)
                                .maxDelay(Duration.ZERO))
                        .recovery(recovery -> recovery.minorBudget(NO_LIMIT)
                                .majorBudget(NO_LIMIT)
                                .criticalBudget(NO_LIMIT))
                        .circuitBreaker(breaker -> breaker.enabled(false)));
        // The second call may go to the worker before it is known to be dead. Repeated, it goes to the replacement.
        PythonCall<Long> call = PythonCall.to("solve")
                .args(SIZE)
                .returning(Long.class)
                .retrySafe()
                .maxRetries(100);
        for (int i = 0; i < kills; i++) {
            int kill = i;
            bench.progress().at(() -> "kill " + (kill + 1) + " of " + kills);
            forked[i] = server.millis();
            spawned[i] = spawn.millis();
            long before = pool.call(call).await();
            WorkerSnapshot victim = pool.snapshot().workers().stream()
                    .filter(worker -> worker.pid() == before)
                    .findFirst()
                    .orElseThrow();
            long begun = System.nanoTime();
            pool.signal(victim.worker(), victim.incarnation(), Signal.KILL);
            while (pool.call(call).await() == before) {
                Thread.onSpinWait(); // The kill has not arrived; the answer is the old worker's.
            }
            answered[i] = (System.nanoTime() - begun) / 1e6;
        }
        List<Row> rows = new ArrayList<>();
        rows.add(new Row(Side.FLOOR, "fork of an interpreter that has both", Row.MILLIS, Distribution.of(forked)));
        rows.add(
                new Row(Side.FLOOR, "start of an interpreter that imports both", Row.MILLIS, Distribution.of(spawned)));
        rows.add(new Row(Side.VIVARIUM, NAME, Row.MILLIS, Distribution.of(answered)));
        double median = Distribution.of(answered).p50();
        return bench.report(
                Benchmark.RESTART,
                rows,
                List.of(
                        Ratio.of(NAME, "fork", median / Distribution.of(forked).p50(), answered, forked, ""),
                        Ratio.of(
                                NAME, "start", median / Distribution.of(spawned).p50(), answered, spawned, "")),
                bench.settings().workers() == 1
                        ? List.of(ASKED)
                        : List.of(ASKED, "with several workers the next reply is that of another one"));
    }
}
