package dev.vivarium.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call as a scripted worker sees it.
 *
 * @param callId the call's id
 * @param slot the worker's slot
 * @param incarnation the worker's incarnation
 * @param handler the handler's name
 * @param positional positional arguments
 * @param keywords keyword arguments
 * @param session what its session remembers, to be changed; null without one
 */
public record Invocation(
        long callId,
        int slot,
        int incarnation,
        String handler,
        List<JsonNode> positional,
        Map<String, JsonNode> keywords,
        @Nullable ScriptedSession session) {}
