package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.protocol.Execution;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sizes, queues, starts and ends of pools, and pools as actors. */
class PoolLifeTest {

    private static final ActorTestKit KIT = ActorTestKit.create("life", ConfigFactory.load());

    private final Pythons.Events events = new Pythons.Events();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private PoolConfigBuilder config(String name) {
        return Pythons.config(name).workers(1).eventListener(events::add);
    }

    @Nested
    class TheQueue {

        @Test
        void isBoundedAndSaysSo() {
            try (PythonPool pool =
                    PythonPool.start(config("full").queueCapacity(2).build(), KIT.system())) {
                PendingCall<String> running = pool.call("wait_for_ever", String.class);
                awaitPhase(pool, Phase.BUSY, 1);
                var waiting = List.of(pool.call("pid", Integer.class), pool.call("pid", Integer.class));

                PoolSaturated error = catchThrowableOfType(
                        PoolSaturated.class,
                        () -> pool.call("pid", Integer.class).await());

                assertThat(error)
                        .hasMessageContaining("queueCapacity=2")
                        .hasMessageContaining("total=1, idle=0, busy=1, starting=0, waiting=2");
                assertThat(error.pool().waiting()).isEqualTo(2);
                assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
                running.cancel();
                assertThat(waiting).allSatisfy(call -> assertThat(call.await()).isPositive());
            }
        }

        @Test
        void letsGoOfCallsAtTheirDeadlineAndOfCancelledOnes() {
            try (PythonPool pool = PythonPool.start(config("expire").build(), KIT.system())) {
                PendingCall<String> running = pool.call("wait_for_ever", String.class);
                awaitPhase(pool, Phase.BUSY, 1);
                PythonCall<Integer> call = PythonCall.to("pid").returning(Integer.class);

                PendingCall<Integer> late = pool.call(call.timeout(Duration.ofMillis(50)));
                PendingCall<Integer> unwanted = pool.call(call);

                assertThatThrownBy(late::await)
                        .isInstanceOfSatisfying(CallTimedOut.class, e -> {
                            assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED);
                            assertThat(e.timeout()).isEqualTo(Duration.ofMillis(50));
                        })
                        .hasMessageContaining("waiting for a worker");
                assertThat(unwanted.cancel()).isTrue();
                assertThatThrownBy(unwanted::await)
                        .isInstanceOfSatisfying(
                                CallCancelled.class,
                                e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
                assertThat(pool.snapshot().waiting()).isZero();
                running.cancel();
            }
        }
    }

    private static void awaitPhase(PythonPool pool, Phase phase, int count) {
        KIT.createTestProbe().awaitAssert(Duration.ofSeconds(Pythons.LIMIT_S), () -> {
            assertThat(pool.snapshot().count(phase)).as("%s", pool.snapshot()).isEqualTo(count);
            return null;
        });
    }

    @Nested
    class TheSize {

        @Test
        void growsAndShrinksOnRequest() {
            try (PythonPool pool = PythonPool.start(config("resize").build(), KIT.system())) {
                pool.resize(3);
                awaitPhase(pool, Phase.IDLE, 3);

                pool.resize(1);
                KIT.createTestProbe().awaitAssert(Duration.ofSeconds(Pythons.LIMIT_S), () -> {
                    assertThat(pool.snapshot().total()).isEqualTo(1);
                    return null;
                });

                assertThatThrownBy(() -> pool.resize(0)).hasMessageContaining("1 to 1024, got 0");
            }
        }

        @Test
        void overflowsWhileCallsWaitAndComesBack() throws Exception {
            try (PythonPool pool = PythonPool.start(
                    config("overflow")
                            .overflow(2)
                            .overflowIdle(Duration.ofMillis(100))
                            .build(),
                    KIT.system())) {
                List<PendingCall<String>> running =
                        List.of(pool.call("wait_for_ever", String.class), pool.call("wait_for_ever", String.class));

                awaitPhase(pool, Phase.BUSY, 2);

                running.forEach(PendingCall::cancel);
                KIT.createTestProbe().awaitAssert(Duration.ofSeconds(Pythons.LIMIT_S), () -> {
                    assertThat(pool.snapshot().total()).isEqualTo(1);
                    return null;
                });
                assertThat(pool.call("pid", Integer.class).await()).isPositive();
            }
        }

