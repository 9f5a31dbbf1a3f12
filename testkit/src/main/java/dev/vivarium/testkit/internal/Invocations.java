package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.ScriptedSession;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the bodies of calls. */
final class Invocations {

    private Invocations() {}

    static Invocation read(long callId, int slot, int incarnation, Encoded body, @Nullable ScriptedSession session)
            throws IOException {
        JsonNode parts = PythonJson.decode(body);
        List<JsonNode> positional = new ArrayList<>();
        parts.get(1).forEach(positional::add);
        Map<String, JsonNode> keywords = new LinkedHashMap<>();
        parts.get(2).properties().forEach(entry -> keywords.put(entry.getKey(), entry.getValue()));
        return new Invocation(callId, slot, incarnation, parts.get(0).asText(), positional, keywords, session);
    }
}
