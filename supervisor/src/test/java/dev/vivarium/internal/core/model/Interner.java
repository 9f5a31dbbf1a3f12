package dev.vivarium.internal.core.model;

import java.util.HashMap;
import java.util.Map;

/** Gives each different value a number of its own, so that fingerprints need not hash the values themselves. */
final class Interner {

    private final Map<Object, Integer> numbers = new HashMap<>();

    int of(Object value) {
        Integer known = numbers.get(value);
        if (known != null) {
            return known;
        }
        numbers.put(value, numbers.size());
        return numbers.size() - 1;
    }
}
