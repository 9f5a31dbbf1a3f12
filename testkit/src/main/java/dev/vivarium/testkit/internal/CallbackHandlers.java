package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.testkit.CallbackResult;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.ScriptedHandler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** The scripted handlers that call functions of the JVM's, as the kit's Python handlers of those names do. */
final class CallbackHandlers {

    private CallbackHandlers() {}

    static Map<String, ScriptedHandler> all() {
        Map<String, ScriptedHandler> all = new LinkedHashMap<>();
        all.put(
                "ask",
                new StandardHandler(
                        List.of("function", "value"),
                        "",
                        (call, given) ->
                                ask(given.get(0), given.get(1), result -> result.orRaise(Reaction.Reply::new))));
        all.put(
                "ask_caught",
                new StandardHandler(
                        List.of("function", "value"),
                        "",
                        (call, given) -> ask(given.get(0), given.get(1), CallbackHandlers::caught)));
        all.put(
                "ask_each",
                new StandardHandler(
                                List.of("function", "count"),
                                "",
                                (call, given) ->
                                        askEach(given.get(0), 0, given.get(1).intValue()))
                        .generator());
        all.put("ask_and_count", new StandardHandler(List.of("function"), "", (call, given) -> {
            int count = SessionHandlers.count(Objects.requireNonNull(call.session(), "it is called in a session"));
            return ask(given.get(0), count, result -> result.orRaise(Reaction.Reply::new));
        }));
        return all;
    }

    private static Reaction ask(JsonNode function, Object value, Function<CallbackResult, Reaction> then) {
        return new Reaction.CallBack(function.asText(), List.of(value), then);
    }

    private static Reaction caught(CallbackResult result) {
        return new Reaction.Reply(
                result.error() == null ? result.value() : List.of(result.pythonType(), result.pythonMessage()));
    }

    private static Reaction askEach(JsonNode function, int next, int count) {
        return next == count
                ? new Reaction.Finish()
                : ask(
                        function,
                        next,
                        result -> result.orRaise(
                                value -> new Reaction.Yield(List.of(value), askEach(function, next + 1, count))));
    }
}
