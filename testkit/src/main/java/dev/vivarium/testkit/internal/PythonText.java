package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** How Python shows the values that JSON can carry, and what its threads do. */
final class PythonText {

    private PythonText() {}

    /** What a Python worker would tell of its threads, as much of it as anybody could look for. */
    static String stacks(boolean inAHandler) {
        return "Current thread 0x0000000000000001 (most recent call first):\n"
                + (inAHandler ? "  File \"script.py\", line 1 in handler\n" : "")
                + "  File \"vivarium_worker_main.py\", line 1 in <module>\n";
    }

    /** What {@code str} returns. */
    static String str(JsonNode value) {
        return value.isTextual() ? value.textValue() : repr(value);
    }

    /** The name of its type. */
    static String type(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> "str";
            case BOOLEAN -> "bool";
            case NUMBER -> value.isIntegralNumber() ? "int" : "float";
            case ARRAY -> "list";
            case OBJECT -> "dict";
            default -> "NoneType";
        };
    }

    private static String repr(JsonNode value) {
        List<String> parts = new ArrayList<>();
        return switch (value.getNodeType()) {
            case STRING -> quoted(value.textValue());
            case BOOLEAN -> value.booleanValue() ? "True" : "False";
            case NUMBER -> number(value);
            case ARRAY -> {
                value.forEach(element -> parts.add(repr(element)));
                yield "[" + String.join(", ", parts) + "]";
            }
            case OBJECT -> {
                value.properties().forEach(entry -> parts.add(quoted(entry.getKey()) + ": " + repr(entry.getValue())));
                yield "{" + String.join(", ", parts) + "}";
            }
            default -> "None";
        };
    }

    private static String number(JsonNode value) {
        double number = value.doubleValue();
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number) && !value.isIntegralNumber()) {
            return number > 0 ? "inf" : "-inf";
        }
        return value.asText();
    }

    private static String quoted(String text) {
        String quote = text.contains("'") && !text.contains("\"") ? "\"" : "'";
        String escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");
        return quote + escaped.replace(quote, "\\" + quote) + quote;
    }
}
