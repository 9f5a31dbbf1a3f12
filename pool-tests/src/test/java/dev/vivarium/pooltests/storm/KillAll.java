package dev.vivarium.pooltests.storm;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.pooltests.storm.CallBook.Entry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * SIGKILL of all workers at once, again and again. In every other round nothing is asked of the pool until its capacity is
 * back; in the rounds between, a call is made at once, and the time to its answer counts.
 */
final class KillAll {

    private static final int ROUNDS = 100;

    /** Every call here comes at the worst moment: there are none that pay for the retries of others. */
    private static final List<String> POLICY = List.of("retry.budget = 1");

    private final Options options;
    private final Report report = new Report("storm kill-all");
    private final Map<Long, Integer> exits = new ConcurrentHashMap<>();

    KillAll(Options options) {
        this.options = options;
    }

    private void on(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerExited exited) {
            exits.put(exited.exit().pid(), exited.exit().signal());
        }
    }

    Report run() throws Exception {
        Machine.describe(report, options);
        report.fact("load before", Machine.load());
        Bounds bounds = new Bounds(options);
        rounds();
        report.checks(bounds.check());
        report.fact("load after", Machine.load());
        return report;
    }

    private void rounds() throws Exception {
        long[] back = new long[(options.count() + 1) / 2];
        long[] reply = new long[options.count() / 2];
        int missing = 0;
        int wrong = 0;
        try (Stage stage = new Stage(options, 0, POLICY, this::on)) {
            report.fact("policies", stage.policies());
            report.fact("rounds", options.count() + ", of " + Stage.WORKERS + " workers");
            Callers caller = new Callers(stage, options, ROUNDS, 1, null);
            for (int round = 0; round < options.count(); round++) {
                List<Long> victims = stage.pool().snapshot().workers().stream()
                        .map(WorkerSnapshot::pid)
                        .toList();
                long killed = System.nanoTime();
                // From outside, so that the pool has to find out by itself.
                victims.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
                if (options.plants(Sabotage.CAPACITY) && round == 0) {
                    stage.pool().resize(Stage.WORKERS - 1);
                }
                if (round % 2 == 1) {
                    Entry first = caller.one(true);
                    reply[round / 2] = System.nanoTime() - killed;
                    wrong += first.answeredRightly() ? 0 : 1;
                }
                boolean planted = options.plants(Sabotage.CAPACITY) && round == 0;
                boolean whole = Stage.await(
                                planted ? Duration.ofSeconds(2) : Bounds.recovery(),
                                () -> exits.keySet().containsAll(victims))
                        && stage.awaitIdle(planted ? Duration.ofSeconds(2) : Bounds.recovery());
                missing += whole ? 0 : 1;
                if (planted) {
                    stage.pool().resize(Stage.WORKERS);
                    stage.awaitIdle(Bounds.recovery());
                }
                if (round % 2 == 0) {
                    back[round / 2] = System.nanoTime() - killed;
                    wrong += caller.one(true).answeredRightly() ? 0 : 1;
                    stage.awaitIdle(Bounds.recovery());
                }
            }
            stage.endWatching();
            PoolSnapshot last = stage.pool().snapshot();
            report.fact("capacity back", CallBook.latencies(back) + ", no request made");
            report.fact("first correct reply", CallBook.latencies(reply));
            report.fact("pool", last.retried() + " retries, " + last.restarts() + " restarts");
            report.checks(new CallChecks(stage.book(), stage.executions()).judge(CallChecks.Counted.of(last)));
            report.check(Check.none("capacity not back", missing, "a round"));
            report.check(
                    Check.none("wrong or no reply", wrong, stage.book().errors().toString()));
            report.check(Check.leases(stage.leases()));
        }
    }
}
