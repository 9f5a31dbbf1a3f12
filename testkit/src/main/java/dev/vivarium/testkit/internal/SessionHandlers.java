package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.ScriptedHandler;
import dev.vivarium.testkit.ScriptedSession;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The scripted handlers that use a session, as the kit's Python handlers of those names do. */
final class SessionHandlers {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private SessionHandlers() {}

    private interface Body {
        Reaction of(ScriptedSession session, List<JsonNode> given);
    }

    private static ScriptedHandler handler(List<String> parameters, String effects, Body body) {
        return new StandardHandler(parameters, effects, (call, given) -> inSession(call, given, body));
    }

    private static Reaction inSession(Invocation call, List<JsonNode> given, Body body) {
        ScriptedSession session = call.session();
        return session == null
                ? new Reaction.Raise(
                        "RuntimeError",
                        "call " + call.callId() + " has no session: it was not made with pool.session(...)")
                : body.of(session, given);
    }

    static Map<String, ScriptedHandler> all() {
        Map<String, ScriptedHandler> all = new LinkedHashMap<>();
        all.put("count", handler(List.of(), HandlerInfo.SESSION_ONLY, (session, given) -> reply(count(session))));
        all.put("count_unsafely", handler(List.of(), "", (session, given) -> reply(count(session))));
        all.put("count_held", handler(List.of("gate"), HandlerInfo.SESSION_ONLY, SessionHandlers::held));
        all.put("count_held_unsafely", handler(List.of("gate"), "", SessionHandlers::held));
        all.put("count_and_fail", handler(List.of("message"), "", (session, given) -> {
            count(session);
            return new Reaction.Raise("ValueError", PythonText.str(given.get(0)));
        }));
        all.put(
                "count_and_retry_after",
                handler(
                        List.of("times", "seconds"),
                        HandlerInfo.SESSION_ONLY,
                        (session, given) ->
                                StandardHandler.retryAfter(given.get(0), given.get(1), reply(count(session)))));
        all.put("remember", handler(List.of("key", "value"), HandlerInfo.SESSION_ONLY, (session, given) -> {
            session.state().put(given.get(0).asText(), given.get(1));
            return new Reaction.Reply(null);
        }));
        all.put("recall", handler(List.of("key"), HandlerInfo.SESSION_ONLY, (session, given) -> {
            JsonNode value = session.state().get(given.get(0).asText());
            return new Reaction.Reply(value == null ? JSON.nullNode() : value);
        }));
        all.put("recall_held_unsafely", handler(List.of("gate", "key"), "", (session, given) -> {
            JsonNode value = session.state().get(given.get(1).asText());
            return new Reaction.AtGate(
                    given.get(0).asText(), new Reaction.Reply(value == null ? JSON.nullNode() : value));
        }));
        all.put("keep_local", handler(List.of("value"), "", (session, given) -> {
            session.local().put("value", given.get(0));
            return new Reaction.Reply(null);
        }));
        all.put("keep_local_held", handler(List.of("gate", "value"), "", (session, given) -> {
            session.local().put("value", given.get(1));
            return new Reaction.AtGate(given.get(0).asText(), new Reaction.Reply(null));
        }));
        all.put("recall_local", handler(List.of(), "", (session, given) -> {
            Object value = session.local().get("value");
            return new Reaction.Reply(value == null ? JSON.nullNode() : value);
        }));
        return all;
    }

    static int count(ScriptedSession session) {
        JsonNode before = session.state().get("count");
        int next = before == null ? 1 : before.intValue() + 1;
        session.state().put("count", JSON.numberNode(next));
        return next;
    }

    private static Reaction reply(int count) {
        return new Reaction.Reply(count);
    }

    private static Reaction held(ScriptedSession session, List<JsonNode> given) {
        return new Reaction.AtGate(given.get(0).asText(), reply(count(session)));
    }
}
