package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.ScriptedHandler;
import dev.vivarium.testkit.WorkerScript;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a worker answers to a call before it has entered a handler. */
final class Refusals {

    private Refusals() {}

    /** Returns what is wrong with a call, or null. */
    static @Nullable ErrorBody of(WorkerScript script, Invocation call, boolean isStream) {
        ScriptedHandler handler = script.handlers().get(call.handler());
        if (handler == null) {
            return error(
                    ErrorKind.UNKNOWN_HANDLER,
                    "LookupError",
                    "no handler is named '" + call.handler() + "'; there are: "
                            + String.join(", ", new TreeSet<>(script.handlers().keySet())));
        }
        if (handler.isGenerator() && !isStream) {
            return error(
                    ErrorKind.STREAM_ONLY,
                    "TypeError",
                    call.handler() + "(...) is a generator: its answer is a stream, call it with stream(...)");
        }
        if (handler instanceof StandardHandler && call.keywords().containsKey("ctx")) {
            return error(
                    ErrorKind.BAD_ARGUMENTS,
                    "TypeError",
                    call.handler() + "(...): 'ctx' is the runtime's; a caller cannot pass it");
        }
        return null;
    }

    private static ErrorBody error(ErrorKind kind, String type, String message) {
        return error(kind, Execution.NOT_STARTED, type, message);
    }

    /** Returns an error without a traceback. */
    static ErrorBody error(ErrorKind kind, Execution execution, String type, String message) {
        return new ErrorBody(kind, execution, type, message, List.of(), List.of(), List.of(), null);
    }
}
