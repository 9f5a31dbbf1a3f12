package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.DrainPolicy.Queued;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.Nested;

/** Whoever closes a pool chooses what becomes of the calls that wait. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1)
class DrainTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static PendingCall<String> held(TestPool kit) throws Exception {
        PendingCall<String> call = kit.pool().call("held", String.class, "gate", "finished");
        kit.awaitStarted(call);
        return call;
    }

    private static void assertRefused(PendingCall<String> call) throws Exception {
        PoolClosed error = catchThrowableOfType(PoolClosed.class, () -> call.await(LIMIT));
        assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
        assertThat(error).hasMessageContaining("is closing").hasMessageContaining("was not sent");
    }

    @Nested
    class CallsThatWait {

        @VivariumTest
        void areRefusedAtOnceWhileThoseThatRunAreFinished(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = held(kit);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> pool.close(LIMIT, Queued.REFUSE));

            assertRefused(queued);
            assertThat(running.isDone()).isFalse();
            kit.open("gate");
            assertThat(running.await(LIMIT)).isEqualTo("finished");
            closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        @VivariumTest
        void areFinishedUnlessItIsSaidOtherwise(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = held(kit);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            CompletableFuture<Void> closing = CompletableFuture.runAsync(pool::close);
            kit.awaitThat("draining", () -> pool.snapshot().state() == PoolState.DRAINING);
            kit.open("gate");

            assertThat(running.await(LIMIT)).isEqualTo("finished");
            assertThat(queued.await(LIMIT)).isEqualTo("x");
            closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        @VivariumTest(options = "drain.queued = refuse")
        void areRefusedWhenThePolicySaysSo(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = held(kit);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            CompletableFuture<Void> closing = CompletableFuture.runAsync(pool::close);

            assertRefused(queued);
            kit.open("gate");
            assertThat(running.await(LIMIT)).isEqualTo("finished");
            closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        @VivariumTest(options = "drain.queued = refuse")
        void areFinishedWhenThisCloseSaysSo(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = held(kit);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> pool.close(LIMIT, Queued.FINISH));
            kit.awaitThat("draining", () -> pool.snapshot().state() == PoolState.DRAINING);
            kit.open("gate");

            assertThat(running.await(LIMIT)).isEqualTo("finished");
            assertThat(queued.await(LIMIT)).isEqualTo("x");
            closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        @VivariumTest
        void areRefusedWhenASecondCloseHurriesTheFirst(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = held(kit);
            PendingCall<String> queued = pool.call("echo", String.class, "x");
            TestProbe<Done> closed = kit.actors().createTestProbe();
            pool.actor().tell(new PoolCommand.Close(LIMIT, closed.getRef()));

            pool.actor().tell(new PoolCommand.Close(LIMIT, Queued.REFUSE, null));

            assertRefused(queued);
            kit.open("gate");
            assertThat(running.await(LIMIT)).isEqualTo("finished");
            closed.receiveMessage(LIMIT);
        }

        @VivariumTest(expectWarnings = "KILL")
        void forAnotherTryAreRefusedWithTheirHistory(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = pool.call(PythonCall.to("held")
                    .args("gate", "x")
                    .returning(String.class)
                    .retrySafe());
            kit.awaitStarted(running);
            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> pool.close(LIMIT, Queued.REFUSE));
            kit.awaitThat("draining", () -> pool.snapshot().state() == PoolState.DRAINING);

            kit.worker(1).kill();

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> running.await(LIMIT));
            assertThat(error).hasMessageContaining("the pool is closing");
            assertThat(error.attempts()).hasSize(1);
            closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }
    }

    @Nested
    class ItsTime {

        @VivariumTest(options = "drain.timeout = 1s", expectWarnings = "drained")
        void endsWhatDoesNotEnd(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = pool.call("stubborn", String.class);
            kit.awaitStarted(running);

            CompletableFuture<Void> closing = CompletableFuture.runAsync(pool::close);
            kit.passTimeUntil("closed", closing::isDone);

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> running.await(LIMIT));
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
        }

        @VivariumTest(
                readiness = Readiness.NOT_STARTED,
                options = "drain.shutdown-timeout = 1h",
                expectWarnings = "raise pekko.coordinated-shutdown.phases.service-requests-done.timeout")
        void isWarnedOfWhenTheShutdownCutsItShort(TestPool kit) {
            kit.start();

            assertThat(kit.pool().snapshot().state()).isNotEqualTo(PoolState.CLOSED);
        }
    }

    @Nested
    class TheShutdownOfTheActorSystem {

        @VivariumTest(options = "drain.queued = refuse")
        void refusesAndFinishesAsThePolicySays(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = held(kit);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            var shutdown = CoordinatedShutdown.get(kit.actors().system())
                    .runAll(CoordinatedShutdown.unknownReason())
                    .toCompletableFuture();

            assertRefused(queued);
            kit.open("gate");
            assertThat(running.await(LIMIT)).isEqualTo("finished");
            shutdown.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            assertThat(pool.snapshot().state()).isEqualTo(PoolState.CLOSED);
        }
    }
}
