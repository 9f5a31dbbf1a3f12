package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** However a pool ends, every call has its outcome and nothing stays behind. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1)
class PoolEndTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);

    static WorkerScript script() {
        return Scripts.behaviours();
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

    private static void awaitBusy(TestPool kit) throws InterruptedException {
        kit.events().awaitState(1, WorkerState.BUSY);
    }

    @Nested
    class ItsListener {

        private void onBusy(TestPool kit, Runnable action) throws InterruptedException {
            kit.start(settings -> settings.eventListener(event -> {
                        if (event instanceof PoolEvent.WorkerTransitioned moved && moved.to() == WorkerState.BUSY) {
                            action.run();
                        }
                    }))
                    .ensureReady();
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void mayCloseItAndGoesOnAtOnce(TestPool kit) throws Exception {
            CompletableFuture<Boolean> wentOn = new CompletableFuture<>();
            onBusy(kit, () -> {
                kit.pool().close(Duration.ZERO);
                wentOn.complete(true);
            });

            PendingCall<String> call = kit.pool().call("hang", String.class);

            assertThat(catchThrowableOfType(WorkerCrashed.class, () -> call.await(LIMIT)))
                    .isNotNull();
            assertThat(wentOn.get(Scripts.LIMIT_S, TimeUnit.SECONDS)).isTrue();
            kit.pool().close();
            assertThat(kit.pool().snapshot().state()).isEqualTo(PoolState.CLOSED);
        }

        @VivariumTest(layers = Layer.PYTHON, readiness = Readiness.NOT_STARTED)
        void mayCloseOneThatHasAnActorSystemOfItsOwnWhichEndsWithIt(TestPool kit) throws Exception {
            CompletableFuture<PythonPool> started = new CompletableFuture<>();
            PythonPool pool = kit.adopt(PythonPool.start(kit.config(settings -> settings.eventListener(event -> {
                if (event instanceof PoolEvent.WorkerTransitioned moved && moved.to() == WorkerState.BUSY) {
                    started.join().close(Duration.ZERO);
                }
            }))));
            started.complete(pool);
            assertThat(threadsOf(kit)).isPositive();

            PendingCall<String> call = pool.call("hang", String.class);

            assertThat(catchThrowableOfType(PoolException.class, () -> call.await(LIMIT)))
                    .isNotNull();
            kit.awaitThat("the actor system has ended", () -> threadsOf(kit) == 0);
        }

        private long threadsOf(TestPool kit) {
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("vivarium-" + kit.name() + "-"))
                    .count();
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED, expectWarnings = "the event listener failed")
        void endsNothingByAnError(TestPool kit) throws Exception {
            onBusy(kit, () -> {
                throw new LinkageError("of the listener");
            });

            assertThat(kit.pool().call("echo", String.class, "one").await()).isEqualTo("one");
            assertThat(kit.pool().call("echo", String.class, "two").await()).isEqualTo("two");
            kit.awaitThat(
                    "both are told",
                    () -> kit.events().all().stream()
                                    .filter(event -> event instanceof PoolEvent.WorkerTransitioned moved
                                            && moved.to() == WorkerState.BUSY)
                                    .count()
                            == 2);

            assertThat(kit.actors().system().getWhenTerminated().toCompletableFuture())
                    .isNotDone();
        }
    }

    @Nested
    class ItsCalls {

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void areToldWhenItsActorIsStopped(TestPool kit) throws Exception {
            ActorRef<PoolCommand> pool = kit.actors().spawn(kit.behavior(settings -> {}));
            TestProbe<CallOutcome<String>> replies = kit.actors().createTestProbe();
            PythonCall<String> forever = PythonCall.to("hang").returning(String.class);
            pool.tell(new PoolCommand.Call<>(forever, replies.getRef(), null));
            pool.tell(new PoolCommand.Call<>(forever, replies.getRef(), null));
            awaitBusy(kit);
            kit.awaitThat("busy", () -> kit.pool().snapshot().count(WorkerSnapshot.Phase.BUSY) == 1);
            assertThat(PythonPool.find(kit.actors().system(), kit.name()).actor())
                    .isEqualTo(pool);

            kit.actors().stop(pool, LIMIT);

            List<Execution> executions = replies.receiveSeveralMessages(2, LIMIT).stream()
                    .peek(outcome -> kit.ledger().enter(forever, outcome))
                    .map(outcome -> ((CallOutcome.Failed<String>) outcome).error())
                    .peek(error -> assertThat(error).isInstanceOf(PoolClosed.class))
                    .map(PoolException::execution)
                    .toList();
            assertThat(executions).containsExactlyInAnyOrder(Execution.UNKNOWN, Execution.NOT_STARTED);
        }

        @VivariumTest(layers = Layer.FAKE, readiness = Readiness.NOT_STARTED)
        void areToldOfTheirAttemptsWhenTheyWaitAndItsActorIsStopped(TestPool kit) throws Exception {
            ActorRef<PoolCommand> pool = kit.actors().spawn(kit.behavior(settings -> {}));
            TestProbe<CallOutcome<Integer>> replies = kit.actors().createTestProbe();
            PythonCall<Integer> later = PythonCall.to("retry_after")
                    .args(1, 5)
                    .returning(Integer.class)
                    .retrySafe();
            pool.tell(new PoolCommand.Call<>(later, replies.getRef(), null));
            kit.events().await(PoolEvent.CallRetried.class);

            kit.actors().stop(pool, LIMIT);

            CallOutcome<Integer> outcome = replies.receiveMessage(LIMIT);
            kit.ledger().enter(later, outcome);
            assertThat(((CallOutcome.Failed<Integer>) outcome).error()).isInstanceOfSatisfying(PoolClosed.class, e -> {
                assertThat(e.execution()).isEqualTo(Execution.RAN);
                assertThat(e.attempts()).hasSize(1);
                assertThat(e).hasMessageContaining("was not sent again");
            });
        }

        @VivariumTest
        void areRefusedWhenTheyAreStillBeingEncodedAtItsEnd(PythonPool pool) throws Exception {
            SlowToEncode argument = new SlowToEncode();
            CompletableFuture<PendingCall<String>> calling =
                    CompletableFuture.supplyAsync(() -> pool.call("echo", String.class, argument));
            argument.begun.await();
            pool.close(Duration.ZERO);

            argument.go.countDown();

            PendingCall<String> call = calling.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            PoolClosed refused = catchThrowableOfType(PoolClosed.class, () -> call.await(LIMIT));
            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
            assertThat(pool.snapshot().waiting()).isZero();
        }

        @VivariumTest
        void mayTakeTheirTimeWhenItIsClosedWithMoreTimeThanThereIs(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("hang", String.class);
            awaitBusy(kit);

            CompletableFuture<Void> closing =
                    CompletableFuture.runAsync(() -> pool.close(ChronoUnit.FOREVER.getDuration()));
            kit.awaitThat("draining", () -> pool.snapshot().state() == PoolState.DRAINING);
            assertThat(call.isDone()).isFalse();
            call.cancel();

            closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            assertThatThrownBy(call::await).isInstanceOf(CallCancelled.class);
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void areToldThoughTheCallersExecutorFails(TestPool kit) throws Exception {
            PythonPool pool = kit.start(settings -> settings.callbackExecutor(task -> {
                        throw new IllegalStateException("no threads today");
                    }))
                    .pool();
            CompletableFuture<String> told = new CompletableFuture<>();
            pool.call("echo", String.class, "x").thenAccept(told::complete);

            assertThat(told.get(Scripts.LIMIT_S, TimeUnit.SECONDS)).isEqualTo("x");
        }

        @VivariumTest
        void areFinishedAndNewOnesRefused(PythonPool pool) throws Exception {
            List<PendingCall<String>> calls = IntStream.range(0, 50)
                    .mapToObj(i -> pool.call("echo", String.class, "x"))
                    .toList();

            pool.close();

            for (PendingCall<String> call : calls) {
                assertThat(call.await()).isEqualTo("x");
            }
            assertThatThrownBy(() -> pool.call("echo", String.class, "x").await())
                    .isInstanceOfSatisfying(
                            PoolClosed.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
            pool.close();
        }

        @VivariumTest(expectWarnings = "drained")
        void areEndedWhenTheyDoNotEndInTime(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = pool.call("stubborn", String.class);
            kit.awaitStarted(running);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> pool.close(Duration.ofMillis(100)));
            kit.passTimeUntil("closed", closing::isDone);

            assertThatThrownBy(running::await)
                    .isInstanceOfSatisfying(
                            WorkerCrashed.class, e -> assertThat(e.execution()).isEqualTo(Execution.UNKNOWN))
                    .hasMessageContaining("drained");
            assertThatThrownBy(queued::await).isInstanceOf(PoolClosed.class);
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class ItsProcesses {

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void endWithAnActorThatStopsWhileTheyStart(TestPool kit) throws Exception {
            for (int i = 0; i < 3; i++) {
                ActorRef<PoolCommand> pool =
                        kit.actors().spawn(kit.another("brief" + i).behavior(settings -> {}));
                kit.actors().stop(pool, LIMIT);
            }

            for (TestPool brief : kit.others()) {
                kit.awaitThat("gone: every process", () -> brief.processes().isEmpty());
            }
        }

        @VivariumTest(expectWarnings = "already runs")
        void areNotStartedForANameThatIsTaken(TestPool kit) throws Exception {
            TestPool first = kit.another("taken").start().ensureReady();
            int before = first.processes().size();
            TestProbe<Object> watcher = kit.actors().createTestProbe();

            TestPool other = kit.another("taken");
            ActorRef<PoolCommand> second = kit.actors().spawn(other.behavior(settings -> {}));

            watcher.expectTerminated(second, LIMIT);
            // Both have one name, so the processes of both are found by it.
            assertThat(other.processes()).hasSize(before);
            first.pool().close();
            assertThat(other.processes()).isEmpty();
        }

        @VivariumTest
        void endWithTheActorSystem(TestPool kit, PythonPool pool) throws Exception {
            long worker = pool.call("pid", Long.class).await();
            assertThat(kit.processes()).extracting(ProcessHandle::pid).contains(worker);

            kit.actors().shutdownTestKit();

            assertThat(kit.processes()).isEmpty();
            assertThat(pool.snapshot().state()).isEqualTo(PoolState.CLOSED);
        }
    }

    @Nested
    class AfterIt {

        @VivariumTest
        void itsEventsAreOver(TestPool kit, PythonPool pool) throws Exception {
            pool.close(Duration.ZERO);

            var events = pool.events()
                    .runWith(Sink.seq(), kit.actors().system())
                    .toCompletableFuture()
                    .get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            assertThat(events).isEmpty();
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void itsNameIsFree(TestPool kit) {
            for (int i = 0; i < 10; i++) {
                kit.another("again").start().pool().close(Duration.ZERO);
            }
        }

        @VivariumTest(layers = Layer.PYTHON, readiness = Readiness.NOT_STARTED)
        void noThreadAndNoFileIsLeftOfOneWithAnActorSystemOfItsOwn(TestPool kit, @TempDir Path folder) {
            PythonPool pool = kit.adopt(PythonPool.start(kit.config(settings -> settings.runtimeDirectory(folder))));
            assertThatThrownBy(() -> pool.call("fail", String.class, "x").await())
                    .isInstanceOf(PythonException.class);

            pool.close();

            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("vivarium-" + kit.name() + "-io")
                            || name.startsWith("vivarium-" + kit.name() + "-1"));
            assertThat(folder.resolve("vivarium-" + System.getProperty("user.name"))
                            .toFile()
                            .list())
                    .allMatch(name -> name.startsWith("python-") || name.equals("lock"));
        }
    }

    @Nested
    class ACallback {

        private void mayClose(PythonPool pool) throws Exception {
            CompletableFuture<Void> closed = new CompletableFuture<>();
            pool.call("leave", String.class, 1).whenComplete((value, failure) -> {
                pool.close(Duration.ofSeconds(1));
                closed.complete(null);
            });

            closed.get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            assertThat(pool.snapshot().state()).isEqualTo(PoolState.CLOSED);
        }

        @VivariumTest(expectWarnings = "exited with status 1")
        void mayCloseThePool(PythonPool pool) throws Exception {
            mayClose(pool);
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED, expectWarnings = "exited with status 1")
        void mayCloseThePoolThoughItsExecutorRunsItAtOnce(TestPool kit) throws Exception {
            mayClose(kit.start(settings -> settings.callbackExecutor(Runnable::run))
                    .pool());
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void ofAPoolThatWasClosedBeforeItServedMayCloseItToo(TestPool kit) throws Exception {
            PythonPool pool = kit.start().pool();
            CompletableFuture<Void> closed = new CompletableFuture<>();
            pool.whenServing().whenComplete((snapshot, failure) -> {
                pool.close(Duration.ofSeconds(1));
                closed.complete(null);
            });
            pool.close(Duration.ZERO);

            closed.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        /** A type that cannot be made. */
        record Unmakeable(int x) {
            static final int Y = Integer.parseInt("no");
        }

        @VivariumTest
        void comesThoughTheResultsTypeCannotBeMade(TestPool kit, PythonPool pool) {
            PendingCall<Unmakeable> call = pool.call("echo", Unmakeable.class, 5);
            TestProbe<CallOutcome<Unmakeable>> reply = kit.actors().createTestProbe();
            PythonCall<Unmakeable> told =
                    PythonCall.to("echo").args(Map.of("x", 1)).returning(Unmakeable.class);
            pool.actor().tell(new PoolCommand.Call<>(told, reply.getRef(), null));

            assertThatThrownBy(() -> call.await(LIMIT)).isInstanceOf(ResultNotDecodable.class);
            CallOutcome<Unmakeable> outcome = reply.receiveMessage(LIMIT);
            kit.ledger().enter(told, outcome);
            assertThat(outcome).isInstanceOf(CallOutcome.Failed.class);
        }
    }

    @Nested
    class ItsSize {

        @VivariumTest(workers = 2, options = "min-ready = 2")
        void mayShrinkAndGrowWithoutHarmToTheNewWorkers(TestPool kit, PythonPool pool) throws Exception {
            kit.events().skip();
            for (int round = 0; round < 6; round++) {
                pool.resize(1);
                kit.passTimeUntil("one worker", () -> pool.snapshot().workers().size() == 1);
                pool.resize(2);
                var ready = kit.events()
                        .await(
                                "end of the new worker's start",
                                PoolEvent.WorkerTransitioned.class,
                                e -> e.worker().slot() != 1 && e.from() == WorkerState.INITIALIZING);

                assertThat(ready.to()).isEqualTo(WorkerState.READY);
            }
            assertThat(pool.snapshot().restarts()).isZero();
        }
    }

    @Nested
    class ATimeLimit {

        @VivariumTest
        void ofTheLessPatientDecidesWhenTwoClose(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("hang", String.class);
            awaitBusy(kit);

            pool.actor().tell(new PoolCommand.Close(Duration.ofMillis(50), null));
            CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> pool.close(Duration.ofDays(1)));
            kit.passTimeUntil("closed", closing::isDone);

            assertThatThrownBy(call::await).isInstanceOf(PoolException.class);
        }

        @VivariumTest
        void ofAWaitHasNone(PythonPool pool) throws Exception {
            assertThat(pool.call("echo", String.class, "x").await(ChronoUnit.FOREVER.getDuration()))
                    .isEqualTo("x");
        }
    }
}
