package dev.vivarium.pooltests.storm;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Workers are replaced under load, first because they have served long enough, then all of them in rounds. */
final class Recycles {

    private static final int CALLERS = 6;
    private static final int ROUNDS = 4_000;
    private static final int CALLS_OF_A_WORKER = 25;
    private static final double LEAST_BUSY = 70;
    private static final Duration LIMIT = Duration.ofMinutes(20);

    private final Options options;
    private final Report report = new Report("storm recycles");

    Recycles(Options options) {
        this.options = options;
    }

    private static final class Recycled {
        private final AtomicInteger workers = new AtomicInteger();
        private final AtomicInteger others = new AtomicInteger();

        private void on(PoolEvent event) {
            if (event instanceof PoolEvent.WorkerExited exited) {
                (exited.exit().cause() == TransitionCause.RECYCLED ? workers : others).incrementAndGet();
            }
        }
    }

    @FunctionalInterface
    private interface Work {
        void run(Stage stage, Recycled recycled) throws Exception;
    }

    Report run() throws Exception {
        Machine.describe(report, options);
        report.fact("load before", Machine.load());
        Bounds bounds = new Bounds(options);
        phase(
                "recycles",
                List.of("recycling.max-calls = " + CALLS_OF_A_WORKER),
                options.count(),
                (stage, recycled) -> Stage.await(LIMIT, () -> recycled.workers.get() >= options.count()));
        phase("rolling", List.of(), options.rolling() * Stage.WORKERS, (stage, recycled) -> {
            for (int i = 0; i < options.rolling(); i++) {
                var unused =
                        stage.pool().rollingRestart().toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            }
            Stage.await(Bounds.recovery(), () -> recycled.workers.get() >= options.rolling() * Stage.WORKERS);
        });
        report.checks(bounds.check());
        report.fact("load after", Machine.load());
        return report;
    }

    private void phase(String name, List<String> more, int wanted, Work work) throws Exception {
        Recycled recycled = new Recycled();
        // One replacement at a time, and those that it replaced may still be on their way out.
        try (Stage stage = new Stage(options, Stage.WORKERS, more, recycled::on)) {
            report.fact(name + ": policies", stage.policies());
            long begun = System.nanoTime();
            Callers callers = new Callers(stage, options, ROUNDS, 0, null).start(CALLERS);
            work.run(stage, recycled);
            if (options.plants(Sabotage.CAPACITY)) {
                dip(stage);
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            // All this counts while there is load: without it, workers are idle and nothing is shown.
            double busy = 100 * stage.leases().utilisation();
            callers.stop();
            int replaced = recycled.workers.get();
            stage.endWatching();
            PoolSnapshot last = stage.pool().snapshot();
            report.fact(
                    name,
                    String.format(
                            Locale.ROOT,
                            "%d workers replaced in %.1f s, %d other ends; %s",
                            replaced,
                            seconds,
                            recycled.others.get(),
                            stage.book().latencies()));
            for (Check check : new CallChecks(stage.book(), stage.executions()).judge(CallChecks.Counted.of(last))) {
                report.check(named(name, check));
            }
            Map<String, Integer> errors = stage.book().errors();
            int failed = errors.values().stream().mapToInt(Integer::intValue).sum();
            report.check(Check.none(name + ": failed calls", failed, errors.toString()));
            report.check(Check.atLeast(name + ": replaced", wanted, replaced, ""));
            report.check(Check.atLeast(name + ": utilisation", LEAST_BUSY, busy, " %"));
            report.check(stage.capacity().check(name + ": capacity"));
            report.check(named(name, Check.leases(stage.leases())));
        }
    }

    private static Check named(String name, Check check) {
        return new Check(name + ": " + check.name(), check.held(), check.limit(), check.found());
    }

    /** Tells the watch what a worker's unexpected end would look like. */
    private static void dip(Stage stage) {
        for (WorkerSnapshot worker : stage.pool().snapshot().workers()) {
            stage.capacity()
                    .on(new PoolEvent.WorkerTransitioned(
                            worker.worker(),
                            worker.incarnation(),
                            WorkerState.BUSY,
                            WorkerState.TERMINATED,
                            TransitionCause.CRASHED,
                            Instant.now()));
        }
    }
}
