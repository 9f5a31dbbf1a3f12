package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolDisabled;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolMode;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Nested;

/** What a pool is: many workers, one, none, or what can be had. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1)
class ModesTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);
    private static final PythonCall<String> ECHO =
            PythonCall.to("echo").args("x").returning(String.class);

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static PoolDisabled refusal(PendingCall<?> call) {
        PoolDisabled error = catchThrowableOfType(PoolDisabled.class, () -> call.await(LIMIT));
        assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
        return error;
    }

    @Nested
    class Single {

        @VivariumTest(options = "mode = single")
        void hasOneWorkerThatRunsOneCallAfterTheOther(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> first = pool.call("held", String.class, "gate", "first");
            kit.awaitStarted(first);
            PendingCall<String> second = pool.call(ECHO);
            kit.awaitThat("waiting", () -> pool.snapshot().waiting() == 1);

            assertThat(pool.mode()).isEqualTo(PoolMode.SINGLE);
            assertThat(pool.snapshot().total()).isEqualTo(1);
            assertThat(second.attempts()).isZero();
            kit.open("gate");
            assertThat(second.await(LIMIT)).isEqualTo("x");
        }

        @VivariumTest(options = "mode = single")
        void neverGetsASecondWorker(TestPool kit, PythonPool pool) throws Exception {
            TestProbe<org.apache.pekko.Done> restarted = kit.actors().createTestProbe();

            assertThatThrownBy(() -> pool.resize(2)).hasMessageContaining("its mode is SINGLE");
            assertThatThrownBy(() -> pool.rollingRestart().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("its mode is SINGLE");
            pool.actor().tell(new PoolCommand.Resize(3));
            pool.actor().tell(new PoolCommand.RollingRestart(restarted.getRef()));
            restarted.receiveMessage(LIMIT);

            assertThat(pool.call(ECHO).await(LIMIT)).isEqualTo("x");
            assertThat(pool.snapshot().total()).isEqualTo(1);
            assertThat(pool.snapshot().wanted()).isEqualTo(1);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED, options = "mode = disabled")
    class Disabled {

        @VivariumTest
        void refusesEveryCallAndNeedsNoPython(TestPool kit) throws Exception {
            PythonPool pool = kit.start(settings -> settings.python("/there/is/no/python"))
                    .pool();

            PoolDisabled error = refusal(pool.call(ECHO));

            assertThat(error).hasMessageContaining("is disabled: its mode is DISABLED");
            assertThat(pool.mode()).isEqualTo(PoolMode.DISABLED);
            assertThat(pool.snapshot().state()).isEqualTo(PoolState.DISABLED);
            assertThat(pool.snapshot().total()).isZero();
            assertThat(kit.processes()).isEmpty();
            assertThatThrownBy(() -> pool.whenServing().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(PoolDisabled.class);
        }

        @VivariumTest
        void refusesCallsOfActorsToo(TestPool kit) throws Exception {
            TestProbe<CallOutcome<String>> reply = kit.actors().createTestProbe();
            PythonPool pool = kit.start().pool();
            kit.awaitThat("disabled", () -> pool.snapshot().state() == PoolState.DISABLED);

            pool.actor().tell(new PoolCommand.Call<>(ECHO, reply.getRef()));

            CallOutcome<String> outcome = reply.receiveMessage(LIMIT);
            kit.ledger().enter(ECHO, outcome);
            assertThat(((CallOutcome.Failed<String>) outcome).error()).isInstanceOf(PoolDisabled.class);
        }

        @VivariumTest
        void closesAsEveryPoolDoes(TestPool kit) throws Exception {
            PythonPool pool = kit.start().pool();
            kit.awaitThat("disabled", () -> pool.snapshot().state() == PoolState.DISABLED);

            pool.close();

            assertThat(pool.snapshot().state()).isEqualTo(PoolState.CLOSED);
            assertThat(catchThrowableOfType(
                            PoolClosed.class, () -> pool.call(ECHO).await(LIMIT)))
                    .isNotNull();
        }
    }

    @Nested
    class Auto {

        @VivariumTest(options = {"mode = auto", "min-ready = 0", "start-mode = lazy"})
        void isAPoolWhereWorkersCanBeStarted(TestPool kit, PythonPool pool) throws Exception {
            assertThat(pool.call(ECHO).await(LIMIT)).isEqualTo("x");

            assertThat(pool.mode()).isEqualTo(PoolMode.POOL);
            assertThat(kit.events().all().stream()
                            .filter(PoolEvent.ModeChosen.class::isInstance)
                            .map(event -> ((PoolEvent.ModeChosen) event).chosen()))
                    .containsExactly(PoolMode.POOL);
        }

        @VivariumTest(
                layers = Layer.PYTHON,
                readiness = Readiness.NOT_STARTED,
                options = "mode = auto",
                expectWarnings = "/there/is/no/python")
        void isDisabledWhereThereIsNoPythonAndSaysSo(TestPool kit) throws Exception {
            PythonPool pool = kit.start(settings -> settings.python("/there/is/no/python"))
                    .pool();

            PoolDisabled error = refusal(pool.call(ECHO));

            assertThat(error).hasMessageContaining("/there/is/no/python");
            assertThat(error.getCause())
                    .isInstanceOfSatisfying(
                            PoolStartFailed.class,
                            why -> assertThat(why.reason()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON));
            PoolEvent.ModeChosen told = kit.events().await(PoolEvent.ModeChosen.class);
            assertThat(told.chosen()).isEqualTo(PoolMode.DISABLED);
            assertThat(told.reason()).contains("/there/is/no/python");
            assertThat(pool.mode()).isEqualTo(PoolMode.DISABLED);
        }

        @VivariumTest(
                layers = Layer.PYTHON,
                readiness = Readiness.NOT_STARTED,
                options = "mode = auto",
                expectWarnings = "no_such_module")
        void isDisabledWhereTheHandlersDoNotLoadAndLeavesNoProcess(TestPool kit) throws Exception {
            PythonPool pool =
                    kit.start(settings -> settings.handlers("no_such_module")).pool();

            PoolDisabled error = refusal(pool.call(ECHO));

            assertThat(error.getCause())
                    .isInstanceOfSatisfying(
                            PoolStartFailed.class,
                            why -> assertThat(why.reason()).isEqualTo(PoolStartFailed.Reason.HANDLERS_NOT_LOADED));
            kit.awaitThat("gone: every process", () -> kit.processes().isEmpty());
            assertThat(pool.snapshot().total()).isZero();
        }
    }
}
