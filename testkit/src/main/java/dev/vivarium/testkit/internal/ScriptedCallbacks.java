package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.protocol.CallbackBlock;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.CallbackErrorBody;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.testkit.CallbackResult;
import dev.vivarium.testkit.Reaction;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The functions of the JVM's that one scripted process has called. Guarded by the lock of its process. */
final class ScriptedCallbacks {

    private static final String MODULE = "vivarium_worker.callback_errors.";

    private record Waiting(long callId, Function<CallbackResult, Reaction> then) {}

    private final ScriptedProcess process;
    private final Outlet outlet;
    private final Map<Long, Waiting> waiting = new HashMap<>();
    private long last;

    ScriptedCallbacks(ScriptedProcess process, Outlet outlet) {
        this.process = process;
        this.outlet = outlet;
    }

    /** Does what a handler does about functions of the JVM's; false when that is something else. */
    boolean takes(long callId, Reaction reaction) {
        if (reaction instanceof Reaction.CallBack ask) {
            process.encodedBy(PythonJson::bytes, callId, List.of(ask.function(), ask.args(), Map.of()), content -> {
                long number = ++last;
                waiting.put(number, new Waiting(callId, ask.then()));
                process.say(() -> outlet.calledBack(callId, CallbackBlock.encode(number, content)));
            });
        } else if (reaction instanceof Reaction.Miscall lie) {
            byte[] content = PythonJson.bytes(List.of("miscalled", List.of(), Map.of()));
            process.say(() -> outlet.calledBack(lie.callId(), CallbackBlock.encode(lie.number(), content)));
            process.perform(callId, lie.then());
        } else if (reaction instanceof Reaction.LetThrough raised) {
            CallbackResult result = raised.result();
            ErrorBody body = new ErrorBody(
                    ErrorKind.HANDLER,
                    Execution.RAN,
                    MODULE + result.pythonType(),
                    result.pythonMessage(),
                    List.of(),
                    List.of(),
                    List.of(),
                    null,
                    result.number());
            process.answer(callId, () -> outlet.error(callId, body));
        } else {
            return false;
        }
        return true;
    }

    /** An answer has come; one that nobody waits for is dropped. */
    void answered(Frame frame) {
        try {
            long number = CallbackBlock.number(frame.body());
            byte[] content = Arrays.copyOfRange(frame.body(), CallbackBlock.NUMBER_BYTES, frame.body().length);
            boolean returned = frame.type() == FrameType.CALLBACK_REPLY;
            JsonNode value = returned ? PythonJson.MAPPER.readTree(content) : null;
            CallbackErrorBody error = returned
                    ? null
                    : Bodies.read(
                            Frame.of(frame.type(), frame.callId(), frame.incarnation(), content),
                            CallbackErrorBody.class);
            process.act(() -> answered(number, new CallbackResult(number, value, error)));
        } catch (IOException | CodecException | ProtocolViolationException e) {
            throw new IllegalStateException("the JVM sent " + frame + " to a worker", e);
        }
    }

    private void answered(long number, CallbackResult result) {
        Waiting asked = waiting.remove(number);
        if (asked != null && process.isRunning(asked.callId())) {
            process.perform(asked.callId(), asked.then().apply(result));
        }
    }
}
