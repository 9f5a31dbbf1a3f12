package dev.vivarium.pooltests.sessions;

import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.pooltests.storm.Check;
import dev.vivarium.pooltests.storm.Report;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.SessionHistory;
import dev.vivarium.testkit.SessionHistory.Fault;
import dev.vivarium.testkit.SessionHistory.Finding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Several callers count many sessions up while workers are killed: every counter ends exact, and every answer fits. */
final class CountStorm {

    /** One in so many calls looks at the counter. */
    private static final int LOOKS = 20;

    /** One in so many increments has an idempotency key, and is asked for twice. */
    private static final int ONCE = 10;

    /**
     * One in so many commits, or reads, is wrong when wrongs are planted: so many that among twenty sessions the last commit of one is,
     * and no worker's copy hides it.
     */
    private static final int WRONG_IN = 3;

    private final Options options;
    private final int sessions;
    private final int increments;
    private final SessionHistory history = new SessionHistory();
    private final ConcurrentLinkedQueue<String> errors = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> unlike = new ConcurrentLinkedQueue<>();
    private final AtomicInteger next = new AtomicInteger();
    private final PythonCall<Integer> count;
    private final AtomicInteger answered = new AtomicInteger();

    CountStorm(Options options) {
        this.options = options;
        this.sessions = options.number("--sessions");
        this.increments = options.number("--increments");
        this.count = Stage.COUNT.args(options.number("--state"));
    }

    Report run() throws Exception {
        int total = Math.multiplyExact(sessions, increments);
        Random random = new Random(options.seed());
        PlantedStore planted = options.sabotage().isEmpty()
                ? null
                : PlantedStore.often(options.sabotage(), WRONG_IN, new Random(options.seed()));
        ExecutorService callers = Executors.newFixedThreadPool(options.number("--callers"));
        try (Stage stage = new Stage(
                        options.number("--workers"),
                        options.python(),
                        planted,
                        settings -> settings.sessions(policy -> policy.mode(options.mode())
                                .maxBindings(Math.max(policy.maxBindings(), sessions))
                                .maxTotalBytes(1L << 40)));
                Progress progress = new Progress()) {
            progress.begin(() -> answered.get() + " of " + total + " increments, " + stage.landed() + " kills");
            long begun = System.nanoTime();
            stage.killEvery(options.number("--kill-every"), random);
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < options.number("--callers"); i++) {
                tasks.add(() -> {
                    // Every caller goes over all sessions, so that callers meet in them.
                    for (int number = next.getAndIncrement(); number < total; number = next.getAndIncrement()) {
                        one(stage.pool().session("s" + number % sessions), number);
                    }
                    return null;
                });
            }
            for (Future<Void> task : callers.invokeAll(tasks)) {
                task.get();
            }
            double seconds = (System.nanoTime() - begun) / 1e9;
            stage.endKilling();
            PoolSnapshot counted = stage.pool().snapshot();
            int wrong = 0;
            String example = "";
            for (int i = 0; i < sessions; i++) {
                String name = "s" + i;
                // So that what is stored is looked at, and not what its worker remembers.
                stage.pool().session(name).unbind().toCompletableFuture().get();
                long asked = history.begin();
                int last = stage.pool().session(name).call(Stage.LOOK).await();
                history.read(name, asked, last);
                if (last != increments) {
                    wrong++;
                    example = name + " is " + last;
                }
            }
            return report(stage, counted, seconds, Check.none("counters not " + increments, wrong, example));
        } finally {
            callers.shutdownNow();
        }
    }

    private void one(PythonSession session, int number) throws InterruptedException {
        if (number % LOOKS == 0) {
            long begun = history.begin();
            try {
                history.read(session.id(), begun, session.call(Stage.LOOK).await());
            } catch (PoolException e) {
                errors.add(e.toString());
            }
        }
        long begun = history.begin();
        try {
            if (number % ONCE == 0) {
                int first = session.callOnce("key-" + number, count).await();
                history.incremented(session.id(), begun, first);
                int again = session.callOnce("key-" + number, count).await();
                if (again != first) {
                    unlike.add(session.id() + " was answered " + first + ", and then " + again);
                }
            } else {
                history.incremented(session.id(), begun, session.call(count).await());
            }
        } catch (PoolException e) {
            errors.add(e.toString());
            if (e.execution() != Execution.NOT_STARTED) {
                history.unknown(session.id(), begun);
            }
        }
        answered.incrementAndGet();
    }

    private Report report(Stage stage, PoolSnapshot counted, double seconds, Check counters) {
        Report report = new Report("session-storm");
        report.fact("seed", options.seed());
        Map<String, Object> numbers = new LinkedHashMap<>(new java.util.TreeMap<>(options.numbers()));
        numbers.put("mode", options.mode());
        report.fact("asked", numbers);
        if (!options.sabotage().isEmpty()) {
            report.fact("sabotage", options.sabotage().toString());
        }
        report.fact("wall time", String.format(Locale.ROOT, "%.1f s", seconds));
        long calls = counted.accepted();
        report.fact("calls", calls);
        report.fact("calls a second", Math.round(calls / seconds));
        report.fact("kills sent", stage.sent());
        report.fact("kills landed", stage.landed());
        report.fact("calls run again", counted.retried());
        Map<String, Object> table = new LinkedHashMap<>();
        table.put("hits", counted.sessions().hits());
        table.put("misses", counted.sessions().misses());
        table.put("rebinds", counted.sessions().rebinds());
        table.put("conflicts", counted.sessions().conflicts());
        table.put("replayed", counted.sessions().replayed());
        table.put("lost", counted.sessions().lost());
        report.fact("sessions", table);
        report.check(counters);
        report.check(Check.none("failed calls", errors.size(), String.valueOf(errors.peek())));
        report.check(Check.none("replays that differ", unlike.size(), String.valueOf(unlike.peek())));
        report.checks(faults(history.check()));
        if (options.number("--kill-every") > 0) {
            report.check(Check.atLeast("kills landed", 1, stage.landed(), ""));
        }
        return report;
    }

    /** Returns a criterion for each fault that a history may have. */
    static List<Check> faults(List<Finding> findings) {
        List<Check> checks = new ArrayList<>();
        for (Fault fault : Fault.values()) {
            List<Finding> found = findings.stream()
                    .filter(finding -> finding.fault() == fault)
                    .toList();
            checks.add(Check.none(
                    fault.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    found.size(),
                    found.isEmpty() ? "" : found.get(0).toString()));
        }
        return checks;
    }
}
