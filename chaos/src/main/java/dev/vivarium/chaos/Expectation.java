package dev.vivarium.chaos;

import dev.vivarium.bench.load.LoadPlanText;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a scenario expects of one figure, such as {@code ok(safe) >= 100%}, {@code p99(during) <= 1s}, {@code lost == 0} or
 * {@code reached(circuit-open)}; of shares and times of calls also window by window: {@code ok >= 50% over 2s}.
 *
 * @param metric the figure
 * @param argument what it is of; empty for all
 * @param comparison how it is compared
 * @param value with what: a share of 1, a count, a ratio, or seconds
 * @param over the length of the windows in each of which it must hold; zero for all at once
 */
public record Expectation(Metric metric, String argument, Comparison comparison, BigDecimal value, Duration over) {

    /** How two figures are compared. */
    public enum Comparison {
        AT_MOST("<="),
        LESS("<"),
        AT_LEAST(">="),
        MORE(">"),
        EQUAL("==");

        private final String sign;

        Comparison(String sign) {
            this.sign = sign;
        }

        boolean holds(double found, double wanted) {
            return switch (this) {
                case AT_MOST -> found <= wanted;
                case LESS -> found < wanted;
                case AT_LEAST -> found >= wanted;
                case MORE -> found > wanted;
                case EQUAL -> found == wanted;
            };
        }
    }

    private static final Pattern FORM = Pattern.compile(
            "([a-z0-9-]+)(?:\\(([a-z0-9-]+)\\))?(?:\\s*(<=|>=|==|<|>)\\s*(\\S+)(?:\\s+over\\s+(\\S+))?)?");

    /** The shortest window. */
    private static final Duration LEAST_WINDOW = Duration.ofMillis(100);

    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    /**
     * Reads the text.
     *
     * @throws IllegalArgumentException saying what is wrong with it, and what there is
     */
    public static Expectation parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text
                            + "' is no expectation; write METRIC <= VALUE, METRIC(ARGUMENT) <= VALUE, or with over WINDOW behind it");
        }
        Metric metric = Metric.of(matcher.group(1));
        String argument = matcher.group(2) == null ? "" : matcher.group(2);
        checkArgument(metric, argument);
        boolean event = metric.unit() == Metric.Unit.EVENT;
        if (event != (matcher.group(3) == null)) {
            throw new IllegalArgumentException(
                    "'" + text + "': " + metric.word() + (event ? " is not compared" : " needs a comparison"));
        }
        if (event) {
            return new Expectation(metric, argument, Comparison.AT_LEAST, BigDecimal.ONE, Duration.ZERO);
        }
        return new Expectation(
                metric,
                argument,
                comparison(matcher.group(3)),
                value(metric, matcher.group(4)),
                window(metric, matcher.group(5)));
    }

    private static Duration window(Metric metric, @Nullable String text) {
        if (text == null) {
            return Duration.ZERO;
        }
        if (!metric.isOfCalls()) {
            throw new IllegalArgumentException(metric.word() + " is of the run, and not of windows of it");
        }
        Duration window = LoadPlanText.length(text);
        if (window.compareTo(LEAST_WINDOW) < 0) {
            throw new IllegalArgumentException(
                    "a window must be " + LoadPlanText.text(LEAST_WINDOW) + " or more, got " + text);
        }
        return window;
    }

    private static void checkArgument(Metric metric, String argument) {
        boolean wrong = argument.isEmpty()
                ? metric.needsArgument()
                : !metric.arguments().contains(argument);
        if (wrong) {
            throw new IllegalArgumentException(
                    metric.arguments().isEmpty()
                            ? metric.word() + " takes no argument, got '" + argument + "'"
                            : metric.word() + " is of " + String.join(", ", metric.arguments()) + "; got '" + argument
                                    + "'");
        }
    }

    private static Comparison comparison(String sign) {
        for (Comparison each : Comparison.values()) {
            if (each.sign.equals(sign)) {
                return each;
            }
        }
        throw new IllegalStateException(sign);
    }

    private static BigDecimal value(Metric metric, String text) {
        try {
            return switch (metric.unit()) {
                case SHARE -> {
                    if (!text.endsWith("%")) {
                        throw new NumberFormatException("no %");
                    }
                    yield new BigDecimal(text.substring(0, text.length() - 1)).divide(HUNDRED);
                }
                case COUNT, RATIO, EVENT -> new BigDecimal(text);
                case TIME ->
                    BigDecimal.valueOf(LoadPlanText.length(text).toMillis()).movePointLeft(3);
            };
        } catch (NumberFormatException e) {
            String form = metric.unit() == Metric.Unit.SHARE ? "a share such as 95%" : "a number";
            throw new IllegalArgumentException(metric.word() + " is compared with " + form + ", got '" + text + "'", e);
        }
    }

    /** Returns whether the larger of two figures is further from what is expected. */
    public boolean isWorseWhenLarger() {
        return comparison != Comparison.AT_LEAST && comparison != Comparison.MORE;
    }

    /** Returns whether a figure is as expected. */
    public boolean holds(double found) {
        return comparison.holds(found, value.doubleValue());
    }

    /** Returns a figure of this metric as text. */
    public String text(double figure) {
        return switch (metric.unit()) {
            case SHARE -> plain(new BigDecimal(figure * 100), 2) + "%";
            case COUNT, EVENT -> plain(new BigDecimal(figure), 0);
            case RATIO -> plain(new BigDecimal(figure), 3);
            case TIME -> LoadPlanText.text(Duration.ofNanos((long) (figure * 1e9)));
        };
    }

    private static String plain(BigDecimal number, int places) {
        BigDecimal rounded = number.setScale(places, java.math.RoundingMode.HALF_UP);
        return (rounded.signum() == 0 ? BigDecimal.ZERO : rounded.stripTrailingZeros()).toPlainString();
    }

    /** Returns the form that {@link #parse} reads. */
    @Override
    public String toString() {
        String name = metric.word() + (argument.isEmpty() ? "" : "(" + argument + ")");
        if (metric.unit() == Metric.Unit.EVENT) {
            return name;
        }
        String wanted = switch (metric.unit()) {
            case SHARE -> plain(value.multiply(HUNDRED), 6) + "%";
            case TIME ->
                LoadPlanText.text(Duration.ofMillis(value.movePointRight(3).longValue()));
            default -> plain(value, 6);
        };
        String windows = over.isZero() ? "" : " over " + LoadPlanText.text(over);
        return name + " " + comparison.sign + " " + wanted + windows;
    }
}
