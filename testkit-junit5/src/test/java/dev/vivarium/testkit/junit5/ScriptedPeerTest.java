package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.WorkerScript;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a peer may do to the protocol, and what the pool makes of it. */
@Tag("processes")
class ScriptedPeerTest {

    private static TestPoolSpec peer(WorkerScript script) {
        return peer(Layer.SCRIPTED, script);
    }

    private static TestPoolSpec peer(Layer layer, WorkerScript script) {
        return TestPoolSpec.of(layer).workers(1).seed(1).script(script);
    }

    private static TestPool doing(Reaction reaction, String... options) throws InterruptedException {
        return TestPool.start(peer(WorkerScript.standard().with("odd", call -> reaction))
                        .options(options))
                .ensureReady();
    }

    private static PythonCall<String> odd() {
        return PythonCall.to("odd").returning(String.class);
    }

    private static void getsOverIt(TestPool kit) throws InterruptedException {
        assertThat(kit.outcome(
                        kit.pool().call(PythonCall.to("echo").args("well").returning(String.class))))
                .isEqualTo("well");
        assertThat(kit.leaks()).isEmpty();
    }

    @Test
    void answeringTwiceCostsTheWorkerAndNoCall() throws Exception {
        try (TestPool kit = doing(new Reaction.Twice("once"))) {
            kit.expectWarning("broke the protocol");

            assertThat(kit.pool().call(odd()).await()).isEqualTo("once");

            assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
            getsOverIt(kit);
        }
    }

    @Test
    void writingWhatIsNoFrameIsQuoted() throws Exception {
        byte[] printed = "Traceback (most recent call last)\n".getBytes(StandardCharsets.UTF_8);
        try (TestPool kit = doing(new Reaction.Raw(printed))) {
            kit.expectWarning("broke the protocol");

            assertThatThrownBy(() -> kit.pool().call(odd()).await()).isInstanceOf(WorkerCrashed.class);

            assertThat(kit.events().awaitExit().exit().detail()).contains("BAD_MAGIC");
            getsOverIt(kit);
        }
    }

    @Test
    void stoppingInTheMiddleOfAnAnswerEndsAtTheDeadline() throws Exception {
        try (TestPool kit = doing(new Reaction.Partial("never whole", 20), "cancel-grace = 100ms")) {
            kit.expectWarning("did not end a call");

            CallTimedOut error = catchThrowableOfType(
                    CallTimedOut.class,
                    () -> kit.pool().call(odd().timeout(Duration.ofSeconds(1))).await());

            assertThat(error).hasMessageContaining("odd");
            assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.HUNG);
            getsOverIt(kit);
        }
    }

    @Test
    void notLoadingFailsTheStartWithTheReason() {
        try (TestPool kit = TestPool.start(peer(WorkerScript.standard().failingToLoad("no model here")))) {
            assertThatThrownBy(
                            () -> kit.pool().whenServing().toCompletableFuture().join())
                    .hasCauseInstanceOf(PoolStartFailed.class)
                    .hasMessageContaining("no model here");
        }
    }

    @Test
    void whatAHandlerThrowsIsRaised() throws Exception {
        for (Layer layer : new Layer[] {Layer.FAKE, Layer.SCRIPTED}) {
            WorkerScript script = WorkerScript.standard().with("odd", call -> {
                throw new AssertionError("not what was expected");
            });
            try (TestPool kit = TestPool.start(peer(layer, script)).ensureReady()) {
                PythonException raised = catchThrowableOfType(
                        PythonException.class, () -> kit.outcome(kit.pool().call(odd())));

                assertThat(raised.pythonType()).isEqualTo("AssertionError");
                assertThat(raised).hasMessageContaining("not what was expected");
                getsOverIt(kit);
            }
        }
    }

    @Test
    void aResultThatIsNoJsonIsTheHandlersError() throws Exception {
        for (Layer layer : new Layer[] {Layer.FAKE, Layer.SCRIPTED}) {
            WorkerScript script = WorkerScript.standard().with("odd", call -> new Reaction.Reply(new Object()));
            try (TestPool kit = TestPool.start(peer(layer, script)).ensureReady()) {
                ResultNotDecodable error = catchThrowableOfType(
                        ResultNotDecodable.class, () -> kit.outcome(kit.pool().call(odd())));

                assertThat(error).hasMessageContaining("java.lang.Object");
                assertThat(error.execution()).isEqualTo(Execution.RAN);
                getsOverIt(kit);
            }
        }
    }
}
