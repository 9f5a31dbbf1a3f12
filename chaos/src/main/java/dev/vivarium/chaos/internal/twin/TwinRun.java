package dev.vivarium.chaos.internal.twin;

import dev.vivarium.PoolConfig;
import dev.vivarium.SessionMode;
import dev.vivarium.StartMode;
import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.chaos.Coverage;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.TwinResult;
import dev.vivarium.chaos.Verdict;
import dev.vivarium.chaos.internal.Call;
import dev.vivarium.chaos.internal.Facts;
import dev.vivarium.chaos.internal.Oracle;
import dev.vivarium.chaos.internal.Watch;
import dev.vivarium.testkit.LeaseWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;

/** One run of a scenario in the twin: the same phases as on real processes, and the same oracle. Used once, by one thread. */
public final class TwinRun {

    private static final Duration KILL = Duration.ofSeconds(10);
    private static final long START = Duration.ofMinutes(5).toNanos();
    private static final long LOOK = 10_000_000;
    private static final long SAMPLE = 10_000_000;
    private static final long REST = 100_000_000;
    private static final long PROBE_EVERY = 100_000_000;
    private static final int PROBES_IN_A_ROW = 5;
    private static final int PROBES_TOGETHER = 3;
    private static final int MOST_PROBLEMS = 3;

    private final Scenario scenario;
    private final Schedule schedule;
    private final List<String> left;
    private final World world;
    private final TwinPool pool;
    private final Watch watch;
    private final Coverage.Count coverage = new Coverage.Count();
    private final List<String> troubles = new ArrayList<>();
    private String defect = "";
    private String unserved = "";
    private List<String> rest = List.of();
    private long methodAt;
    private long healedAt;
    private boolean sampling = true;

    /**
     * Creates a run.
     *
     * @param kept whether what happens is kept line by line
     */
    public TwinRun(Scenario scenario, Schedule drawn, boolean kept) {
        this.scenario = scenario;
        this.schedule = new Schedule(
                drawn.seed(),
                drawn.faults().stream()
                        .filter(planned -> TwinFaults.isSimulated(planned.fault()))
                        .toList());
        this.world = new World(scenario, drawn.seed(), kept);
        this.left = notSimulated(drawn, world.config);
        this.pool = new TwinPool(world, coverage);
        PoolConfig config = world.config;
        Duration back = config.timeouts()
                .cancelGrace()
                .plus(config.timeouts().drainGrace())
                .plus(KILL);
        this.watch = new Watch(
                scenario.workers(),
                world.notes,
                new LeaseWatch(scenario.workers(), surge(config), back, pool.calls()::isOpen));
    }

    /** Recycled workers may take long to end, while others are recycled already. */
    private int surge(PoolConfig config) {
        boolean recycles = config.recycling().maxCalls() > 0
                || config.recycling().maxMemory() > 0
                || !config.recycling().maxAge().isZero();
        return recycles ? PoolConfig.MAX_WORKERS : scenario.workers();
    }

    private static List<String> notSimulated(Schedule drawn, PoolConfig config) {
        TreeSet<String> left = new TreeSet<>();
        drawn.faults().stream()
                .filter(planned -> !TwinFaults.isSimulated(planned.fault()))
                .forEach(planned -> left.add("fault " + Coverage.word(planned.fault())));
        if (config.template().isOn()) {
            left.add("option template.enabled");
        }
        if (config.sizing().overflow() > 0) {
            left.add("option overflow");
        }
        if (config.sizing().startMode() != StartMode.EAGER) {
            left.add("option start-mode");
        }
        if (!config.health().stallTimeout().isZero()) {
            left.add("option stall-timeout");
        }
        return List.copyOf(left);
    }

