package dev.vivarium.pooltests.storm;

import dev.vivarium.PoolSnapshot;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Many callers against few workers while faults befall these at random moments, compared with the same callers when nothing
 * happens.
 */
final class Storm {

    private static final int CALLERS = 32;
    private static final int ROUNDS = 2_000;
    private static final int SLOW = 100;
    private static final double RETRY_SAFE = 0.8;
    private static final double LEAST_OK = 99;
    private static final double LEAST_THROUGHPUT = 30;
    /**
     * With four workers that the storm itself makes hang, five broken attempts in a row, which open a breaker by default, are
     * no news; nor is it one that a worker does not live for the 30 s that make a slot forget its failures by default.
     */
    private static final List<String> POLICY = List.of("circuit-breaker.failure-threshold = 20");

    private static final int CALM_CALLS = 400;
    private static final Duration LONGEST_CALM = Duration.ofMinutes(1);

    private final Options options;
    private final Report report = new Report("storm");

    Storm(Options options) {
        this.options = options;
    }

    Report run() throws Exception {
        Machine.describe(report, options);
        report.fact("load before", Machine.load());
        Bounds bounds = new Bounds(options);
        double calm = phase("calm", ROUNDS, null);
        int rounds = options.plants(Sabotage.SLOW) ? ROUNDS * SLOW : ROUNDS;
        double storm = phase("storm", rounds, new Faults(options, options.landed()));
        if (options.timed()) {
            report.check(CallChecks.throughput(calm, storm, LEAST_THROUGHPUT));
        }
        report.checks(bounds.check());
        report.fact("load after", Machine.load());
        return report;
    }

    /** Returns how many calls ended well a second. Holds nothing of it when it returns. */
    private double phase(String name, int rounds, @Nullable Faults faults) throws Exception {
        try (Stage stage = new Stage(options, 0, POLICY, faults == null ? event -> {} : faults::on)) {
            if (faults != null) {
                report.fact("policies", stage.policies());
                report.fact(
                        "calls",
                        CALLERS + " callers, " + (int) (100 * RETRY_SAFE) + " % retry-safe; a fault each "
                                + Faults.mean(options).toMillis() + " ms, Poisson; the balloon has "
                                + (Stage.balloon(options) >> 20) + " MiB");
            }
            long begun = System.nanoTime();
            Callers callers = new Callers(stage, options, rounds, RETRY_SAFE, faults).start(CALLERS);
            if (faults == null) {
                calm(stage, begun);
            } else {
                faults.begin(stage);
                storm(faults, begun);
                faults.end();
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            long answered = stage.book().answered();
            callers.stop();
            if (options.plants(Sabotage.CAPACITY)) {
                stage.shrink();
            }
            boolean whole = (faults == null || Stage.await(Bounds.recovery(), faults::isOver))
                    && stage.awaitIdle(options.plants(Sabotage.CAPACITY) ? Duration.ofSeconds(1) : Bounds.recovery());
            stage.endWatching();
            PoolSnapshot last = stage.pool().snapshot();
            report.fact(
                    name,
                    String.format(
                            Locale.ROOT,
                            "%.1f s, %,d calls, %,d ok, %.1f/s; %s",
                            seconds,
                            stage.book().entries().size(),
                            answered,
                            answered / seconds,
                            stage.book().latencies()));
            if (faults == null) {
                report.check(calmCheck(stage));
            } else {
                judge(stage, faults, last, whole);
            }
            return answered / seconds;
        }
    }

    private void calm(Stage stage, long begun) {
        if (options.timed()) {
            Duration tenth = options.length().dividedBy(10);
            until(begun, tenth.compareTo(LONGEST_CALM) < 0 ? tenth : LONGEST_CALM);
        } else {
            // The callers end by themselves only when they are told to; a lost call must not keep this from ending.
            Stage.await(LONGEST_CALM, () -> stage.book().entries().size() >= CALM_CALLS);
        }
    }

    private void storm(Faults faults, long begun) {
        if (options.timed()) {
            until(begun, options.length());
        } else {
            Stage.await(Duration.ofMinutes(10), faults::isEnough);
        }
    }

    private static void until(long begun, Duration length) {
        long end = begun + length.toNanos();
        while (end - System.nanoTime() > 0) {
            LockSupport.parkNanos(Math.max(1, end - System.nanoTime()));
        }
    }

    /** Without faults nothing may fail. */
    private static Check calmCheck(Stage stage) {
        Map<String, Integer> errors = stage.book().errors();
        int failed = errors.values().stream().mapToInt(Integer::intValue).sum();
        return Check.none("calm: failed calls", failed, errors.toString());
    }

    private void judge(Stage stage, Faults faults, PoolSnapshot last, boolean whole) throws Exception {
        report.fact("failed calls", stage.book().errors());
        report.fact("faults", faults.table());
        report.fact(
                "pool",
                String.format(
                        Locale.ROOT,
                        "%,d retries, %,d restarts, %,d late replies, %,d lines of output dropped",
                        last.retried(),
                        last.restarts(),
                        last.lateReplies(),
                        last.droppedLogLines()));
        CallChecks calls = new CallChecks(stage.book(), stage.executions());
        report.checks(calls.judge(CallChecks.Counted.of(last)));
        report.check(calls.retrySafe(LEAST_OK, options.timed()));
        report.check(Check.leases(stage.leases()));
        report.check(new Check(
                "capacity back",
                whole,
                Stage.WORKERS + " idle workers within "
                        + TimeUnit.MILLISECONDS.toSeconds(Bounds.recovery().toMillis()) + " s of the end",
                last.summary()));
        report.check(faults.check());
    }
}
