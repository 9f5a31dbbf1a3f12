package dev.vivarium.chaos.internal;

import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.Expectation;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.Metric;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Verdict;
import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.Ledger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Judges a run. What must always hold is judged first, then what the scenario expects. A checker that fails itself says UNKNOWN; one
 * of times says UNKNOWN in place of INVALID when the machine was disturbed and that can be all there is to it: times a fifth as long,
 * or less where the load is higher than five for each processor, would do, and calls that reached their deadline were not the pool's fault.
 */
public final class Oracle {

    /** How much later than its deadline an outcome may come. */
    static final Duration SLACK = Duration.ofSeconds(1);

    private static final Set<Leak.Kind> LEAKS = EnumSet.of(
            Leak.Kind.PROCESS,
            Leak.Kind.THREAD,
            Leak.Kind.DESCRIPTOR,
            Leak.Kind.SHARED_MEMORY,
            Leak.Kind.FILE,
            Leak.Kind.LEASE);

    /** The same on a machine that was busy with other things, before it is the pool's all the same. */
    private static final Duration DISTURBED_SLACK = Duration.ofSeconds(3);

    /** How often each worker may be started anew within a second by itself; waits between failed starts keep it far below. */
    static final int MOST_RESTARTS = 5;

    private final Facts facts;
    private final List<Finding> findings = new ArrayList<>();
    private Figures figures;

    private Oracle(Facts facts) {
        this.facts = facts;
        figures = new Figures(facts, false);
    }

    /** Returns what every checker says, the runner's own trouble first. */
    public static List<Finding> judge(Facts facts) {
        Oracle oracle = new Oracle(facts);
        oracle.all();
        return List.copyOf(oracle.findings);
    }

    private void all() {
        check("runner", false, this::runner);
        check("landed", false, () -> Landed.judge(facts));
        check("steady state before", false, this::steadyBefore);
        check("steady state during", true, this::steadyDuring);
        check("outcomes", false, this::outcomes);
        check("deadlines", true, this::deadlines);
        check("sessions", false, this::sessions);
        check("leases", false, this::leases);
        check("leaks", false, this::leaks);
        check("retries", false, this::retries);
        check("restarts", false, this::restarts);
        check("restart intensity", false, this::intensity);
        check("queue", false, this::queue);
        check("recovery", facts.times().recovered() >= 0, this::recovery);
        check("steady state after", true, () -> calm("steady state after", "after"));
        for (Expectation expectation : facts.scenario().expect()) {
            check("expect " + expectation, expectation.metric().isTimed(), () -> expected(expectation));
        }
    }

    private void check(String name, boolean timed, Supplier<Finding> checker) {
        try {
            Finding finding = checker.get();
            boolean excused = timed
                    && finding.verdict() == Verdict.INVALID
                    && facts.machine().isDisturbed()
                    && leniently(checker).verdict() == Verdict.VALID;
            findings.add(
                    excused
                            ? new Finding(
                                    finding.checker(),
                                    Verdict.UNKNOWN,
                                    finding.found() + "; but " + disturbance(),
                                    finding.wanted())
                            : finding);
        } catch (RuntimeException e) {
            findings.add(new Finding(name, Verdict.UNKNOWN, "the checker failed: " + e, ""));
        }
    }

    /** Judges times as those of a machine that has little to spare. */
    private Finding leniently(Supplier<Finding> checker) {
        Figures strict = figures;
        figures = new Figures(facts, true);
        try {
            return checker.get();
        } finally {
            figures = strict;
        }
    }

    private String disturbance() {
        return String.format(
                Locale.ROOT,
                "the machine was busy with other things: load %.1f on %d processors, the runner paused %d times, at most %d ms",
                facts.machine().load(),
                facts.machine().processors(),
                facts.machine().pauses(),
                facts.machine().longestPause() / 1_000_000);
    }

    private Finding runner() {
        List<String> troubles = new ArrayList<>(facts.troubles());
        if (facts.calls().stream().noneMatch(call -> call.outcome() == Call.Outcome.OK)) {
            troubles.add("not one call was answered rightly");
        }
        facts.leaks().stream()
                .filter(leak -> leak.kind() == Leak.Kind.KIT)
                .forEach(leak -> troubles.add(leak.toString()));
        return troubles.isEmpty()
                ? new Finding("runner", Verdict.VALID, "no trouble", "none")
                : new Finding("runner", Verdict.UNKNOWN, String.join("; ", troubles), "no trouble");
    }

