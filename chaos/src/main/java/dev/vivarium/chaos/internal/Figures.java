package dev.vivarium.chaos.internal;

import dev.vivarium.CallTimedOut;
import dev.vivarium.chaos.Expectation;
import dev.vivarium.chaos.Metric;
import dev.vivarium.testkit.Ledger;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** The figures of a run. Times are in seconds. */
final class Figures {

    private static final double NANOS = 1e9;
    private static final String TIMED_OUT = CallTimedOut.class.getSimpleName();

    private final Facts facts;
    private final boolean lenient;

    /**
     * Creates the figures.
     *
     * @param lenient whether times count a part of what they are, by {@link Facts.Machine#lenience()}, and calls that reached their deadline count as answered
     */
    Figures(Facts facts, boolean lenient) {
        this.facts = facts;
        this.lenient = lenient;
    }

    boolean isLenient() {
        return lenient;
    }

    /** Returns nanoseconds as seconds. */
    double time(long nanos) {
        return nanos / NANOS / (lenient ? facts.machine().lenience() : 1);
    }

    /** Returns whether a call counts as answered rightly. */
    boolean counts(Call call) {
        return call.outcome() == Call.Outcome.OK || (lenient && TIMED_OUT.equals(call.error()));
    }

    /** Returns the figure of an expectation: of all, or the worst of its windows; empty when there is nothing that it could be of. */
    OptionalDouble of(Expectation expectation) {
        Metric metric = expectation.metric();
        if (expectation.over().isZero()) {
            return of(metric, expectation.argument());
        }
        boolean share = metric.unit() == Metric.Unit.SHARE;
        List<Call> calls = share
                ? facts.in(metric == Metric.OK_DURING ? "during" : "").stream()
                        .filter(call -> isOf(call, expectation.argument()))
                        .toList()
                : facts.in(expectation.argument());
        DoubleStream windows = windows(calls, expectation.over().toNanos()).stream()
                .map(window -> of(metric, window))
                .flatMapToDouble(OptionalDouble::stream);
        return expectation.isWorseWhenLarger() ? windows.max() : windows.min();
    }

    private OptionalDouble of(Metric metric, List<Call> window) {
        return switch (metric) {
            case P50 -> quantile(window, 0.5);
            case P99 -> quantile(window, 0.99);
            case MAX -> quantile(window, 1);
            default -> ok(window, "");
        };
    }

    /** Returns the calls that were due in each window, from the first call on. */
    private static Collection<List<Call>> windows(List<Call> calls, long length) {
        long begin = calls.stream().mapToLong(Call::due).min().orElse(0);
        return calls.stream()
                .collect(
                        Collectors.groupingBy(call -> (call.due() - begin) / length, TreeMap::new, Collectors.toList()))
                .values();
    }

    private static boolean isOf(Call call, String operation) {
        return operation.isEmpty() || call.operation().equals(operation);
    }

    /** Returns a figure; empty when there is nothing that it could be of. */
    OptionalDouble of(Metric metric, String argument) {
        return switch (metric) {
            case OK -> ok(facts.calls(), argument);
            case OK_DURING -> ok(facts.in("during"), argument);
            case LOST -> ledger(Ledger.Problem.LOST);
            case DUPLICATED -> ledger(Ledger.Problem.DUPLICATED);
            case FOREIGN -> count(facts.ledger().count(Ledger.Problem.FOREIGN) + foreign());
            case MISREPORTED -> ledger(Ledger.Problem.MISREPORTED);
            case INDEFINITE ->
                count(facts.calls().stream().filter(Call::indefinite).count());
            case P50 -> quantile(argument, 0.5);
            case P99 -> quantile(argument, 0.99);
            case MAX -> quantile(argument, 1);
            case RECOVERY ->
                count(time(facts.pool().outages().stream()
                        .mapToLong(outage -> outage.to() - outage.from())
                        .max()
                        .orElse(0)));
            case DETECTION -> detection();
            case DRAIN -> drain();
            case AMPLIFICATION -> amplification();
            case RESTARTS -> count(facts.pool().restarts().size());
            case RESTARTS_PER_SECOND -> count(mostRestarts());
            case QUEUE -> count(facts.pool().mostWaiting());
            case MEMORY ->
                facts.pool().mostMemory() < 0
                        ? OptionalDouble.empty()
                        : count(facts.pool().mostMemory() / (double) (1 << 20));
            case LANDED ->
                count(facts.struck().stream().mapToLong(Struck::landings).sum());
            case REACHED -> count(facts.pool().reached().contains(argument) ? 1 : 0);
        };
    }

