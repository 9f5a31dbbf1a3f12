package dev.vivarium.cli;

import dev.vivarium.bench.load.LoadPlanText;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** Reads durations such as {@code 300ms}, {@code 1.5s}, {@code 2m}, {@code 1h}. */
final class Durations implements CommandLine.ITypeConverter<Duration> {

    private static final Pattern ISO_8601 = Pattern.compile("\\bPT(?:\\d+H)?(?:\\d+M)?(?:\\d+(?:\\.\\d+)?S)?\\b");

    @Override
    public Duration convert(String text) {
        try {
            return LoadPlanText.length(text);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.TypeConversionException(e.getMessage());
        }
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
