package dev.vivarium.bench.load;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads load plans such as {@code ramp:0:200:10s,constant:200:30s}, mixes such as {@code echo=9,burn=1}, and durations such as
 * {@code 300ms}, {@code 1.5s}, {@code 2m}, {@code 1h}.
 */
public final class LoadPlanText {

    /** What {@link #plan} reads. */
    public static final String FORMS = "constant:RATE:LENGTH, ramp:FROM:TO:LENGTH, steps:FROM:TO:COUNT:LENGTH or "
            + "spike:BASE:PEAK:AROUND:WIDTH, several with commas between them; rates are calls a second";

    private static final Pattern LENGTH = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)");

    private static final Duration LONGEST = Duration.ofDays(30);

    private LoadPlanText() {}

    /**
     * Returns the plan of both.
     *
     * @throws IllegalArgumentException when one of them cannot be read
     */
    public static LoadPlan read(String plan, String mix) {
        return plan(plan).mix(mix(mix).toArray(Operation[]::new));
    }

    /**
     * Returns a plan of calls of one kind.
     *
     * @throws IllegalArgumentException when it cannot be read
     */
    public static LoadPlan plan(String plan) {
        LoadPlan all = null;
        for (String part : plan.split(",", -1)) {
            LoadPlan next = part(part);
            all = all == null ? next : all.then(next);
        }
        if (all == null) {
            throw new IllegalArgumentException("plan must be " + FORMS);
        }
        return all;
    }

    private static LoadPlan part(String part) {
        String[] words = part.split(":", -1);
        String form = words[0] + "/" + (words.length - 1);
        return switch (form) {
            case "constant/2" -> LoadPlan.constant(rate(words[1]), length(words[2]));
            case "ramp/3" -> LoadPlan.ramp(rate(words[1]), rate(words[2]), length(words[3]));
            case "steps/4" ->
                LoadPlan.steps(rate(words[1]), rate(words[2]), whole("COUNT", words[3]), length(words[4]));
            case "spike/4" -> LoadPlan.spike(rate(words[1]), rate(words[2]), length(words[3]), length(words[4]));
            default -> throw new IllegalArgumentException("plan must be " + FORMS + "; got '" + part + "'");
        };
    }

    private static List<Operation> mix(String mix) {
        List<Operation> operations = new ArrayList<>();
        for (String part : mix.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("mix must be NAME=WEIGHT, several with commas; got '" + part + "'");
            }
            operations.add(new Operation(part.substring(0, equals), whole("WEIGHT", part.substring(equals + 1))));
        }
        return operations;
    }

    private static double rate(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a rate must be a number, got '" + text + "'", e);
        }
    }

    private static int whole(String what, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + " must be a whole number, got '" + text + "'", e);
        }
    }

    /**
     * Returns a duration of at least 1 ms and at most 30 days.
     *
     * @throws IllegalArgumentException when it cannot be read, or is none of these
     */
    public static Duration length(String text) {
        Matcher matcher = LENGTH.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a duration; write a number with a unit: 300ms, 1.5s, 2m, 1h");
        }
        double number = Double.parseDouble(matcher.group(1));
        double millis = switch (matcher.group(2)) {
            case "ms" -> number;
            case "s" -> number * 1_000;
            case "m" -> number * 60_000;
            default -> number * 3_600_000;
        };
        if (millis > LONGEST.toMillis()) {
            throw new IllegalArgumentException("'" + text + "' must be at most " + LONGEST.toHours() + "h");
        }
        Duration duration = Duration.ofMillis(Math.round(millis));
        if (duration.isZero()) {
            throw new IllegalArgumentException("'" + text + "' must be at least 1ms");
        }
        return duration;
    }

    /** Returns a duration in the form that {@link #length} reads, rounded to milliseconds. */
    public static String text(Duration length) {
        long millis = Math.round(length.toNanos() / 1e6);
        return millis >= 1000
                ? BigDecimal.valueOf(millis)
                                .movePointLeft(3)
                                .stripTrailingZeros()
                                .toPlainString() + "s"
                : millis + "ms";
    }
}