    /** Runs it and judges it. */
    public TwinResult run() {
        Facts facts;
        try {
            world.context.events().connect(watch::on);
            pool.start();
            facts = play();
        } catch (RuntimeException e) {
            // In the pool the actor would fail and start anew; that it must is a defect.
            defect = e + (e instanceof VirtualTime.Endless ? "" : " at " + where(e));
            long now = world.time.nanoTime();
            facts = facts(new Facts.Times(now, now, now, now, now, -1));
        } finally {
            world.context.io().shutdownNow();
            world.context.callbacks().shutdown();
        }
        List<Finding> findings = defect.isEmpty() ? new ArrayList<>(Oracle.judge(facts)) : new ArrayList<>();
        findings.addAll(own());
        Verdict verdict = Verdict.of(findings.stream().map(Finding::verdict).toList());
        return new TwinResult(
                scenario,
                schedule,
                verdict,
                findings,
                String.format("%016x", world.time.hash()),
                Duration.ofNanos(world.time.nanoTime()),
                world.time.done(),
                left,
                coverage.coverage(),
                world.notes.lines());
    }

    private static String where(RuntimeException e) {
        StackTraceElement[] trace = e.getStackTrace();
        return trace.length == 0 ? "nowhere" : trace[0].toString();
    }

    private List<Finding> own() {
        List<Finding> findings = new ArrayList<>();
        findings.add(Finding.of(
                "defects", defect.isEmpty(), defect.isEmpty() ? "none" : defect, "no failure inside, and an end"));
        if (defect.isEmpty()) {
            pool.contracts().attempts(pool.calls().attempts());
            findings.add(
                    of("contracts", pool.contracts().broken(), "legal moves, one call a worker, waits as promised"));
            findings.add(of("rest", rest, "a pool at rest has as many slots as are wanted, all idle and known to be"));
            findings.add(Finding.of(
                    "serves again",
                    unserved.isEmpty(),
                    unserved.isEmpty() ? "it does" : unserved,
                    PROBES_IN_A_ROW + " calls of each kind in a row are answered in the end"));
        }
        if (!left.isEmpty()) {
            findings.add(new Finding("not simulated", Verdict.VALID, String.join(", ", left), "said aloud"));
        }
        return findings;
    }

    private static Finding of(String checker, List<String> wrong, String wanted) {
        String found = wrong.isEmpty()
                ? "nothing wrong"
                : wrong.size() + " wrong: "
                        + String.join("; ", wrong.subList(0, Math.min(MOST_PROBLEMS, wrong.size())));
        return Finding.of(checker, wrong.isEmpty(), found, wanted);
    }

    private Facts play() {
        if (!awaitWhole(world.time.nanoTime() + START)) {
            troubles.add("the pool did not become ready");
            long now = world.time.nanoTime();
            return facts(new Facts.Times(now, now, now, now, now, -1));
        }
        sample();
        LoadPlan plan = scenario.load().loadPlan();
        long load = world.time.nanoTime();
        Duration window = scenario.steady().window();
        phase("steady state before");
        pool.calls().begin(plan, world.streams.seedOf("load"));
        world.time.after(window, () -> {
            methodAt = world.notes.now();
            phase("safety: faults");
            pool.faults().begin(schedule, watch::hasReached);
        });
        world.time.after(window.plus(schedule.length()), () -> {
            pool.faults().healAll();
            healedAt = world.notes.now();
            phase("liveness: healed");
        });
        long end = load + plan.length().toNanos();
        world.time.runUntil(Math.max(end, load + window.plus(schedule.length()).toNanos()));
        phase("liveness: drain");
        long recovered = awaitRecovered(Math.max(end, healedAt));
        if (recovered >= 0) {
            world.time.runUntil(world.time.nanoTime() + REST);
            rest = restTrouble();
        }
        sampling = false;
        watch.end();
        Facts facts = facts(new Facts.Times(load, methodAt, healedAt, end - window.toNanos(), end, recovered));
        if (recovered >= 0) {
            unserved = probe();
        }
        return facts;
    }

    private void phase(String name) {
        world.notes.line("phase").with("name", name).write();
    }

    /** A pool that recycles its workers is never at rest for long, so that it is looked at again for a while. */
    private List<String> restTrouble() {
        long until = world.time.nanoTime() + scenario.recover().toNanos();
        List<String> trouble = pool.troubleAtRest();
        while (!trouble.isEmpty() && world.time.nanoTime() < until) {
            world.time.runUntil(world.time.nanoTime() + LOOK);
            trouble = pool.troubleAtRest();
        }
        return trouble;
    }

