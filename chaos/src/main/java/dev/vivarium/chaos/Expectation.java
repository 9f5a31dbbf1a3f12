package dev.vivarium.chaos;

import dev.vivarium.bench.load.LoadPlanText;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a scenario expects of one figure, such as {@code ok(safe) >= 100%}, {@code p99(during) <= 1s}, {@code lost == 0} or
 * {@code reached(circuit-open)}.
 *
 * @param metric the figure
 * @param argument what it is of; empty for all
 * @param comparison how it is compared
 * @param value with what: a share of 1, a count, a ratio, or seconds
 */
public record Expectation(Metric metric, String argument, Comparison comparison, BigDecimal value) {

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

    private static final Pattern FORM =
            Pattern.compile("([a-z0-9-]+)(?:\\(([a-z0-9-]+)\\))?(?:\\s*(<=|>=|==|<|>)\\s*(\\S+))?");
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
                    "'" + text + "' is no expectation; write METRIC <= VALUE, or METRIC(ARGUMENT) <= VALUE");
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
            return new Expectation(metric, argument, Comparison.AT_LEAST, BigDecimal.ONE);
        }
        return new Expectation(metric, argument, comparison(matcher.group(3)), value(metric, matcher.group(4)));
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
        return name + " " + comparison.sign + " " + wanted;
    }
}
