package dev.vivarium.testkit;

import dev.vivarium.testkit.internal.StandardHandler;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the workers of the layers FAKE and SCRIPTED do. Immutable.
 *
 * <p>{@link #standard()} has the handlers that the kit's Python module {@code vivarium_testkit} has, so that one test runs
 * on all three layers: {@code echo(value)}, {@code fail(message)}, {@code leave(status)}, {@code die(signal)},
 * {@code hang()}, {@code stubborn()}, {@code slow(seconds, value)}, {@code held(gate, value)}, {@code retry_after(times, seconds)}, and in sessions {@code count()},
 * {@code count_unsafely()}, {@code count_held(gate)}, {@code count_held_unsafely(gate)}, {@code count_and_fail(message)},
 * {@code count_and_retry_after(times, seconds)},
 * {@code remember(key, value)}, {@code recall(key)}, {@code recall_held_unsafely(gate, key)}, {@code keep_local(value)}, {@code keep_local_held(gate, value)},
 * {@code recall_local()}. Those whose answer is a stream are {@code items(count)}, {@code items_then_fail(count, message)},
 * {@code items_then_hang(count)}, {@code items_then_held(count, gate, more)}, {@code doubled()}, which is fed with numbers, and
 * in sessions {@code count_items(count)}; {@code total()} is fed and returns one number. {@code ask(function, value)} calls a function of the JVM's and returns what that returns, {@code
 * ask_caught(function, value)} returns class and text of what it gets in place of that, {@code ask_each(function, count)} yields it for
 * the numbers from 0, and {@code ask_and_count(function)} calls it with the count of its session. They take positional and keyword arguments, and fail at them, as those do.
 */
public final class WorkerScript {

    private static final WorkerScript STANDARD = new WorkerScript(StandardHandler.all(), null);

    private final Map<String, ScriptedHandler> handlers;
    private final @Nullable String loadFailure;

    private WorkerScript(Map<String, ScriptedHandler> handlers, @Nullable String loadFailure) {
        this.handlers = Map.copyOf(handlers);
        this.loadFailure = loadFailure;
    }

    /** Returns the script with the standard handlers. */
    public static WorkerScript standard() {
        return STANDARD;
    }

    /** Returns this script with one more handler, or another in its place. */
    public WorkerScript with(String name, ScriptedHandler handler) {
        Map<String, ScriptedHandler> more = new LinkedHashMap<>(handlers);
        more.put(name, handler);
        return new WorkerScript(more, loadFailure);
    }

    /** Returns this script with handlers that fail to load with a Python exception of this message. */
    public WorkerScript failingToLoad(String message) {
        return new WorkerScript(handlers, message);
    }

    /** Returns the handlers by name. */
    public Map<String, ScriptedHandler> handlers() {
        return handlers;
    }

    /** Returns what loading fails with, or null when it works. */
    public @Nullable String loadFailure() {
        return loadFailure;
    }
}