    private Finding steadyBefore() {
        Finding finding = calm("steady state before", "before");
        return finding.verdict() == Verdict.INVALID
                ? new Finding(
                        finding.checker(),
                        Verdict.UNKNOWN,
                        finding.found() + ": what is not well before cannot show what faults do",
                        finding.wanted())
                : finding;
    }

    private Finding calm(String name, String phase) {
        SteadyState wanted = facts.scenario().steady();
        return steady(name, phase, wanted.ok(), wanted.p99(), call -> call.outcome() == Call.Outcome.OK);
    }

    private Finding steadyDuring() {
        SteadyState wanted = facts.scenario().steady();
        String name = "steady state during";
        return facts.in("during").isEmpty()
                ? new Finding(name, Verdict.VALID, "no call was due in it", "")
                : steady(name, "during", wanted.okDuring(), wanted.p99During(), figures::counts);
    }

    private Finding steady(String name, String phase, double least, Duration most, Predicate<Call> counts) {
        List<Call> calls = facts.in(phase);
        long ok = calls.stream().filter(counts).count();
        OptionalDouble p99 = figures.quantile(phase, 0.99);
        String asked = percent(least) + " ok, p99 <= " + LoadPlanText.text(most);
        if (calls.isEmpty()) {
            return new Finding(name, Verdict.UNKNOWN, "no call was due in it", asked);
        }
        double share = (double) ok / calls.size();
        boolean held = share >= least && p99.orElse(0) <= most.toNanos() / 1e9;
        String found = percent(share) + " of " + calls.size() + " ok, p99 " + seconds(p99.orElse(0));
        return Finding.of(name, held, found, asked);
    }

    private Finding outcomes() {
        Ledger.Report ledger = facts.ledger();
        List<String> wrong = new ArrayList<>();
        ledger.findings().stream().limit(3).forEach(finding -> wrong.add(finding.toString()));
        long open = facts.calls().stream()
                .filter(call -> call.outcome() == Call.Outcome.OPEN)
                .count();
        if (open > 0) {
            wrong.add(open + " calls have no outcome");
        }
        facts.calls().stream()
                .filter(call -> call.outcomes() > 1)
                .findFirst()
                .ifPresent(call -> wrong.add(call + " has " + call.outcomes() + " outcomes"));
        if (figures.foreign() > 0) {
            wrong.add(figures.foreign() + " wrong answers were given out as right");
        }
        String sums = String.format(
                Locale.ROOT,
                "%d calls: %d ok, %d failed, %d unknown; %d executions; %d findings",
                ledger.calls(),
                ledger.ok(),
                ledger.failed(),
                ledger.unknown(),
                ledger.executions(),
                ledger.findings().size());
        boolean held = wrong.isEmpty() && ledger.findings().isEmpty();
        return Finding.of(
                "outcomes",
                held,
                held ? sums : sums + ": " + String.join("; ", wrong),
                "each call one outcome, its own, as Python's record has it");
    }

    private Finding deadlines() {
        Duration slack = figures.isLenient() ? DISTURBED_SLACK : SLACK;
        long most = facts.scenario().load().timeout().plus(slack).toNanos();
        List<Call> late = facts.calls().stream()
                .filter(call -> call.outcome() != Call.Outcome.DROPPED && call.outcome() != Call.Outcome.OPEN)
                .filter(call -> call.ended() - call.begun() > most)
                .toList();
        return Finding.of(
                "deadlines",
                late.isEmpty(),
                late.isEmpty() ? "none late" : late.size() + " late, such as " + late.get(0),
                "each outcome within " + SLACK.toMillis() + " ms of its deadline");
    }

    private Finding sessions() {
        return Finding.of(
                "sessions",
                facts.sessions().isEmpty(),
                facts.sessions().isEmpty()
                        ? "every history could have happened"
                        : facts.sessions().size() + " findings, such as "
                                + facts.sessions().get(0),
                "one order of each session's calls that agrees with every answer");
    }

