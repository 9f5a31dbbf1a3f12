package dev.vivarium.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** Reads durations such as {@code 300ms}, {@code 1.5s}, {@code 2m}, {@code 1h}. */
final class Durations implements CommandLine.ITypeConverter<Duration> {

    private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)");

    private static final Pattern ISO_8601 = Pattern.compile("\\bPT(?:\\d+H)?(?:\\d+M)?(?:\\d+(?:\\.\\d+)?S)?\\b");

    private static final Duration MOST = Duration.ofDays(30);

    @Override
    public Duration convert(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new CommandLine.TypeConversionException(
                    "'" + text + "' is not a duration; write a number with a unit: 300ms, 1.5s, 2m, 1h");
        }
        double number = Double.parseDouble(matcher.group(1));
        double millis = switch (matcher.group(2)) {
            case "ms" -> number;
            case "s" -> number * 1_000;
            case "m" -> number * 60_000;
            default -> number * 3_600_000;
        };
        if (millis > MOST.toMillis()) {
            throw new CommandLine.TypeConversionException("'" + text + "' must be at most " + MOST.toHours() + "h");
        }
        Duration duration = Duration.ofMillis(Math.round(millis));
        if (duration.isZero()) {
            throw new CommandLine.TypeConversionException("'" + text + "' must be at least 1ms");
        }
        return duration;
    }

    /** Returns a message with the durations in it, such as PT10S, written for people: 10 s. */
    static String forPeople(String message) {
        return ISO_8601.matcher(message).replaceAll(found -> {
            try {
                return new BigDecimal(Duration.parse(found.group()).toMillis())
                                .movePointLeft(3)
                                .stripTrailingZeros()
                                .toPlainString()
                        + " s";
            } catch (DateTimeParseException e) {
                return Matcher.quoteReplacement(found.group()); // It only looks like one.
            }
        });
    }
}
