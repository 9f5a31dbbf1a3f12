package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** However a pool ends, every call has its outcome and nothing stays behind. */
class PoolEndTest {

    private ActorTestKit actors;

    @BeforeEach
    void startActors() {
        actors = ActorTestKit.create("pool-end");
    }

    @AfterEach
    void stopActors() {
        actors.shutdownTestKit();
    }

    private static void awaitNoChildren() throws Exception {
        for (ProcessHandle child : ProcessHandle.current().children().toList()) {
            child.onExit().get(Pythons.LIMIT_S, TimeUnit.SECONDS);
        }
    }

    /** An argument that is being encoded until it is let go. */
    public static final class SlowToEncode {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);

        public String getText() throws InterruptedException {
            begun.countDown();
            go.await();
            return "encoded";
        }
    }

    @Nested
    class ItsCalls {

        @Test
        void areToldWhenItsActorIsStopped() {
            ActorRef<PoolCommand> pool = actors.spawn(
                    PythonPool.behavior(Pythons.config("stopped").workers(1).build()));
            TestProbe<CallOutcome<String>> replies = actors.createTestProbe();
            PythonCall<String> forever = PythonCall.to("wait_for_ever").returning(String.class);
            pool.tell(new PoolCommand.Call<>(forever, replies.getRef(), null));
            pool.tell(new PoolCommand.Call<>(forever, replies.getRef(), null));
            TestProbe<PoolSnapshot> snapshots = actors.createTestProbe();
            pool.tell(new PoolCommand.GetSnapshot(snapshots.getRef()));
            snapshots.receiveMessage(Duration.ofSeconds(Pythons.LIMIT_S)); // It has been set up, and can be found.
            PythonPool view = PythonPool.find(actors.system(), "stopped");
            while (view.snapshot().count(WorkerSnapshot.Phase.BUSY) == 0) {
                Thread.onSpinWait();
            }

            actors.stop(pool, Duration.ofSeconds(Pythons.LIMIT_S));

            List<Execution> executions = replies.receiveSeveralMessages(2, Duration.ofSeconds(Pythons.LIMIT_S)).stream()
                    .map(outcome -> ((CallOutcome.Failed<String>) outcome).error())
                    .peek(error -> assertThat(error).isInstanceOf(PoolClosed.class))
                    .map(PoolException::execution)
                    .toList();
            assertThat(executions).containsExactlyInAnyOrder(Execution.UNKNOWN, Execution.NOT_STARTED);
        }

        @Test
        void areRefusedWhenTheyAreStillBeingEncodedAtItsEnd() throws Exception {
            PythonPool pool =
                    PythonPool.start(Pythons.config("encoding").workers(1).build(), actors.system());
            SlowToEncode argument = new SlowToEncode();
            CompletableFuture<PendingCall<String>> calling =
                    CompletableFuture.supplyAsync(() -> pool.call("echo", String.class, argument));
            argument.begun.await();
            pool.close(Duration.ZERO);

            argument.go.countDown();

            PendingCall<String> call = calling.get(Pythons.LIMIT_S, TimeUnit.SECONDS);
            PoolClosed refused =
                    catchThrowableOfType(PoolClosed.class, () -> call.await(Duration.ofSeconds(Pythons.LIMIT_S)));
            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
            assertThat(pool.snapshot().waiting()).isZero();
        }

        @Test
        void mayTakeTheirTimeWhenItIsClosedWithMoreTimeThanThereIs() throws Exception {
            PythonPool pool =
                    PythonPool.start(Pythons.config("patient").workers(1).build(), actors.system());
            PendingCall<String> call = pool.call("wait_for_ever", String.class);
            while (pool.snapshot().count(WorkerSnapshot.Phase.BUSY) == 0) {
                Thread.onSpinWait();
            }

            CompletableFuture<Void> closing =
                    CompletableFuture.runAsync(() -> pool.close(ChronoUnit.FOREVER.getDuration()));
            while (pool.snapshot().state() != PoolState.DRAINING) {
                Thread.onSpinWait();
            }
            assertThat(call.isDone()).isFalse();
            call.cancel();

            closing.get(Pythons.LIMIT_S, TimeUnit.SECONDS);
            assertThatThrownBy(call::await).isInstanceOf(CallCancelled.class);
        }

        @Test
        void areToldThoughTheCallersExecutorFails() throws Exception {
            PoolConfig config = Pythons.config("executor")
                    .workers(1)
                    .callbackExecutor(task -> {
                        throw new IllegalStateException("no threads today");
                    })
                    .build();
            try (PythonPool pool = PythonPool.start(config, actors.system())) {
                CompletableFuture<String> told = new CompletableFuture<>();
                pool.call("echo", String.class, "x").thenAccept(told::complete);

                assertThat(told.get(Pythons.LIMIT_S, TimeUnit.SECONDS)).isEqualTo("x");
            }
        }
    }

    @Nested
    class ItsProcesses {

        @Test
        void endWithAnActorThatStopsWhileTheyStart() throws Exception {
            for (int i = 0; i < 3; i++) {
                ActorRef<PoolCommand> pool = actors.spawn(
                        PythonPool.behavior(Pythons.config("brief" + i).build()));
                actors.stop(pool, Duration.ofSeconds(Pythons.LIMIT_S));
            }

            awaitNoChildren();
        }

        @Test
        void areNotStartedForANameThatIsTaken() throws Exception {
            try (PythonPool first =
                    PythonPool.start(Pythons.config("taken").workers(1).build(), actors.system())) {
                first.whenServing().toCompletableFuture().get(Pythons.LIMIT_S, TimeUnit.SECONDS);
                long before = ProcessHandle.current().children().count();
                TestProbe<Object> watcher = actors.createTestProbe();

                ActorRef<PoolCommand> second =
                        actors.spawn(PythonPool.behavior(Pythons.config("taken").build()));

                watcher.expectTerminated(second, Duration.ofSeconds(Pythons.LIMIT_S));
                assertThat(ProcessHandle.current().children().count()).isEqualTo(before);
            }
            awaitNoChildren();
        }
    }

    @Nested
    class AfterIt {

        @Test
        void itsEventsAreOver() throws Exception {
            PythonPool pool = PythonPool.start(Pythons.config("over").workers(1).build(), actors.system());
            pool.close(Duration.ZERO);

            List<PoolEvent> events = pool.events()
                    .runWith(Sink.seq(), actors.system())
                    .toCompletableFuture()
                    .get(Pythons.LIMIT_S, TimeUnit.SECONDS);

            assertThat(events).isEmpty();
        }

        @Test
        void itsNameIsFree() {
            for (int i = 0; i < 10; i++) {
                PythonPool.start(Pythons.config("again").workers(1).build(), actors.system())
                        .close(Duration.ZERO);
            }
        }
    }

    @Nested
    class ItsStart {

        @Test
        void isNotSpoiltByWorkersThatAreNoLongerWanted() throws Exception {
            try (PythonPool pool = PythonPool.start(
                    Pythons.config("shrunk").workers(3).minReady(3).build(), actors.system())) {
                pool.resize(1);

                assertThat(pool.whenServing()
                                .toCompletableFuture()
                                .get(Pythons.LIMIT_S, TimeUnit.SECONDS)
                                .wanted())
                        .isEqualTo(1);
            }
        }
    }

    @Nested
    class ACallback {

        private void mayClose(String name, PoolConfigBuilder config) throws Exception {
            PythonPool pool = PythonPool.start(config.build(), actors.system());
            CompletableFuture<Void> closed = new CompletableFuture<>();
            pool.call("end_here", String.class, "exit1").whenComplete((value, failure) -> {
                pool.close(Duration.ofSeconds(1));
                closed.complete(null);
            });

            closed.get(Pythons.LIMIT_S, TimeUnit.SECONDS);

            assertThat(pool.snapshot().state()).as(name).isEqualTo(PoolState.CLOSED);
        }

        @Test
        void mayCloseThePool() throws Exception {
            mayClose("own threads", Pythons.config("closing").workers(1));
        }

        @Test
        void mayCloseThePoolThoughItsExecutorRunsItAtOnce() throws Exception {
            mayClose("direct", Pythons.config("direct").workers(1).callbackExecutor(Runnable::run));
        }

        @Test
        void ofAPoolThatWasClosedBeforeItServedMayCloseItToo() throws Exception {
            PythonPool pool =
                    PythonPool.start(Pythons.config("early").workers(1).build(), actors.system());
            CompletableFuture<Void> closed = new CompletableFuture<>();
            pool.whenServing().whenComplete((snapshot, failure) -> {
                pool.close(Duration.ofSeconds(1));
                closed.complete(null);
            });
            pool.close(Duration.ZERO);

            closed.get(Pythons.LIMIT_S, TimeUnit.SECONDS);
        }

        /** A type that cannot be made. */
        record Unmakeable(int x) {
            static final int Y = Integer.parseInt("no");
        }

        @Test
        void comesThoughTheResultsTypeCannotBeMade() throws Exception {
            try (PythonPool pool =
                    PythonPool.start(Pythons.config("unmakeable").workers(1).build(), actors.system())) {
                PendingCall<Unmakeable> call = pool.call("echo", Unmakeable.class, 5);
                TestProbe<CallOutcome<Unmakeable>> reply = actors.createTestProbe();
                pool.actor()
                        .tell(new PoolCommand.Call<>(
                                PythonCall.to("echo")
                                        .args(java.util.Map.of("x", 1))
                                        .returning(Unmakeable.class),
                                reply.getRef(),
                                null));

                assertThatThrownBy(() -> call.await(Duration.ofSeconds(Pythons.LIMIT_S)))
                        .isInstanceOf(ResultNotDecodable.class);
                assertThat(reply.receiveMessage(Duration.ofSeconds(Pythons.LIMIT_S)))
                        .isInstanceOf(CallOutcome.Failed.class);
            }
        }
    }

    @Nested
    class ItsSize {

        @Test
        void mayShrinkAndGrowWithoutHarmToTheNewWorkers() throws Exception {
            Pythons.Events events = new Pythons.Events();
            try (PythonPool pool = PythonPool.start(
                    Pythons.config("breathing")
                            .workers(2)
                            .minReady(2)
                            .eventListener(events::add)
                            .build(),
                    actors.system())) {
                pool.whenServing().toCompletableFuture().get(Pythons.LIMIT_S, TimeUnit.SECONDS);
                events.await(
                        PoolEvent.WorkerTransitioned.class, e -> e.worker().slot() == 2 && e.to() == WorkerState.READY);
                for (int round = 0; round < 6; round++) {
                    pool.resize(1);
                    while (pool.snapshot().workers().size() > 1) {
                        Thread.onSpinWait();
                    }
                    pool.resize(2);
                    PoolEvent.WorkerTransitioned ready = events.await(
                            PoolEvent.WorkerTransitioned.class,
                            e -> e.worker().slot() != 1 && e.from() == WorkerState.INITIALIZING);

                    assertThat(ready.to()).isEqualTo(WorkerState.READY);
                }
                assertThat(pool.snapshot().restarts()).isZero();
            }
        }
    }

    @Nested
    class ATimeLimit {

        @Test
        void ofTheLessPatientDecidesWhenTwoClose() throws Exception {
            PythonPool pool = PythonPool.start(Pythons.config("two").workers(1).build(), actors.system());
            PendingCall<String> call = pool.call("wait_for_ever", String.class);
            while (pool.snapshot().count(WorkerSnapshot.Phase.BUSY) == 0) {
                Thread.onSpinWait();
            }

            pool.actor().tell(new PoolCommand.Close(Duration.ofMillis(50), null));
            pool.close(Duration.ofDays(1));

            assertThatThrownBy(call::await).isInstanceOf(PoolException.class);
        }

        @Test
        void hasALimitItself() {
            assertThatThrownBy(() -> PythonCall.to("echo").timeout(Duration.ofDays(31)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most PT720H, got PT744H");
        }

        @Test
        void ofAWaitHasNone() throws Exception {
            try (PythonPool pool =
                    PythonPool.start(Pythons.config("wait").workers(1).build(), actors.system())) {
                assertThat(pool.call("echo", String.class, "x").await(ChronoUnit.FOREVER.getDuration()))
                        .isEqualTo("x");
            }
        }
    }
}
