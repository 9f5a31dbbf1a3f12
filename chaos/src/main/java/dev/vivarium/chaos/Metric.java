package dev.vivarium.chaos;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A figure of a run that a scenario can expect something of. */
public enum Metric {
    /** The share of the calls due that were answered rightly; of one operation with its name as argument. */
    OK(Unit.SHARE, true, LoadSpec.OPERATIONS),
    /** The same, of the calls that were due while a fault was there. */
    OK_DURING(Unit.SHARE, true, LoadSpec.OPERATIONS),
    /** Calls that were accepted and never ended. */
    LOST(Unit.COUNT, false, List.of()),
    /** Calls that ended twice or were executed more often than they may. */
    DUPLICATED(Unit.COUNT, false, List.of()),
    /** Wrong answers that were given out as right, but for those that were forged on purpose. */
    FOREIGN(Unit.COUNT, false, List.of()),
    /** Errors whose {@code execution()} Python's record contradicts. */
    MISREPORTED(Unit.COUNT, false, List.of()),
    /** Calls of which it cannot be known whether they ran. */
    INDEFINITE(Unit.COUNT, false, List.of()),
    /** The median from the moment at which calls were due, by the phase that is the argument, if there is one. */
    P50(Unit.TIME, true, Words.PHASES),
    /** The time of 99 of 100. */
    P99(Unit.TIME, true, Words.PHASES),
    /** The longest time. */
    MAX(Unit.TIME, true, Words.PHASES),
    /** The longest time from the end of a worker, or its being killed, to all wanted workers being there. */
    RECOVERY(Unit.TIME, true, List.of()),
    /** The longest time from a kill to the pool's telling of it. */
    DETECTION(Unit.TIME, true, List.of()),
    /** From the last heal to the last outcome of the calls that were made before it. */
    DRAIN(Unit.TIME, true, List.of()),
    /** Times that calls were sent to workers, for each call that was. */
    AMPLIFICATION(Unit.RATIO, false, List.of()),
    /** Processes started in place of one that ended. */
    RESTARTS(Unit.COUNT, false, List.of()),
    /** The most of them within a second. */
    RESTARTS_PER_SECOND(Unit.COUNT, false, List.of()),
    /** The most calls that waited for a worker. */
    QUEUE(Unit.COUNT, false, List.of()),
    /** The most memory of a worker that was measured, in MiB. */
    MEMORY(Unit.COUNT, false, List.of()),
    /** Faults that landed. */
    LANDED(Unit.COUNT, false, List.of()),
    /** Whether something happened at least once; what never did was not tried, and the verdict is unknown. */
    REACHED(Unit.EVENT, false, Words.EVENTS);

    /** What values of it look like. */
    public enum Unit {
        /** Such as {@code 95%}. */
        SHARE,
        /** Such as {@code 8}. */
        COUNT,
        /** Such as {@code 1.5s}. */
        TIME,
        /** Such as {@code 1.5}. */
        RATIO,
        /** None: it is there or not. */
        EVENT
    }

    /** Apart from the constants, which need them when they are made. */
    private static final class Words {
        static final List<String> PHASES = List.of("before", "during", "after");
        static final List<String> EVENTS = List.of(
                "retry",
                "restart",
                "circuit-open",
                "circuit-closed",
                "recycle",
                "memory-limit",
                "protocol-violation",
                "guardian-lost",
                "template-lost",
                "late-reply",
                "hang",
                "degraded",
                "session-moved");
    }

    private final Unit unit;
    private final boolean timed;

    @SuppressWarnings("ImmutableEnumChecker") // Always one that cannot be changed.
    private final List<String> arguments;

    Metric(Unit unit, boolean timed, List<String> arguments) {
        this.unit = unit;
        this.timed = timed;
        this.arguments = arguments;
    }

    /** Returns the phases of a run: before the first fault, until the last is healed, and then. */
    public static List<String> phases() {
        return Words.PHASES;
    }

    /** Returns what {@link #REACHED} knows of. */
    public static List<String> events() {
        return Words.EVENTS;
    }

    /** Returns what values of it look like. */
    public Unit unit() {
        return unit;
    }

    /** Returns whether it says little when the machine or the runner was in trouble. */
    public boolean isTimed() {
        return timed;
    }

    /** Returns whether it is a share or a time of calls, of which each window has one. */
    public boolean isOfCalls() {
        return switch (this) {
            case OK, OK_DURING, P50, P99, MAX -> true;
            default -> false;
        };
    }

    /** Returns what can stand in parentheses. */
    public List<String> arguments() {
        return arguments;
    }

    /** Returns whether something must. */
    public boolean needsArgument() {
        return unit == Unit.EVENT;
    }

    /** Returns its name in scenarios. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the metric of a name, or throws naming those that there are. */
    static Metric of(String word) {
        return Arrays.stream(values())
                .filter(metric -> metric.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no metric '" + word + "'; there are: "
                        + String.join(
                                ", ", Arrays.stream(values()).map(Metric::word).toList())));
    }
}
