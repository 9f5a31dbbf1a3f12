package dev.vivarium.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a handler calls a function of the JVM's with; the content of a CALLBACK, see PROTOCOL.md, section 12.
 *
 * @param function the function's name
 * @param positional positional arguments
 * @param keywords keyword arguments, in their order
 */
public record CalledFunction(String function, List<JsonNode> positional, Map<String, JsonNode> keywords) {

    /** Copies list and map. */
    public CalledFunction {
        positional = List.copyOf(positional);
        keywords = Collections.unmodifiableMap(new LinkedHashMap<>(keywords));
    }

    /** Returns the function's name, never the arguments: they may be secrets. */
    @Override
    public String toString() {
        return "CalledFunction(" + function + ", " + positional.size() + " positional, " + keywords.size()
                + " keywords)";
    }
}
