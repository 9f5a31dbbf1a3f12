package dev.vivarium.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * What a session remembers, as a scripted handler sees it during its call.
 *
 * @param id the session's name
 * @param epoch how often it was bound to a worker
 * @param state values by key; changes, also inside of values, are kept when the call is answered
 * @param local what cannot travel: stays in this worker as long as the session does
 */
public record ScriptedSession(String id, long epoch, Map<String, JsonNode> state, Map<String, Object> local) {}
