package dev.vivarium.chaos.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The fields of one part of a scenario. Each method takes one by its name; {@link #end} notes those that nothing has taken. */
final class Reading {

    private final Problems problems;
    private final String path;
    private final Map<String, YamlNode> fields;
    private final Set<String> taken = new HashSet<>();

    Reading(Problems problems, String path, Map<String, YamlNode> fields) {
        this.problems = problems;
        this.path = path;
        this.fields = fields;
    }

    private String path(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    boolean has(String name) {
        return fields.containsKey(name);
    }

    Set<String> names() {
        return fields.keySet();
    }

    void problem(String text) {
        problems.add(path, text);
    }

    void problem(String name, String text) {
        problems.add(path(name), text);
    }

    private @Nullable YamlNode take(String name) {
        taken.add(name);
        YamlNode node = fields.get(name);
        if (node != null) {
            problems.at(path(name), node);
        }
        return node;
    }

    private @Nullable String scalar(String name) {
        YamlNode node = take(name);
        if (node == null) {
            return null;
        }
        if (node instanceof YamlNode.Scalar scalar) {
            return scalar.text();
        }
        problem(name, "must be one value");
        return null;
    }

    String text(String name, String otherwise) {
        String text = scalar(name);
        return text == null ? otherwise : text;
    }

    /** Returns a duration, at least a millisecond. */
    Duration time(String name, Duration otherwise) {
        String text = scalar(name);
        return text == null ? otherwise : ScenarioReader.time(this, name, text, otherwise);
    }

    /** Returns a duration that may be nothing. */
    Duration timeOrNone(String name, Duration otherwise) {
        String text = scalar(name);
        if (text == null) {
            return otherwise;
        }
        return text.matches("0(ms|s|m|h)?") ? Duration.ZERO : ScenarioReader.time(this, name, text, otherwise);
    }

    long whole(String name, long otherwise) {
        String text = scalar(name);
        try {
            return text == null ? otherwise : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            problem(name, "must be a whole number, got '" + text + "'");
            return otherwise;
        }
    }

    /** Returns a number of bytes, such as {@code 4MiB}. */
    long bytes(String name, long otherwise) {
        String text = scalar(name);
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("\\d{1,9}(B|KiB|MiB)")) {
            problem(name, "must be bytes such as 4MiB, 64KiB or 100B, got '" + text + "'");
            return otherwise;
        }
        int digits = text.replaceAll("[A-Za-z]", "").length();
        long number = Long.parseLong(text.substring(0, digits));
        return number << (text.endsWith("MiB") ? 20 : text.endsWith("KiB") ? 10 : 0);
    }

    double share(String name, double otherwise) {
        String text = scalar(name);
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("\\d{1,3}(\\.\\d+)?%")) {
            problem(name, "must be a share such as 25%, got '" + text + "'");
            return otherwise;
        }
        return new java.math.BigDecimal(text.substring(0, text.length() - 1))
                .movePointLeft(2)
                .doubleValue();
    }

    double number(String name, double otherwise) {
        String text = scalar(name);
        try {
            return text == null ? otherwise : Double.parseDouble(text);
        } catch (NumberFormatException e) {
            problem(name, "must be a number, got '" + text + "'");
            return otherwise;
        }
    }

    boolean flag(String name, boolean otherwise) {
        String text = scalar(name);
        if (text != null && !text.equals("true") && !text.equals("false")) {
            problem(name, "must be true or false, got '" + text + "'");
        }
        return text == null ? otherwise : text.equals("true");
    }

    <E extends Enum<E>> E word(String name, Class<E> type, E otherwise) {
        String text = scalar(name);
        if (text == null) {
            return otherwise;
        }
        for (E each : type.getEnumConstants()) {
            if (word(each).equals(text.toLowerCase(Locale.ROOT))) {
                return each;
            }
        }
        problem(
                name,
                "must be one of "
                        + Arrays.stream(type.getEnumConstants())
                                .map(Reading::word)
                                .collect(Collectors.joining(", "))
                        + "; got '" + text + "'");
        return otherwise;
    }

    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        if (take(name) instanceof YamlNode.Items items) {
            for (int i = 0; i < items.items().size(); i++) {
                YamlNode item = items.items().get(i);
                problems.at(path(name) + "[" + i + "]", item);
                if (item instanceof YamlNode.Scalar scalar) {
                    texts.add(scalar.text());
                } else {
                    problems.add(path(name) + "[" + i + "]", "must be one value");
                }
            }
        } else if (has(name)) {
            problem(name, "must be a list");
        }
        return texts;
    }

    Reading fields(String name) {
        YamlNode node = take(name);
        return node == null ? new Reading(problems, path(name), Map.of()) : problems.fields(path(name), node);
    }

    List<Reading> items(String name) {
        List<Reading> all = new ArrayList<>();
        if (take(name) instanceof YamlNode.Items items) {
            for (int i = 0; i < items.items().size(); i++) {
                all.add(problems.fields(
                        path(name) + "[" + i + "]", items.items().get(i)));
            }
        } else if (has(name)) {
            problem(name, "must be a list");
        }
        return all;
    }

    /** Notes the fields that nothing has asked for. */
    void end() {
        String known = String.join(", ", new TreeSet<>(taken));
        new TreeMap<>(fields).forEach((name, node) -> {
            if (!taken.contains(name)) {
                problems.at(path(name), node);
                problem(name, "is nothing that there is here; there are: " + known);
            }
        });
    }
}
