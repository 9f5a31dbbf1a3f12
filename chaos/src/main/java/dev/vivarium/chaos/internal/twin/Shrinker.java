package dev.vivarium.chaos.internal.twin;

import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.Phase;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.ChaosRun;
import dev.vivarium.chaos.InvalidScenario;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import dev.vivarium.chaos.Twin;
import dev.vivarium.chaos.internal.ScenarioChecks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a scenario that fails smaller, as long as it goes on to fail in the same way: first its schedule becomes a list of single
 * faults; then faults, options, calls and workers are left out or made less, greedily, until nothing more can be. What comes out is a
 * scenario and a seed, like any other.
 */
public final class Shrinker {

    /** How many runs it may take. */
    static final int MOST_RUNS = 600;

    private static final int SEEDS_FOR_A_FLAT_ONE = 20;
    private static final int SEEDS = 3;
    private static final Duration LEAST_TTL = Duration.ofMillis(20);

    /**
     * A scenario that fails.
     *
     * @param runs how many it took to find it
     */
    public record Shrunk(Scenario scenario, long seed, List<String> failed, int runs) {

        /** Copies the list. */
        public Shrunk {
            failed = List.copyOf(failed);
        }
    }

    private final Set<String> failed;
    private final Consumer<String> progress;
    private Scenario best;
    private long seed;
    private List<String> found;
    private int runs;

    /**
     * Creates one.
     *
     * @param failed the checkers that said INVALID, of which one must go on to
     */
    public Shrinker(Scenario scenario, long seed, List<String> failed, Consumer<String> progress) {
        this.best = scenario;
        this.seed = seed;
        this.failed = new HashSet<>(failed);
        this.found = failed;
        this.progress = progress;
    }

    /** Shrinks. */
    public Shrunk shrink() {
        if (takes(flat(best), SEEDS_FOR_A_FLAT_ONE)) {
            int size;
            do {
                size = size(best);
                pass();
                progress.accept("shrinking: " + best.method().size() + " faults, "
                        + best.options().size()
                        + " options, " + best.load().loadPlan().calls() + " calls, " + best.workers()
                        + " workers after " + runs + " runs");
            } while (size(best) < size && runs < MOST_RUNS);
        }
        return new Shrunk(best, seed, found, runs);
    }

    private static int size(Scenario scenario) {
        return 1000 * scenario.method().size()
                + 100 * scenario.options().size()
                + 100 * scenario.load().mix().size()
                + 10 * scenario.workers()
                + (int) scenario.load().loadPlan().calls();
    }

    private void pass() {
        withoutFaults();
        withoutOptions();
        withLessLoad();
        for (int workers = 1; workers < best.workers(); workers++) {
            if (takes(best.withWorkers(workers), SEEDS)) {
                break;
            }
        }
        withSmallerFaults();
    }

    private void withoutFaults() {
        for (int chunk = Math.max(1, best.method().size() / 2); chunk >= 1; chunk /= 2) {
            for (int from = 0; from < best.method().size(); ) {
                List<Step> rest = new ArrayList<>(best.method());
                rest.subList(from, Math.min(rest.size(), from + chunk)).clear();
                if (!takes(fitted(method(best, rest)), SEEDS)) {
                    from += chunk;
                }
            }
        }
    }

    private void withoutOptions() {
        for (int i = 0; i < best.options().size(); ) {
            List<String> rest = new ArrayList<>(best.options());
            rest.remove(i);
            if (!takes(options(best, rest), SEEDS)) {
                i++;
            }
        }
    }

    private void withLessLoad() {
        for (String operation : List.copyOf(best.load().mix().keySet())) {
            Map<String, Integer> rest = new TreeMap<>(best.load().mix());
            rest.remove(operation);
            if (!rest.isEmpty()) {
                var unused =
                        takes(load(best, best.load().plan(), rest, best.load().sessions()), SEEDS);
            }
        }
        var unused = takes(load(best, best.load().plan(), best.load().mix(), 1), SEEDS);
        for (int i = 0; i < 4; i++) {
            double rate = rate(best) / 2;
            if (rate < 1
                    || !takes(
                            load(
                                    best,
                                    plan(rate, length(best)),
                                    best.load().mix(),
                                    best.load().sessions()),
                            SEEDS)) {
                return;
            }
        }
    }

    private void withSmallerFaults() {
        for (int i = 0; i < best.method().size(); i++) {
            if (best.method().get(i) instanceof Step.Inject inject) {
                smaller(i, inject);
            }
        }
    }

    private void smaller(int at, Step.Inject inject) {
        List<Step.Inject> others = List.of(
                new Step.Inject(
                        inject.after(), inject.fault(), Targets.ONE, inject.within(), inject.ttl(), inject.times()),
                new Step.Inject(inject.after(), inject.fault(), inject.targets(), inject.within(), inject.ttl(), 1),
                new Step.Inject(
                        inject.after(),
                        inject.fault(),
                        inject.targets(),
                        inject.within(),
                        inject.ttl().compareTo(LEAST_TTL) > 0
                                ? Duration.ofMillis(inject.ttl().toMillis() / 2)
                                : inject.ttl(),
                        inject.times()));
        for (Step.Inject other : others) {
            if (!other.equals(inject)) {
                List<Step> method = new ArrayList<>(best.method());
                method.set(at, other);
                var unused = takes(fitted(method(best, method)), SEEDS);
            }
        }
    }