    private boolean awaitWhole(long until) {
        while (!watch.isWhole() && world.time.nanoTime() < until) {
            world.time.runUntil(world.time.nanoTime() + LOOK);
        }
        return watch.isWhole();
    }

    private long awaitRecovered(long from) {
        long patience = scenario.recover().toNanos();
        while (world.notes.now() - from <= patience) {
            if (healedAt > 0 && watch.isWhole() && pool.calls().open() == 0) {
                return world.notes.now();
            }
            world.time.runUntil(world.time.nanoTime() + LOOK);
        }
        return -1;
    }

    private void sample() {
        if (sampling) {
            watch.on(world.context.snapshot());
            world.time.after(SAMPLE, this::sample);
        }
    }

    /** Whatever happened, it must be over some time: breakers close, and every session has its turn. */
    private String probe() {
        PoolConfig config = world.config;
        Duration patience = config.circuitBreaker()
                .openFor()
                .multipliedBy(4)
                .plus(config.restart().maxBackoff())
                .plus(scenario.load().timeout().multipliedBy(4))
                .plus(scenario.recover());
        for (String operation : LoadSpec.OPERATIONS) {
            if (!scenario.load().mix().containsKey(operation)) {
                continue;
            }
            boolean inSession = operation.equals(LoadSpec.COUNT) || operation.equals(LoadSpec.READ);
            int sessions = inSession ? Math.min(scenario.load().sessions(), 10) : 1;
            for (int i = 1; i <= sessions; i++) {
                String trouble = probe(operation, "s" + i, world.time.nanoTime() + patience.toNanos());
                if (!trouble.isEmpty()) {
                    return trouble;
                }
            }
        }
        return "";
    }

    /** Calls of one session that come together wait for their turn, unless they may not wait. */
    private int probesTogether() {
        boolean mayWait = world.config.sessions().mode() != SessionMode.STRICT_FAIL_FAST;
        return mayWait ? Math.min(PROBES_TOGETHER, world.config.sizing().queueCapacity()) : 1;
    }

    private String probe(String operation, String session, long until) {
        int answered = 0;
        String last = "";
        while (answered < PROBES_IN_A_ROW) {
            if (world.time.nanoTime() > until) {
                return operation + " is not answered any more, the last of session " + session + ": " + last;
            }
            List<Call> together = new ArrayList<>();
            for (int i = 0; i < probesTogether(); i++) {
                together.add(pool.calls().probe(operation, session));
            }
            while (pool.calls().open() > 0 && world.time.nanoTime() <= until) {
                world.time.runUntil(world.time.nanoTime() + LOOK);
            }
            Call worst = together.stream()
                    .filter(call -> call.outcome() != Call.Outcome.OK)
                    .findFirst()
                    .orElse(together.get(0));
            answered = worst.outcome() == Call.Outcome.OK ? answered + 1 : 0;
            last = worst.toString();
            if (answered == 0) {
                world.time.runUntil(world.time.nanoTime() + PROBE_EVERY);
            }
        }
        return "";
    }

    /** Calls that come back from a worker find a place, however many wait. */
    private int mostWaiting() {
        long back = world.context.stats().retried() + scenario.workers();
        return (int) Math.min(Integer.MAX_VALUE, world.config.sizing().queueCapacity() + back);
    }

    private Facts facts(Facts.Times times) {
        return new Facts(
                scenario,
                schedule,
                pool.calls().all(),
                pool.calls().ledger(),
                pool.calls().sessionFindings(),
                pool.faults().struck(),
                List.of(),
                watch.facts(),
                times,
                new Facts.Machine(1, 0, 0, 0),
                new Facts.Limits(
                        mostWaiting(),
                        world.config.retry().budget(),
                        world.config.retry().burst()),
                Collections.unmodifiableList(troubles));
    }
}
