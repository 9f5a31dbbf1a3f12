package dev.vivarium.programs;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The language model that programs are to ask.
 *
 * @param name as {@code dspy.LM} takes it, such as {@code openai/gpt-4o-mini}
 * @param options what {@code dspy.LM} is given besides, such as {@code temperature} or {@code api_key}; at most 32
 */
public record LanguageModel(String name, Map<String, Object> options) {

    /** Copies the options. */
    public LanguageModel {
        Objects.requireNonNull(name, "name");
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /** Creates one without options. */
    public LanguageModel(String name) {
        this(name, Map.of());
    }

    /** Returns a copy with one more option. */
    public LanguageModel option(String option, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(options);
        more.put(option, value);
        return new LanguageModel(name, more);
    }

    /** Names the options, never their values: they may be secrets. */
    @Override
    public String toString() {
        return "LanguageModel[name=" + name + ", options=" + options.keySet() + "]";
    }
}