        @Test
        void startsLazilyWhenTold() throws Exception {
            try (PythonPool pool = PythonPool.start(
                    config("lazy")
                            .workers(2)
                            .minReady(0)
                            .startMode(StartMode.LAZY)
                            .build(),
                    KIT.system())) {
                pool.whenServing().toCompletableFuture().get(Pythons.LIMIT_S, TimeUnit.SECONDS);
                assertThat(pool.snapshot().count(Phase.VACANT)).isEqualTo(2);

                assertThat(pool.call("pid", Integer.class).await()).isPositive();

                assertThat(pool.snapshot().count(Phase.VACANT)).isEqualTo(1);
            }
        }
    }

    @Nested
    class AFailingStart {

        private PoolStartFailed failure(PoolConfigBuilder config) {
            try (PythonPool pool = PythonPool.start(config.build(), KIT.system())) {
                ExecutionException error = catchThrowableOfType(
                        ExecutionException.class,
                        () -> pool.whenServing().toCompletableFuture().get(Pythons.LIMIT_S, TimeUnit.SECONDS));
                return (PoolStartFailed) error.getCause();
            }
        }

        @Test
        void namesAMissingInterpreterAndWhatToDo() {
            PoolStartFailed error = failure(config("nopython").python("/surely/not/python"));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON);
            assertThat(error).hasMessageContaining("/surely/not/python").hasMessageContaining("install Python 3.9");
        }

