package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.ScriptedHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A scripted handler that takes its arguments, and fails at them, as the kit's Python handler of that name does. */
public final class StandardHandler implements ScriptedHandler {

    /** The longest wait, which Python's clock has as well. */
    private static final double LONGEST_S = 9e9;

    private final List<String> parameters;
    private final String effects;
    private final BiFunction<Invocation, List<JsonNode>, Reaction> body;
    private final boolean generator;

    private StandardHandler(List<String> parameters, Function<List<JsonNode>, Reaction> body) {
        this(parameters, "", (call, given) -> body.apply(given));
    }

    StandardHandler(List<String> parameters, String effects, BiFunction<Invocation, List<JsonNode>, Reaction> body) {
        this(parameters, effects, false, body);
    }

    private StandardHandler(
            List<String> parameters,
            String effects,
            boolean generator,
            BiFunction<Invocation, List<JsonNode>, Reaction> body) {
        this.generator = generator;
        this.parameters = parameters;
        this.effects = effects;
        this.body = body;
    }

    /** Returns this handler as a generator. */
    StandardHandler generator() {
        return new StandardHandler(parameters, effects, true, body);
    }

    @Override
    public boolean isGenerator() {
        return generator;
    }

    @Override
    public String effects() {
        return effects;
    }

    /** Returns the standard handlers by name. */
    public static Map<String, ScriptedHandler> all() {
        Map<String, ScriptedHandler> all = new LinkedHashMap<>();
        all.put("echo", new StandardHandler(List.of("value"), given -> new Reaction.Reply(given.get(0))));
        all.put(
                "fail",
                new StandardHandler(
                        List.of("message"), given -> new Reaction.Raise("ValueError", PythonText.str(given.get(0)))));
        all.put(
                "leave",
                new StandardHandler(List.of("status"), given -> withInteger(given.get(0), Reaction.Exit::new)));
        all.put("die", new StandardHandler(List.of("signal"), given -> withInteger(given.get(0), Reaction.Die::new)));
        all.put("hang", new StandardHandler(List.of(), given -> new Reaction.Hang(true)));
        all.put("stubborn", new StandardHandler(List.of(), given -> new Reaction.Hang(false)));
        all.put("slow", new StandardHandler(List.of("seconds", "value"), StandardHandler::slow));
        all.put("held", new StandardHandler(List.of("gate", "value"), StandardHandler::held));
        all.put("retry_after", new StandardHandler(List.of("times", "seconds"), "", StandardHandler::retryAfter));
        all.putAll(SessionHandlers.all());
        all.putAll(StreamHandlers.all());
        all.putAll(CallbackHandlers.all());
        return all;
    }

    @Override
    public Reaction on(Invocation call) {
        String misfit = misfit(call);
        if (misfit != null) {
            return new Reaction.Raise("TypeError", misfit);
        }
        List<JsonNode> given = new ArrayList<>(call.positional());
        for (String name : parameters.subList(given.size(), parameters.size())) {
            given.add(call.keywords().get(name));
        }
        return body.apply(call, given);
    }

    /** Says, as Python does, why the arguments do not fit; null when they do. */
    @Nullable
    String misfit(Invocation call) {
        int count = call.positional().size();
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            boolean named = call.keywords().containsKey(name);
            if (i < count && named) {
                return "multiple values for argument '" + name + "'";
            }
            if (i >= count && !named) {
                return "missing a required argument: '" + name + "'";
            }
        }
        if (count > parameters.size()) {
            return "too many positional arguments";
        }
        TreeSet<String> unknown = new TreeSet<>(call.keywords().keySet());
        parameters.forEach(unknown::remove);
        return unknown.isEmpty() ? null : "got an unexpected keyword argument '" + unknown.first() + "'";
    }

    private static Reaction withInteger(JsonNode value, Function<Integer, Reaction> then) {
        if (value.isBoolean()) {
            return then.apply(value.booleanValue() ? 1 : 0);
        }
        if (!value.isIntegralNumber()) {
            return new Reaction.Raise(
                    "TypeError", "'" + PythonText.type(value) + "' object cannot be interpreted as an integer");
        }
        if (!value.canConvertToInt()) {
            return new Reaction.Raise("OverflowError", "Python int too large to convert to C int");
        }
        return then.apply(value.intValue());
    }

    private static Reaction slow(List<JsonNode> given) {
        JsonNode seconds = given.get(0);
        if (seconds.isNull()) {
            return new Reaction.Hang(true);
        }
        if (!seconds.isNumber() && !seconds.isBoolean()) {
            return new Reaction.Raise(
                    "TypeError", "'>' not supported between instances of '" + PythonText.type(seconds) + "' and 'int'");
        }
        double wanted = seconds.isBoolean() ? (seconds.booleanValue() ? 1 : 0) : seconds.doubleValue();
        if (wanted > LONGEST_S) {
            return new Reaction.Raise("OverflowError", "timestamp too large to convert to C _PyTime_t");
        }
        Reaction reply = new Reaction.Reply(given.get(1));
        return wanted > 0 ? new Reaction.Later(Duration.ofNanos(Math.round(wanted * 1e9)), reply) : reply;
    }

    private static Reaction retryAfter(Invocation call, List<JsonNode> given) {
        return retryAfter(
                given.get(0), given.get(1), new Reaction.Reply(given.get(0).asInt() + 1));
    }

    /** Asks to be called again so many times, and then does something else. */
    static Reaction retryAfter(JsonNode times, JsonNode seconds, Reaction then) {
        double wanted = seconds.asDouble(-1);
        if (!(wanted >= 0 && wanted <= ErrorBody.MAX_RETRY_AFTER.toSeconds())) {
            return new Reaction.Raise(
                    "ValueError",
                    "seconds must be from 0 to " + ErrorBody.MAX_RETRY_AFTER.toSeconds() + ", got " + seconds);
        }
        return new Reaction.RetryAfter(times.asInt(), Duration.ofMillis((long) Math.ceil(wanted * 1000)), then);
    }

    /** What Python makes of {@code RetryAfter}. */
    static ErrorBody retryAfter(Duration delay) {
        return new ErrorBody(
                ErrorKind.HANDLER,
                Execution.RAN,
                "vivarium_worker.api.RetryAfter",
                "not yet",
                List.of(),
                List.of(),
                List.of(),
                delay.toMillis());
    }

    private static Reaction held(List<JsonNode> given) {
        JsonNode gate = given.get(0);
        if (!gate.isTextual()) {
            return new Reaction.Raise(
                    "TypeError",
                    "join() argument must be str, bytes, or os.PathLike object, not '" + PythonText.type(gate) + "'");
        }
        return new Reaction.AtGate(gate.textValue(), new Reaction.Reply(given.get(1)));
    }
}
