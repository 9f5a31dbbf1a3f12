package dev.vivarium.pooltests;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.PythonCall;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.WorkerScript;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What scripted workers do where Python ones have {@code handlers/settings.py}. */
final class Remembering {

    static final String HANDLERS = "/handlers/settings.py";

    private final Map<String, JsonNode> values = new ConcurrentHashMap<>();
    private final Map<String, Integer> times = new ConcurrentHashMap<>();

    private Remembering() {}

    static WorkerScript script() {
        Remembering memory = new Remembering();
        return WorkerScript.standard()
                .with("put", call -> memory.put(call, call.positional()))
                .with("put_rising", memory::putRising)
                .with("put_unless", call -> {
                    Path path = Path.of(call.positional().get(0).asText());
                    return Files.exists(path)
                            ? new Reaction.Raise("ValueError", "there is " + path.getFileName())
                            : memory.put(call, call.positional().subList(1, 3));
                })
                .with("put_not_in", call -> {
                    int slot = call.positional().get(0).asInt();
                    return call.slot() == slot
                            ? new Reaction.Raise("ValueError", "not in " + slot)
                            : memory.put(call, call.positional().subList(1, 3));
                })
                .with(
                        "value",
                        call -> new Reaction.Reply(
                                memory.values.get(key(call, call.positional().get(0)))))
                .with(
                        "times_put",
                        call -> new Reaction.Reply(memory.times.getOrDefault(
                                key(call, call.positional().get(0)), 0)))
                .with(
                        "stuck_in",
                        call -> call.slot() == call.positional().get(0).asInt()
                                ? new Reaction.Hang(true)
                                : new Reaction.Reply("free"));
    }

    private static String key(Invocation call, JsonNode name) {
        return call.slot() + "." + call.incarnation() + "." + name.asText();
    }

    private Reaction put(Invocation call, List<JsonNode> nameAndValue) {
        String key = key(call, nameAndValue.get(0));
        values.put(key, nameAndValue.get(1));
        times.merge(key, 1, Integer::sum);
        return new Reaction.Reply(nameAndValue.get(1));
    }

    private Reaction putRising(Invocation call) {
        JsonNode before = values.get(key(call, call.positional().get(0)));
        int next = call.positional().get(1).asInt();
        return before != null && next < before.asInt()
                ? new Reaction.Raise("ValueError", next + " after " + before)
                : put(call, call.positional());
    }

    static PythonCall<Object> call(String handler, Object... arguments) {
        return PythonCall.to(handler).args(arguments).returning(Object.class);
    }
}