    /** Tries another scenario with this seed, and with some others; if it fails in the same way, it is the best from now on. */
    private boolean takes(@Nullable Scenario other, int seeds) {
        if (other == null || !ScenarioChecks.problems(other).isEmpty()) {
            return false;
        }
        for (int i = 0; i < seeds && runs < MOST_RUNS; i++) {
            long with = seed + i;
            runs++;
            List<String> now = failures(other, with);
            if (now.stream().anyMatch(failed::contains)) {
                best = other;
                seed = with;
                found = now;
                return true;
            }
        }
        return false;
    }

    private static List<String> failures(Scenario scenario, long seed) {
        try {
            return Twin.run(scenario, seed).failed();
        } catch (InvalidScenario e) {
            return List.of(); // Its load has become too short.
        }
    }

    /** Returns the scenario with every fault that its seed has drawn as a step of its own. */
    private Scenario flat(Scenario scenario) {
        List<Step> method = new ArrayList<>();
        for (Schedule.Planned planned : ChaosRun.schedule(scenario, seed).faults()) {
            Set<KillPoint> points = new HashSet<>(planned.points());
            boolean together = planned.fault() instanceof ChaosFault.OfPool
                    || (points.size() <= 1 && planned.offsets().stream().allMatch(Duration::isZero));
            if (together) {
                Targets targets = Targets.of(Math.max(1, planned.offsets().size()))
                        .preferring(planned.targets().preferred());
                method.add(step(planned, planned.at(), targets, 0));
            } else {
                for (int i = 0; i < planned.offsets().size(); i++) {
                    Targets one = Targets.ONE.preferring(planned.targets().preferred());
                    method.add(step(planned, planned.at().plus(planned.offsets().get(i)), one, i));
                }
            }
        }
        return method(scenario, method);
    }

    private static Step step(Schedule.Planned planned, Duration at, Targets targets, int target) {
        ChaosFault fault = planned.fault() instanceof ChaosFault.Signalled signalled
                ? new ChaosFault.Signalled(signalled.signal(), planned.points().get(target))
                : planned.fault();
        Step.Inject inject = new Step.Inject(
                planned.when().isEmpty() ? at : Duration.ZERO,
                fault,
                targets,
                Duration.ZERO,
                planned.ttl(),
                planned.times());
        return planned.when().isEmpty() ? inject : new Step.When(at, planned.when(), inject);
    }

    /** Returns the fault of a step of a flat method. */
    private static Step.Inject injected(Step step) {
        return step instanceof Step.When when ? (Step.Inject) when.step() : (Step.Inject) step;
    }

    private static Step.Inject at(Step.Inject inject, Duration after) {
        return new Step.Inject(after, inject.fault(), inject.targets(), inject.within(), inject.ttl(), inject.times());
    }

    /** Returns it with a load that is just long enough, and no pause before the first fault. */
    private static Scenario fitted(Scenario scenario) {
        Duration first = scenario.method().stream()
                .map(Step::after)
                .min(Duration::compareTo)
                .orElse(Duration.ZERO);
        List<Step> method = new ArrayList<>();
        Duration last = Duration.ZERO;
        for (Step step : scenario.method()) {
            Duration after = step.after().minus(first);
            Step.Inject inject = injected(step);
            if (step instanceof Step.When when) {
                method.add(new Step.When(after, when.event(), inject));
            } else {
                method.add(at(inject, after));
            }
            Duration healed = after.plus(inject.within()).plus(inject.ttl());
            last = healed.compareTo(last) > 0 ? healed : last;
        }
        Duration length = scenario.steady().window().multipliedBy(2).plus(last).plusMillis(200);
        Scenario shorter = method(scenario, method);
        return load(
                shorter,
                plan(rate(scenario), length),
                scenario.load().mix(),
                scenario.load().sessions());
    }

    private static Duration length(Scenario scenario) {
        return scenario.load().loadPlan().length();
    }

    private static double rate(Scenario scenario) {
        LoadPlan plan = scenario.load().loadPlan();
        return plan.phases().stream().mapToDouble(Phase::from).max().orElse(1);
    }

    private static String plan(double rate, Duration length) {
        return "constant:" + Math.max(1, Math.round(rate)) + ":" + length.toMillis() + "ms";
    }

    private static Scenario method(Scenario of, List<Step> method) {
        return new Scenario(
                of.name(),
                of.title(),
                of.workers(),
                of.options(),
                of.load(),
                of.steady(),
                method,
                of.recover(),
                of.expect());
    }

    private static Scenario options(Scenario of, List<String> options) {
        return new Scenario(
                of.name(),
                of.title(),
                of.workers(),
                options,
                of.load(),
                of.steady(),
                of.method(),
                of.recover(),
                of.expect());
    }

    private static Scenario load(Scenario of, String plan, Map<String, Integer> mix, int sessions) {
        LoadSpec load = of.load();
        return new Scenario(
                of.name(),
                of.title(),
                of.workers(),
                of.options(),
                new LoadSpec(plan, mix, load.work(), load.timeout(), sessions, load.maxInFlight()),
                of.steady(),
                of.method(),
                of.recover(),
                of.expect());
    }
}
