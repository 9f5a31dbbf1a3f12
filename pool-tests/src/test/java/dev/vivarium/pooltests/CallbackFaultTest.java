package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PendingCall;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.CallbackBlock;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.ScriptedHandler;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.WorkerScript;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Workers whose callbacks break the protocol. */
class CallbackFaultTest {

    private static final Reaction END = new Reaction.Hang(true);

    private static void breaksTheProtocol(Layer layer, ScriptedHandler odd, String... details) throws Exception {
        AtomicInteger ran = new AtomicInteger();
        TestPoolSpec spec = TestPoolSpec.of(layer)
                .workers(1)
                .seed(1)
                .script(WorkerScript.standard().with("odd", odd));
        try (TestPool kit = TestPool.prepare(spec)) {
            kit.start(settings -> settings.function("miscalled", call -> ran.incrementAndGet()))
                    .ensureReady();
            kit.expectWarning("broke the protocol");

            PendingCall<String> call = kit.pool().call("odd", String.class);
            if (details[0].startsWith("UNEXPECTED_TYPE after")) {
                assertThat(call.await()).isEqualTo("answered");
                assertThat(kit.events().awaitExit().exit().detail()).contains("UNEXPECTED_TYPE", "CALLBACK for call");
            } else {
                WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));
                assertThat(error.exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
                assertThat(error.exit().detail()).contains(details);
            }
            assertThat(kit.outcome(kit.pool().call("echo", String.class, "well")))
                    .isEqualTo("well");
            assertThat(ran).hasValueLessThanOrEqualTo(1);
            assertThat(kit.leaks()).isEmpty();
        }
    }

    /** What workers say that is not so, on the layers whose workers can be told to. */
    @Nested
    class AWorkerThatIsReplaced {

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void callsAFunctionForAnotherCall(Layer layer) throws Exception {
            breaksTheProtocol(layer, call -> new Reaction.Miscall(call.callId() + 1000, 1, END), "UNEXPECTED_TYPE");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void usesANumberTwice(Layer layer) throws Exception {
            breaksTheProtocol(
                    layer,
                    call -> new Reaction.Miscall(call.callId(), 7, new Reaction.Miscall(call.callId(), 7, END)),
                    "MALFORMED_BODY",
                    "callback 7 came where a number above 7 is next");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void usesANumberThatIsNone(Layer layer) throws Exception {
            breaksTheProtocol(
                    layer, call -> new Reaction.Miscall(call.callId(), 0, END), "MALFORMED_BODY", "from 1 to 2^63 - 1");
        }

        private byte[] bytes(Frame... frames) {
            ByteBuffer all = ByteBuffer.allocate(4096);
            for (Frame frame : frames) {
                all.put(FrameEncoder.encode(frame));
            }
            return java.util.Arrays.copyOf(all.array(), all.position());
        }

        private Frame callback(Invocation call, String content) {
            return Frame.of(
                    FrameType.CALLBACK,
                    call.callId(),
                    call.incarnation(),
                    CallbackBlock.encode(1, content.getBytes(StandardCharsets.UTF_8)));
        }

        @Test
        void callsAFunctionAfterItsCallHasEnded() throws Exception {
            breaksTheProtocol(
                    Layer.SCRIPTED,
                    call -> new Reaction.Raw(bytes(
                            Frame.of(
                                    FrameType.REPLY,
                                    call.callId(),
                                    call.incarnation(),
                                    "\"answered\"".getBytes(StandardCharsets.UTF_8)),
                            callback(call, "[\"miscalled\", [], {}]"))),
                    "UNEXPECTED_TYPE after");
        }

        @Test
        void callsAFunctionWithWhatIsNoCall() throws Exception {
            breaksTheProtocol(
                    Layer.SCRIPTED,
                    call -> new Reaction.Raw(bytes(callback(call, "{\"function\": 1}"))),
                    "MALFORMED_BODY",
                    "a function is called with its name, an array and an object");
        }
    }
}