    private Finding leases() {
        boolean held = facts.pool().leaseViolations() == 0;
        if (facts.pool().snapshots() == 0) {
            return new Finding("leases", Verdict.UNKNOWN, "no snapshot was looked at", "");
        }
        return Finding.of(
                "leases",
                held,
                facts.pool().snapshots() + " snapshots"
                        + (held
                                ? ""
                                : ", " + facts.pool().leaseViolations() + " violations, the first: "
                                        + facts.pool().leaseTrouble()),
                "conserved at every snapshot");
    }

    private Finding leaks() {
        List<Leak> left = facts.leaks().stream()
                .filter(leak -> LEAKS.contains(leak.kind()))
                .toList();
        return Finding.of(
                "leaks",
                left.isEmpty(),
                left.isEmpty() ? "nothing left" : left.size() + " left, such as " + left.get(0),
                "no process, thread, descriptor, file, memory or lease");
    }

    private Finding retries() {
        double seconds = (facts.times().end() - facts.times().load()) / 1e9;
        long most = (long) Math.ceil(
                facts.limits().budget() * facts.calls().size() + facts.limits().burst() * (1 + seconds / 10));
        long retries = figures.retries();
        return Finding.of("retries", retries <= most, retries + " retries", "at most " + most + ", the pool's budget");
    }

    private Finding restarts() {
        int restarts = facts.pool().restarts().size();
        // A recycled worker's replacement is started before it ends.
        int ahead =
                facts.pool().reached().contains("recycle") ? facts.scenario().workers() : 0;
        return Finding.of(
                "restarts",
                restarts <= facts.pool().exits() + ahead,
                restarts + " restarts, " + facts.pool().exits() + " exits",
                "no more restarts than exits" + (ahead == 0 ? "" : ", and one for each worker that is replaced"));
    }

    private Finding intensity() {
        int most = MOST_RESTARTS * facts.scenario().workers();
        String wanted = "at most " + most + " within a second, " + MOST_RESTARTS
                + " for each worker, but for those that faults bring";
        if (facts.pool().reached().contains("recycle")) {
            return new Finding(
                    "restart intensity", Verdict.VALID, "workers are recycled, as often as is asked for", wanted);
        }
        int found = figures.mostRestartsBeyondFaults();
        return Finding.of("restart intensity", found <= most, "at most " + found + " within a second", wanted);
    }

    private Finding queue() {
        int most = facts.pool().mostWaiting();
        return Finding.of(
                "queue",
                most <= facts.limits().queue(),
                "at most " + most + " waited",
                "at most " + facts.limits().queue());
    }

    private Finding recovery() {
        Duration wanted = facts.scenario().recover();
        long recovered = facts.times().recovered();
        String asked = "all workers there and all calls ended within " + LoadPlanText.text(wanted) + " of the end";
        if (recovered < 0) {
            return new Finding("recovery", Verdict.INVALID, "not to the end of the runner's patience", asked);
        }
        long after = Math.max(
                0, recovered - Math.max(facts.times().healed(), facts.times().end()));
        return Finding.of(
                "recovery", figures.time(after) <= wanted.toNanos() / 1e9, "after " + after / 1_000_000 + " ms", asked);
    }

    private Finding expected(Expectation expectation) {
        OptionalDouble figure = figures.of(expectation);
        String name = "expect " + expectation;
        if (figure.isEmpty()) {
            return new Finding(name, Verdict.UNKNOWN, "there is nothing that it could be of", expectation.toString());
        }
        boolean held = expectation.holds(figure.getAsDouble());
        if (expectation.metric() == Metric.REACHED) {
            return new Finding(
                    name,
                    held ? Verdict.VALID : Verdict.UNKNOWN,
                    held ? "happened" : "never happened: it was not tried",
                    expectation.toString());
        }
        return Finding.of(name, held, expectation.text(figure.getAsDouble()), expectation.toString());
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", share * 100);
    }

    private static String seconds(double seconds) {
        return LoadPlanText.text(Duration.ofNanos((long) (seconds * 1e9)));
    }
}