        @Test
        void quotesAnInterpreterThatIsNone(@TempDir Path folder) throws Exception {
            Path fake = Files.writeString(folder.resolve("python"), "#!/bin/sh\necho 'not a python' >&2\nexit 3\n");
            Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwxr-xr-x"));

            PoolStartFailed error = failure(config("fakepython").python(fake.toString()));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON);
            assertThat(error).hasMessageContaining("status 3").hasMessageContaining("not a python");
        }

        @Test
        void refusesAnInterpreterThatIsTooOldWithoutSpinning(@TempDir Path folder) throws Exception {
            // A Python that says it is 3.8, whatever it is.
            Path old = Files.writeString(folder.resolve("python"), """
                    #!/bin/sh
                    shift 2
                    exec python3 -I -c "import sys; sys.version_info = (3, 8, 1, 'final', 0); sys.argv = sys.argv[1:]
                    import runpy; runpy.run_path(sys.argv[0], run_name='__main__')" "$@"
                    """);
            Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rwxr-xr-x"));

            PoolStartFailed error = failure(config("oldpython").python(old.toString()));

            assertThat(error.reason()).as(error.getMessage()).isEqualTo(PoolStartFailed.Reason.NO_USABLE_PYTHON);
            assertThat(error).hasMessageContaining("is Python 3.8.1").hasMessageContaining("3.9 or later is needed");
        }

        @Test
        void showsWhatAnImportRaised(@TempDir Path folder) throws Exception {
            Path broken = Files.writeString(folder.resolve("broken.py"), "import surely_not_there\n");

            PoolStartFailed error = failure(config("broken").handlers(broken.toString()));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.HANDLERS_NOT_LOADED);
            assertThat(error).hasMessageContaining("surely_not_there").hasMessageContaining("broken.py\", line 1");
        }

        @Test
        void refusesARuntimeDirectoryWhosePathIsTooLongForASocket(@TempDir Path folder) {
            PoolStartFailed error = failure(config("long").runtimeDirectory(folder.resolve("x".repeat(100))));

            assertThat(error.reason()).isEqualTo(PoolStartFailed.Reason.NO_RUNTIME_DIRECTORY);
            assertThat(error).hasMessageContaining("107 bytes");
        }

        @Test
        void isTriedAgainUntilItIsCured(@TempDir Path folder) throws Exception {
            Path marker = folder.resolve("cured");
            Path handlers = Files.writeString(folder.resolve("curable.py"), """
                    import os
                    if not os.path.exists(%s):
                        raise RuntimeError("not yet")
                    def answer():
                        return 42
                    """.formatted("'" + marker + "'"));
            try (PythonPool pool = PythonPool.start(
                    config("cured")
                            .handlers(handlers.toString())
                            .minBackoff(Duration.ofMillis(10))
                            .build(),
                    KIT.system())) {
                events.await(PoolEvent.RestartScheduled.class, e -> e.failures() == 3);

                Files.createFile(marker);

                assertThat(pool.call("answer", Integer.class).await()).isEqualTo(42);
            }
        }
    }

    @Nested
    class AnIdleWorker {

        @Test
        void thatDoesNotAnswerIsDegradedAndComesBack() throws Exception {
            try (PythonPool pool = PythonPool.start(
                    config("health")
                            .healthInterval(Duration.ofMillis(50))
                            .healthTimeout(Duration.ofMillis(300))
                            .maxHealthFailures(100)
                            .build(),
                    KIT.system())) {
                events.awaitReady(1);
                WorkerSnapshot worker = pool.snapshot().workers().get(0);

                pool.signal(worker.worker(), 1, Signal.STOP);
                events.await(PoolEvent.WorkerTransitioned.class, e -> e.to() == WorkerState.DEGRADED);
                pool.signal(worker.worker(), 1, Signal.CONT);
                events.await(PoolEvent.WorkerTransitioned.class, e -> e.cause() == TransitionCause.HEALTH_RESTORED);

                assertThat(pool.call("pid", Long.class).await()).isEqualTo(worker.pid());
            }
        }
    }

    @Nested
    class AsAnActor {

        private final TestProbe<CallOutcome<Integer>> answers = KIT.createTestProbe();

        @Test
        void answersAndIsFoundByItsName() {
            ActorRef<PoolCommand> pool =
                    KIT.spawn(PythonPool.behavior(config("actor").build()));

            pool.tell(new PoolCommand.Call<>(PythonCall.to("add").args(1, 2).returning(Integer.class), answers.ref()));

            CallOutcome<Integer> outcome = answers.receiveMessage(Duration.ofSeconds(Pythons.LIMIT_S));
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            CallOutcome.Succeeded.class,
                            s -> assertThat(s.value()).isEqualTo(3));
            assertThat(PythonPool.find(KIT.system(), "actor").actor()).isEqualTo(pool);
            assertThatThrownBy(() -> PythonPool.find(KIT.system(), "other"))
                    .isInstanceOf(PoolNotFound.class)
                    .hasMessageContaining("running: actor");
            close(pool);
            assertThatThrownBy(() -> PythonPool.find(KIT.system(), "actor")).isInstanceOf(PoolNotFound.class);
        }

        private void close(ActorRef<PoolCommand> pool) {
            TestProbe<Done> closed = KIT.createTestProbe();
            pool.tell(new PoolCommand.Close(Duration.ofSeconds(5), closed.ref()));
            closed.receiveMessage(Duration.ofSeconds(Pythons.LIMIT_S));
        }

        @Test
        void cancelsTheCallsOfAnOwnerThatEnds() throws Exception {
            ActorRef<PoolCommand> pool =
                    KIT.spawn(PythonPool.behavior(config("owned").build()));
            TestProbe<Object> owner = KIT.createTestProbe();
            PythonCall<Integer> call = PythonCall.to("wait_for_ever").returning(Integer.class);
            pool.tell(new PoolCommand.Call<>(call, answers.ref(), owner.ref()));
            events.await(PoolEvent.WorkerTransitioned.class, e -> e.to() == WorkerState.BUSY);

            owner.stop();

            CallOutcome<Integer> outcome = answers.receiveMessage(Duration.ofSeconds(Pythons.LIMIT_S));
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            CallOutcome.Failed.class, f -> assertThat(f.error()).isInstanceOf(CallCancelled.class));
            events.await(PoolEvent.WorkerTransitioned.class, e -> e.cause() == TransitionCause.RELEASED);
            close(pool);
        }

        @Test
        void leavesNothingWhenItIsStopped() throws Exception {
            ActorRef<PoolCommand> pool =
                    KIT.spawn(PythonPool.behavior(config("stopped").build()));
            TestProbe<PoolSnapshot> snapshots = KIT.createTestProbe();
            events.awaitReady(1);
            pool.tell(new PoolCommand.GetSnapshot(snapshots.ref()));
            long worker = snapshots.receiveMessage().workers().get(0).pid();

            KIT.stop(pool, Duration.ofSeconds(Pythons.LIMIT_S));

            KIT.createTestProbe().awaitAssert(Duration.ofSeconds(Pythons.LIMIT_S), () -> {
                assertThat(Pythons.isLiving(worker)).isFalse();
                return null;
            });
        }
    }

    @Nested
    class Closing {

        @Test
        void finishesWhatRunsAndRefusesWhatIsNew() throws Exception {
            PythonPool pool = PythonPool.start(config("drain").build());
            List<PendingCall<String>> calls = java.util.stream.IntStream.range(0, 50)
                    .mapToObj(i -> pool.call("echo", String.class, "x"))
                    .toList();

            pool.close();

            assertThat(calls).allSatisfy(call -> assertThat(call.await()).isEqualTo("x"));
            assertThatThrownBy(() -> pool.call("echo", String.class, "x").await())
                    .isInstanceOfSatisfying(
                            PoolClosed.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
            pool.close();
        }

        @Test
        void endsWhatDoesNotEndInTime() throws Exception {
            PythonPool pool = PythonPool.start(config("deadline").build());
            PendingCall<String> running = pool.call("hold_the_lock", String.class);
            events.await(PoolEvent.WorkerTransitioned.class, e -> e.to() == WorkerState.BUSY);
            PendingCall<String> queued = pool.call("echo", String.class, "x");

            pool.close(Duration.ofMillis(100));

            assertThatThrownBy(running::await)
                    .isInstanceOfSatisfying(
                            WorkerCrashed.class, e -> assertThat(e.execution()).isEqualTo(Execution.UNKNOWN))
                    .hasMessageContaining("drained");
            assertThatThrownBy(queued::await).isInstanceOf(PoolClosed.class);
        }

        @Test
        void leavesNoThreadAndNoFile(@TempDir Path folder) {
            PythonPool pool =
                    PythonPool.start(config("clean").runtimeDirectory(folder).build());
            assertThatThrownBy(() -> pool.call("fail", String.class, "x").await())
                    .isInstanceOf(PythonException.class);

            pool.close();

            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("vivarium-clean-io") || name.startsWith("vivarium-clean-1"));
            assertThat(folder.resolve("vivarium-" + System.getProperty("user.name"))
                            .toFile()
                            .list())
                    .allMatch(name -> name.startsWith("python-") || name.equals("lock"));
        }

        @Test
        void happensWithTheActorSystem() throws Exception {
            ActorTestKit kit = ActorTestKit.create("ending", ConfigFactory.load());
            PythonPool pool = PythonPool.start(config("guest").build(), kit.system());
            long worker = pool.call("pid", Long.class).await();

            kit.shutdownTestKit();

            assertThat(Pythons.isLiving(worker)).isFalse();
            assertThat(pool.snapshot().state()).isEqualTo(PoolState.CLOSED);
        }
    }

    @Test
    void twoPoolsOfOneNameAreRefused() {
        try (PythonPool pool = PythonPool.start(config("twin").build(), KIT.system())) {
            assertThatThrownBy(() -> PythonPool.start(config("twin").build(), KIT.system()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("'twin'");
            assertThat(pool.snapshot().state()).isNotEqualTo(PoolState.CLOSED);
        }
    }
}
