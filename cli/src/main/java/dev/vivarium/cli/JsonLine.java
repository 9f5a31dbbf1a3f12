package dev.vivarium.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a line is a JSON object as Python's {@code json} reads it: what is refused here is refused with the line's
 * number. How deep it may be nested and how long its integers may be is left to the worker, where it depends on the
 * version of Python.
 */
final class JsonLine {

    /** What Python reads beyond the standard. Jackson reads INF and signs as well. */
    private static final Set<String> NOT_NUMERIC = Set.of("NaN", "Infinity", "-Infinity");

    // Names are not kept: they come from the input, and memory stays flat.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Inputs.MAX_LINE_BYTES)
                    .maxNameLength(Inputs.MAX_LINE_BYTES)
                    .maxNumberLength(Inputs.MAX_LINE_BYTES)
                    .build())
            .build();

    private JsonLine() {}

    /** Returns what is wrong with a line, or null. */
    static @Nullable String problem(String line) throws IOException {
        boolean surrogates = line.contains("\\ud") || line.contains("\\uD");
        try (JsonParser parser = FACTORY.createParser(line)) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                return "it is empty; a JSON object is needed";
            }
            if (token != JsonToken.START_OBJECT) {
                return "it is not a JSON object";
            }
            while (!parser.getParsingContext().inRoot()) {
                token = parser.nextToken();
                String problem = token == JsonToken.VALUE_NUMBER_FLOAT
                        ? problemOfNumber(parser)
                        : surrogates && (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME)
                                ? problemOfText(parser.getText())
                                : null;
                if (problem != null) {
                    return problem;
                }
            }
            return parser.nextToken() == null ? null : "something follows the JSON object";
        } catch (JsonProcessingException e) {
            return "it is not JSON: " + e.getOriginalMessage();
        }
    }

    private static @Nullable String problemOfNumber(JsonParser parser) throws IOException {
        char last = parser.getTextCharacters()[parser.getTextOffset() + parser.getTextLength() - 1];
        return (last >= '0' && last <= '9') || NOT_NUMERIC.contains(parser.getText())
                ? null
                : "it is not JSON: " + parser.getText() + " is no number; NaN, Infinity and -Infinity are";
    }

    /** Such escapes come in pairs; one alone is no character. */
    private static @Nullable String problemOfText(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return String.format("a string holds the lone surrogate U+%04X", (int) c);
            }
        }
        return null;
    }
}
