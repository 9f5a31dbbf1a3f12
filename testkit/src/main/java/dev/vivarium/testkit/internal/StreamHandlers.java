package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.ScriptedHandler;
import dev.vivarium.testkit.ScriptedSession;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** The scripted handlers whose answer is a stream, or that are fed with one, as the kit's Python handlers of those names do. */
final class StreamHandlers {

    private StreamHandlers() {}

    private static ScriptedHandler generator(
            List<String> parameters, BiFunction<Invocation, List<JsonNode>, Reaction> body) {
        return new StandardHandler(parameters, "", body).generator();
    }

    static Map<String, ScriptedHandler> all() {
        Map<String, ScriptedHandler> all = new LinkedHashMap<>();
        all.put(
                "items",
                generator(
                        List.of("count"), (call, given) -> items(0, given.get(0).intValue(), new Reaction.Finish())));
        all.put(
                "items_then_fail",
                generator(
                        List.of("count", "message"),
                        (call, given) -> items(
                                0,
                                given.get(0).intValue(),
                                new Reaction.Raise("ValueError", PythonText.str(given.get(1))))));
        all.put(
                "items_then_hang",
                generator(
                        List.of("count"), (call, given) -> items(0, given.get(0).intValue(), new Reaction.Hang(true))));
        all.put("items_then_held", generator(List.of("count", "gate", "more"), (call, given) -> {
            int count = given.get(0).intValue();
            Reaction rest = items(count, given.get(2).intValue(), new Reaction.Finish());
            return items(0, count, new Reaction.AtGate(given.get(1).asText(), rest));
        }));
        all.put("doubled", generator(List.of(), (call, given) -> doubled()));
        all.put("total", new StandardHandler(List.of(), "", (call, given) -> total(0)));
        all.put("count_items", generator(List.of("count"), (call, given) -> {
            ScriptedSession session = Objects.requireNonNull(call.session(), "it is called in a session");
            int before = SessionHandlers.count(session) - 1;
            int count = given.get(0).intValue();
            IntStream.range(1, count).forEach(i -> SessionHandlers.count(session));
            return items(before + 1, count, new Reaction.Finish());
        }));
        return all;
    }

    private static Reaction items(int first, int count, Reaction then) {
        return new Reaction.Yield(IntStream.range(first, first + count).boxed().toList(), then);
    }

    private static Reaction doubled() {
        return new Reaction.Take(item ->
                item == null ? new Reaction.Finish() : new Reaction.Yield(List.of(item.intValue() * 2), doubled()));
    }

    private static Reaction total(int sum) {
        return new Reaction.Take(item -> item == null ? new Reaction.Reply(sum) : total(sum + item.intValue()));
    }
}
