package dev.vivarium.testreport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The words after the command: options, each with a value, and what is none. */
final class Options {

    private final Map<String, String> values = new HashMap<>();
    private final List<String> rest = new ArrayList<>();

    /**
     * Reads words.
     *
     * @throws IllegalArgumentException if one is an option that is not known, or has no value
     */
    Options(List<String> words, Set<String> known) {
        for (Iterator<String> left = words.iterator(); left.hasNext(); ) {
            String word = left.next();
            if (!word.startsWith("--")) {
                rest.add(word);
                continue;
            }
            if (!known.contains(word)) {
                throw new IllegalArgumentException("unknown option " + word);
            }
            if (!left.hasNext()) {
                throw new IllegalArgumentException(word + " needs a value");
            }
            values.put(word, left.next());
        }
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    Optional<String> word(String name) {
        return Optional.ofNullable(values.get(name)).filter(word -> !word.isEmpty());
    }

    Optional<Path> path(String name) {
        return Optional.ofNullable(values.get(name)).map(Path::of);
    }

    double number(String name) {
        String value = values.getOrDefault(name, "0");
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number, got " + value, e);
        }
    }

    Set<String> names(String name) {
        String value = values.getOrDefault(name, "");
        return value.isEmpty() ? Set.of() : new LinkedHashSet<>(List.of(value.split(",", -1)));
    }

    List<String> rest() {
        return List.copyOf(rest);
    }
}