    private static OptionalDouble count(long value) {
        return OptionalDouble.of((double) value);
    }

    private static OptionalDouble count(double value) {
        return OptionalDouble.of(value);
    }

    private OptionalDouble ledger(Ledger.Problem problem) {
        return count(facts.ledger().count(problem));
    }

    /** Returns how many answers were wrong but for those that were forged, of which as many may come as were. */
    long foreign() {
        long wrong = facts.calls().stream()
                .filter(call -> call.outcome() == Call.Outcome.WRONG)
                .count();
        long forged = facts.calls().stream()
                .filter(call -> call.outcome() == Call.Outcome.FORGED)
                .count();
        return wrong + Math.max(0, forged - forgeries());
    }

    private long forgeries() {
        return facts.struck().stream()
                .filter(target -> target.planned().fault() instanceof dev.vivarium.chaos.ChaosFault.Frames frames
                        && frames.effect() == dev.vivarium.chaos.FrameEffect.FORGE)
                .mapToLong(Struck::landings)
                .sum();
    }

    private OptionalDouble ok(List<Call> calls, String operation) {
        List<Call> of = calls.stream().filter(call -> isOf(call, operation)).toList();
        long ok = of.stream().filter(this::counts).count();
        return of.isEmpty() ? OptionalDouble.empty() : count((double) ok / of.size());
    }

    /** Returns a quantile of the answered calls' times from when they were due, by nearest rank. */
    OptionalDouble quantile(String phase, double share) {
        return quantile(facts.in(phase), share);
    }

    private OptionalDouble quantile(List<Call> calls, double share) {
        long[] nanos = calls.stream()
                .filter(call -> call.outcome() == Call.Outcome.OK)
                .mapToLong(Call::latency)
                .sorted()
                .toArray();
        if (nanos.length == 0) {
            return OptionalDouble.empty();
        }
        int rank = (int) Math.ceil(share * nanos.length);
        return count(time(nanos[Math.max(0, rank - 1)]));
    }

    private OptionalDouble detection() {
        long[] times = facts.struck().stream()
                .filter(target -> target.detected() > 0)
                .mapToLong(target -> target.detected() - target.landed())
                .toArray();
        return times.length == 0
                ? OptionalDouble.empty()
                : count(time(Arrays.stream(times).max().orElse(0)));
    }

    private OptionalDouble drain() {
        long last = facts.calls().stream()
                .filter(call -> call.begun() < facts.times().healed())
                .mapToLong(Call::ended)
                .max()
                .orElse(0);
        return count(time(Math.max(0, last - facts.times().healed())));
    }

    private OptionalDouble amplification() {
        long sent = facts.calls().stream().filter(call -> call.attempts() > 0).count();
        long attempts = facts.calls().stream().mapToLong(Call::attempts).sum();
        return sent == 0 ? OptionalDouble.empty() : count((double) attempts / sent);
    }

    /** Returns how many calls were sent again, in all. */
    long retries() {
        return facts.calls().stream()
                .mapToLong(call -> Math.max(0, call.attempts() - 1))
                .sum();
    }

    /** Returns the most restarts within a second, without as many as faults landed that were in force then, or a second before. */
    int mostRestartsBeyondFaults() {
        List<Long> restarts = facts.pool().restarts();
        int most = 0;
        for (int from = 0, to = 0; to < restarts.size(); to++) {
            while (restarts.get(to) - restarts.get(from) > NANOS) {
                from++;
            }
            most = Math.max(most, to - from + 1 - landings(restarts.get(from) - (long) NANOS, restarts.get(to)));
        }
        return most;
    }

    private int landings(long from, long to) {
        return facts.struck().stream()
                .filter(target -> target.landed() > 0 && target.landed() <= to)
                .filter(target -> target.healed() == 0 || target.healed() > from)
                .mapToInt(Struck::landings)
                .sum();
    }

    private int mostRestarts() {
        List<Long> restarts = facts.pool().restarts();
        int most = 0;
        for (int from = 0, to = 0; to < restarts.size(); to++) {
            while (restarts.get(to) - restarts.get(from) > NANOS) {
                from++;
            }
            most = Math.max(most, to - from + 1);
        }
        return most;
    }
}
