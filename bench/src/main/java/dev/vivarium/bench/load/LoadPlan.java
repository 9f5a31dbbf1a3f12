package dev.vivarium.bench.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * When calls are due, and which. Immutable; the same plan and seed are the same calls at the same moments.
 *
 * <pre>{@code
 * LoadPlan plan = LoadPlan.constant(200, Duration.ofSeconds(30))
 *         .then(LoadPlan.spike(200, 1000, Duration.ofSeconds(20), Duration.ofSeconds(5)))
 *         .mix(new Operation("read", 9), new Operation("write", 1));
 * }</pre>
 *
 * @param phases its parts, one after the other; at least one, at most {@value #MAX_PHASES}
 * @param operations the kinds of calls; at least one, at most {@value #MAX_OPERATIONS}, of different names
 */
public record LoadPlan(List<Phase> phases, List<Operation> operations) {

    /** How many phases a plan can have. */
    public static final int MAX_PHASES = 100;

    /** How many kinds of calls a plan can have. */
    public static final int MAX_OPERATIONS = 100;

    /** How many calls a plan can have. */
    public static final long MAX_CALLS = 1_000_000_000;

    /** The one kind of call of a plan that was not mixed. */
    public static final Operation DEFAULT_OPERATION = new Operation("call", 1);

    /**
     * One call that is due.
     *
     * @param number its number in the plan, from 0
     * @param nanos when it is due, in nanoseconds from the plan's beginning
     * @param phase the index of its phase
     * @param operation the index of its operation
     */
    public record Arrival(long number, long nanos, int phase, int operation) {}

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the limit that is passed
     */
    public LoadPlan {
        phases = List.copyOf(phases);
        operations = List.copyOf(operations);
        within("phases", phases.size(), 1, MAX_PHASES);
        within("operations", operations.size(), 1, MAX_OPERATIONS);
        // None is a pause, to be put between other plans.
        within("calls", phases.stream().mapToLong(Phase::calls).sum(), 0, MAX_CALLS);
        Set<String> names = new HashSet<>();
        for (Operation operation : operations) {
            if (!names.add(operation.name())) {
                throw new IllegalArgumentException("two operations are named " + operation.name());
            }
        }
    }

    private static void within(String what, long count, int least, long most) {
        if (count < least || count > most) {
            throw new IllegalArgumentException(
                    "a plan must have " + least + " to " + most + " " + what + ", got " + count);
        }
    }

    private static LoadPlan of(Phase... phases) {
        return new LoadPlan(List.of(phases), List.of(DEFAULT_OPERATION));
    }

    /** Returns a plan of always so many calls a second; with 0 it is a pause. */
    public static LoadPlan constant(double rate, Duration length) {
        return of(new Phase(text("constant %s/s", rate), rate, rate, length));
    }

    /** Returns a plan whose rate grows, or falls, evenly. */
    public static LoadPlan ramp(double from, double to, Duration length) {
        return of(new Phase(text("ramp %s/s to %s/s", from, to), from, to, length));
    }

    /**
     * Returns a plan that goes from one rate to another in steps of equal height and length; each is a phase of its own.
     *
     * @param steps how many, both ends included; 2 to {@value #MAX_PHASES}
     * @param length the length of each step
     */
    public static LoadPlan steps(double from, double to, int steps, Duration length) {
        if (steps < 2 || steps > MAX_PHASES) {
            throw new IllegalArgumentException("steps must be 2 to " + MAX_PHASES + ", got " + steps);
        }
        List<Phase> phases = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            double rate = from + (to - from) * i / (steps - 1);
            phases.add(new Phase(text("step %s/s", rate), rate, rate, length));
        }
        return new LoadPlan(phases, List.of(DEFAULT_OPERATION));
    }

    /**
     * Returns a plan with a spike in the middle: before, spike and after are phases of their own.
     *
     * @param base calls a second before and after it
     * @param peak calls a second in it
     * @param around the length of what is before it, and of what is after it
     * @param width the length of the spike
     */
    public static LoadPlan spike(double base, double peak, Duration around, Duration width) {
        return of(
                new Phase(text("before the spike %s/s", base), base, base, around),
                new Phase(text("spike %s/s", peak), peak, peak, width),
                new Phase(text("after the spike %s/s", base), base, base, around));
    }

    /** Returns a plan with the phases of this, and then those of the other; with the operations of this. */
    public LoadPlan then(LoadPlan other) {
        List<Phase> all = new ArrayList<>(phases);
        all.addAll(other.phases);
        return new LoadPlan(all, operations);
    }

    /** Returns a plan with the same phases and these kinds of calls. */
    public LoadPlan mix(Operation... kinds) {
        return new LoadPlan(phases, List.of(kinds));
    }

    /** Returns how long it lasts. */
    public Duration length() {
        return phases.stream().map(Phase::length).reduce(Duration.ZERO, Duration::plus);
    }

    /** Returns how many calls are due in all. */
    public long calls() {
        return phases.stream().mapToLong(Phase::calls).sum();
    }

    /** Returns its calls in the order in which they are due, made as they are asked for. */
    public Arrivals arrivals(long seed) {
        return new Arrivals(this, new SplittableRandom(seed));
    }

    private static String text(String format, double... rates) {
        Object[] words = new Object[rates.length];
        for (int i = 0; i < rates.length; i++) {
            words[i] = rates[i] == Math.rint(rates[i])
                    ? Long.toString((long) rates[i])
                    : String.format(Locale.ROOT, "%.1f", rates[i]);
        }
        return String.format(Locale.ROOT, format, words);
    }
}
