package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.LadderCounts;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionCounts;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.internal.pool.WorkerHost;
import dev.vivarium.internal.worker.WorkerDriver;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.testkit.Leak.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Each check of the kit catches what it is there for, planted on purpose; and nothing else. */
@Tag("processes")
@ResourceLock("processes of this JVM") // Runs of tests within a test look for what this JVM has started.
class SabotageTest {

    private static TestPool pool(WorkerScript script) throws InterruptedException {
        return TestPool.start(
                        TestPoolSpec.of(Layer.FAKE).workers(1).script(script).auditPatience(Duration.ofMillis(200)))
                .ensureReady();
    }

    private static TestPool pool() throws InterruptedException {
        return pool(WorkerScript.standard());
    }

    private static List<Leak> left(TestPool kit) throws InterruptedException {
        try (kit) {
            return kit.leaks();
        }
    }

    private static List<Kind> kinds(TestPool kit) throws InterruptedException {
        return left(kit).stream().map(Leak::kind).toList();
    }

    @Nested
    class TheLeakAudit {

        private static final int LOOKS = 100;

        // Of this test alone: the same tests may run in another JVM at the same time.
        private final String audited = "audited-" + UUID.randomUUID();

        @Test
        void findsNothingWhereNothingIs() throws Exception {
            assertThat(kinds(pool())).isEmpty();
        }

        @Test
        void findsAProcess() throws Exception {
            TestPool kit = pool();
            ProcessBuilder builder = new ProcessBuilder("cat");
            builder.environment().put(LeakAudit.MARK, kit.pool().name());
            Process left = builder.start();

            assertThat(kinds(kit)).containsExactly(Kind.PROCESS);

            left.getOutputStream().close();
            assertThat(left.waitFor()).isZero();
        }

        @Test
        void findsAProcessThatHasThePoolsFolderInAPath() throws Exception {
            TestPool kit = pool();
            ProcessBuilder builder = new ProcessBuilder("cat");
            builder.environment().put("PYTHONPATH", kit.runtimeDirectory() + ":/other");
            Process left = builder.start();

            assertThat(kinds(kit)).containsExactly(Kind.PROCESS);

            left.getOutputStream().close();
            assertThat(left.waitFor()).isZero();
        }

        @Test
        void findsAThread() throws Exception {
            TestPool kit = pool();
            CountDownLatch end = new CountDownLatch(1);
            Thread left = new Thread(() -> awaitQuietly(end), kit.pool().name() + "-left");
            left.start();

            assertThat(kinds(kit)).containsExactly(Kind.THREAD);

            end.countDown();
            left.join();
        }

        /** Has the audit begin to wait for something, and that go on then. */
        private List<Leak> foundWhile(LeakAudit audit, Runnable goesOn) throws Exception {
            FutureTask<List<Leak>> verifying = new FutureTask<>(audit::verify);
            Thread auditor = new Thread(verifying, "auditor");
            auditor.start();
            while (auditor.isAlive() && auditor.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            goesOn.run();
            return verifying.get();
        }

        @Test
        void findsAProcessThatOneStartsWhichIsEnding(@TempDir Path folder) throws Exception {
            LeakAudit audit = new LeakAudit(audited, audited, folder, Duration.ofSeconds(3));
            ProcessBuilder builder = new ProcessBuilder("sh", "-c", "read line; tail -f /dev/null & exit 0");
            builder.environment().put(LeakAudit.MARK, audited);
            Process ending = builder.redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();

            List<Leak> leaks = foundWhile(audit, () -> {
                try {
                    ending.getOutputStream().close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });

            for (ProcessHandle left : audit.processes()) {
                assertThat(left.destroyForcibly()).isTrue();
                left.onExit().get();
            }
            assertThat(leaks)
                    .anyMatch(leak -> leak.kind() == Kind.PROCESS && leak.name().contains("tail -f"));
            assertThat(ending.waitFor()).isZero();
        }

        @Test
        void findsAProcessThatIsAboutToBecomeAnotherProgram(@TempDir Path folder) throws Exception {
            Path again = Files.writeString(folder.resolve("again.sh"), "exec /bin/sh \"$0\"");
            LeakAudit audit = new LeakAudit(audited, audited, folder.resolve("none"), Duration.ofSeconds(1));
            ProcessBuilder builder = new ProcessBuilder("/bin/sh", again.toString());
            builder.environment().put(LeakAudit.MARK, audited);
            Process left = builder.start();
            int seen = 0;

            for (int look = 0; look < LOOKS; look++) {
                seen += audit.processes().size();
            }

            left.destroyForcibly().waitFor();
            assertThat(seen).isEqualTo(LOOKS);
        }

        @Test
        void findsAThreadThatIsStartedWhileAProcessIsWaitedFor(@TempDir Path folder) throws Exception {
            LeakAudit audit = new LeakAudit(audited, audited, folder, Duration.ofSeconds(1));
            ProcessBuilder builder = new ProcessBuilder("cat");
            builder.environment().put(LeakAudit.MARK, audited);
            Process ending = builder.start();
            CountDownLatch end = new CountDownLatch(1);
            Thread left = new Thread(() -> awaitQuietly(end), audited + "-left");

            List<Leak> leaks = foundWhile(audit, () -> {
                left.start();
                ending.destroyForcibly();
            });

            end.countDown();
            left.join();
            assertThat(leaks).anyMatch(leak -> leak.name().startsWith(audited + "-left"));
        }

        @Test
        void findsAThreadThatOneStartsWhichIsEnding(@TempDir Path folder) throws Exception {
            LeakAudit audit = new LeakAudit(audited, audited, folder, Duration.ofSeconds(1));
            CountDownLatch go = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            Thread left = new Thread(() -> awaitQuietly(end), audited + "-left");
            Thread ending = new Thread(
                    () -> {
                        awaitQuietly(go);
                        left.start();
                    },
                    audited + "-ending");
            ending.start();

            List<Leak> leaks = foundWhile(audit, go::countDown);

            end.countDown();
            ending.join();
            left.join();
            assertThat(leaks).anyMatch(leak -> leak.name().startsWith(audited + "-left"));
        }

        private static void awaitQuietly(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Test
        void findsAnOpenFileAndTheFile() throws Exception {
            TestPool kit = pool();
            Path file = kit.runtimeDirectory().resolve("left");
            Files.createFile(file);

            try (InputStream open = Files.newInputStream(file)) {
                assertThat(kinds(kit)).containsExactlyInAnyOrder(Kind.DESCRIPTOR, Kind.FILE);
                assertThat(open).isNotNull();
            }
        }

        @Test
        void findsASocketOfThePoolsFolderWhoseFileIsGone() throws Exception {
            TestPool kit = pool();
            Path file = kit.runtimeDirectory().resolve("left.sock");
            try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                left.bind(UnixDomainSocketAddress.of(file));
                Files.delete(file);

                List<Leak> leaks = left(kit);

                assertThat(leaks).extracting(Leak::kind).containsExactly(Kind.DESCRIPTOR);
                assertThat(leaks.get(0).name()).contains("socket:[");
            }
        }

        @Test
        void findsAnOpenFileInARuntimeDirectoryOfTheTestsOwn(@TempDir Path folder) throws Exception {
            TestPool kit = TestPool.prepare(TestPoolSpec.of(Layer.FAKE).auditPatience(Duration.ofMillis(200)))
                    .start(settings -> settings.runtimeDirectory(folder))
                    .ensureReady();
            Path home = Files.createDirectory(folder.resolve("vivarium-somebody"));
            Path mine = Files.createFile(home.resolve(kit.name() + "-left"));
            Path anothers = Files.createFile(home.resolve("another-pool"));
            try (InputStream open = Files.newInputStream(mine);
                    InputStream alsoOpen = Files.newInputStream(anothers)) {
                Files.delete(mine);

                List<Leak> leaks = left(kit);

                assertThat(leaks).extracting(Leak::kind).containsExactly(Kind.DESCRIPTOR);
                assertThat(leaks.get(0).name()).contains(kit.name() + "-left");
                assertThat(open).isNotSameAs(alsoOpen);
            }
        }

        @Test
        void findsNoThreadThatWasThereBefore(@TempDir Path folder) throws Exception {
            CountDownLatch end = new CountDownLatch(1);
            Runnable body = () -> awaitQuietly(end);
            Thread before = new Thread(body, audited + "-before");
            before.start();
            LeakAudit audit = new LeakAudit(audited, audited, folder, Duration.ofMillis(200));
            Thread after = new Thread(body, audited + "-after");
            after.start();
            while (after.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }

            assertThat(audit.verify())
                    .extracting(Leak::toString)
                    .containsExactly("THREAD: " + audited + "-after (WAITING)");

            end.countDown();
            before.join();
            after.join();
        }

        @Test
        void findsSharedMemoryThatAHandlerHasOpen(@TempDir Path folder) throws Exception {
            TestPool kit = python(folder, """
                    import tempfile

                    kept = []

                    def leave_memory():
                        kept.append(tempfile.NamedTemporaryFile(dir="/dev/shm", delete=False))
                        return kept[-1].name
                    """);
            String file = kit.pool().call("leave_memory", String.class).await();
            try {
                assertThat(left(kit)).containsExactly(new Leak(Kind.SHARED_MEMORY, file));
            } finally {
                Files.delete(Path.of(file));
            }
        }

        @Test
        void findsNoSharedMemoryThatWasThereBefore(@TempDir Path folder) throws Exception {
            Path file = Files.createTempFile(Path.of("/dev/shm"), "before", "");
            try {
                TestPool kit = python(folder, """
                        kept = []

                        def use_memory(name):
                            kept.append(open(name))
                        """);
                assertThat(kit.pool()
                                .call("use_memory", Object.class, file.toString())
                                .await())
                        .isNull();

                assertThat(left(kit)).isEmpty();
            } finally {
                Files.delete(file);
            }
        }

        @Test
        void findsSharedMemory() throws Exception {
            TestPool kit = pool();
            Path file = Files.createFile(Path.of("/dev/shm", kit.pool().name() + "-left"));
            try {
                assertThat(kinds(kit)).containsExactly(Kind.SHARED_MEMORY);
            } finally {
                Files.delete(file);
            }
        }

        @Test
        void findsASegmentOfThePoolsOwn() throws Exception {
            TestPool kit = pool();
            Path home = Path.of("/dev/shm", "vivarium-" + System.getProperty("user.name", "user"));
            if (!Files.isDirectory(home)) {
                Files.createDirectory(
                        home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            Path folder = Files.createDirectory(home.resolve(kit.pool().name() + "-segments-left"));
            Path segment = Files.createFile(folder.resolve("1"));
            try {
                assertThat(left(kit))
                        .containsExactlyInAnyOrder(
                                new Leak(Kind.SHARED_MEMORY, folder.toString()),
                                new Leak(Kind.SHARED_MEMORY, segment.toString()));
            } finally {
                Files.delete(segment);
                Files.delete(folder);
            }
        }

        private static TestPool python(Path folder, String source) throws Exception {
            Path handlers = Files.writeString(folder.resolve("sabotage.py"), source);
            return TestPool.start(TestPoolSpec.of(Layer.PYTHON)
                            .workers(1)
                            .handlers(handlers.toString())
                            .auditPatience(Duration.ofSeconds(5)))
                    .ensureReady();
        }

        @Test
        void findsATemporaryFileOfAHandler(@TempDir Path folder) throws Exception {
            TestPool kit = python(folder, """
                    import os, tempfile

                    def leave_file():
                        file, path = tempfile.mkstemp()
                        os.close(file)
                        return path
                    """);
            String file = kit.pool().call("leave_file", String.class).await();

            assertThat(kinds(kit)).containsExactly(Kind.FILE);
            assertThat(Path.of(file)).doesNotExist();
        }

        @Test
        void findsSharedMemoryThatAHandlerHasMapped(@TempDir Path folder) throws Exception {
            TestPool kit = python(folder, """
                    import mmap, tempfile

                    kept = []

                    def leave_memory():
                        file = tempfile.NamedTemporaryFile(dir="/dev/shm", delete=False)
                        file.truncate(4096)
                        kept.append(mmap.mmap(file.fileno(), 4096))
                        file.close()
                        return file.name
                    """);
            String file = kit.pool().call("leave_memory", String.class).await();
            try {
                assertThat(kinds(kit)).containsExactly(Kind.SHARED_MEMORY);
            } finally {
                Files.delete(Path.of(file));
            }
        }

        @Test
        void findsWhatIsLeftInARuntimeDirectoryOfTheTestsOwn(@TempDir Path folder) throws Exception {
            TestPool kit = TestPool.prepare(TestPoolSpec.of(Layer.FAKE).auditPatience(Duration.ofMillis(200)))
                    .start(settings -> settings.runtimeDirectory(folder))
                    .ensureReady();
            Path home = Files.createDirectory(folder.resolve("vivarium-somebody"));
            Files.createDirectory(home.resolve("another-pool"));
            Files.createDirectory(home.resolve(kit.name() + "-left"));

            assertThat(kinds(kit)).containsExactly(Kind.FILE);
        }

        @Test
        void findsAWarningUnlessItWasExpected() throws Exception {
            TestPool surprised = pool();
            LoggerFactory.getLogger("sabotage")
                    .warn("{} is not well", surprised.pool().name());
            TestPool warned = pool();
            warned.expectWarning("not well");
            LoggerFactory.getLogger("sabotage")
                    .warn("{} is not well", warned.pool().name());

            assertThat(kinds(surprised)).containsExactly(Kind.WARNING);
            assertThat(kinds(warned)).isEmpty();
        }

        @Test
        void findsAWarningByTheThreadItWasLoggedOn() throws Exception {
            TestPool kit = pool();
            Thread thread =
                    new Thread(() -> LoggerFactory.getLogger("sabotage").warn("not well"), kit.name() + "-thread");
            thread.start();
            thread.join();

            assertThat(kinds(kit)).containsExactly(Kind.WARNING);
        }

        @Test
        void findsAWarningByTheActorSystemThatPekkoNames() throws Exception {
            TestPool kit = pool();
            for (Map.Entry<String, String> mark : Map.of(
                            "sourceActorSystem", kit.name(), "pekkoSource", "pekko://" + kit.name() + "/user/a")
                    .entrySet()) {
                MDC.put(mark.getKey(), mark.getValue());
                LoggerFactory.getLogger("sabotage").warn("not well");
                MDC.remove(mark.getKey());
            }

            assertThat(kinds(kit)).containsExactly(Kind.WARNING, Kind.WARNING);
        }

        @Test
        void takesNoWarningForItsOwnThatIsAnothers() throws Exception {
            TestPool kit = pool();
            TestPool other = pool();
            LoggerFactory.getLogger("sabotage").warn("{} is not well", other.name());

            assertThat(kinds(kit)).isEmpty();
            assertThat(kinds(other)).containsExactly(Kind.WARNING);
        }

        @Test
        void findsAnEmptyFolder() throws Exception {
            TestPool kit = pool();
            Files.createDirectory(kit.runtimeDirectory().resolve("left"));

            assertThat(kinds(kit)).containsExactly(Kind.FILE);
        }

        @Test
        void findsWhatAnotherPoolOfTheTestLeft() throws Exception {
            TestPool kit = pool();
            TestPool other = kit.another("beside").start().ensureReady();
            Files.createFile(other.runtimeDirectory().resolve("left"));

            assertThat(kinds(kit)).containsExactly(Kind.FILE);
        }

        @Test
        void findsAFaultThatNeverLanded() throws Exception {
            TestPool kit = pool();
            FaultLease armed = kit.faults().at(Moment.EXECUTED).arm(new Fault.Signalled(9));

            assertThat(kinds(kit)).containsExactly(Kind.FAULT);
            assertThat(armed.isHealed()).isTrue();
        }

        @Test
        void findsALeaseThatIsNeverGivenBack() throws Exception {
            // Given workers of which the pool never hears that they have answered, though the caller has the answer
            TestPool kit =
                    TestPool.prepare(TestPoolSpec.of(Layer.FAKE).workers(2).auditPatience(Duration.ofMillis(200)));
            kit.startOn(host -> (pool, context) -> deaf(host.start(pool, context)))
                    .ensureReady();
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");

            // When
            List<Leak> leaks = left(kit);

            // Then
            assertThat(leaks)
                    .filteredOn(leak -> leak.kind() == Kind.LEASE)
                    .singleElement()
                    .asString()
                    .contains("1 workers have a call and 0 calls wait, but only 0 calls are open");
        }

        private static WorkerHost deaf(WorkerHost host) {
            return new WorkerHost() {
                @Override
                public WorkerDriver.Factory drivers() {
                    return (slot, incarnation, events) -> host.drivers().create(slot, incarnation, (WorkerEvents)
                            Proxy.newProxyInstance(
                                    WorkerEvents.class.getClassLoader(),
                                    new Class<?>[] {WorkerEvents.class},
                                    (proxy, method, arguments) ->
                                            method.getName().equals("answered")
                                                    ? null
                                                    : method.invoke(events, arguments)));
                }

                @Override
                public void stop(Runnable whenGone) {
                    host.stop(whenGone);
                }
            };
        }

        @Test
        void findsAPoolWhoseBooksDoNotBalanceWhenItHasClosed() throws Exception {
            TestPool kit = pool();
            PythonPool real = kit.pool();
            PoolSnapshot before = real.snapshot();
            var unused = kit.adopt((PythonPool) Proxy.newProxyInstance(
                    PythonPool.class.getClassLoader(),
                    new Class<?>[] {PythonPool.class},
                    (proxy, method, arguments) ->
                            method.getName().equals("snapshot") ? before : method.invoke(real, arguments)));

            List<Leak> leaks = left(kit);

            assertThat(leaks)
                    .extracting(Leak::toString)
                    .containsExactly("LEASE: " + kit.name() + "/1 is " + WorkerSnapshot.Phase.IDLE);
        }

        @Test
        void findsBooksThatDoNotBalance() {
            WorkerSnapshot busy = new WorkerSnapshot(
                    new WorkerId("p", 1),
                    1,
                    WorkerSnapshot.Phase.BUSY,
                    1,
                    1,
                    0,
                    0,
                    -1,
                    null,
                    WorkerSnapshot.Health.SOUND);
            PoolSnapshot books = new PoolSnapshot(
                    "p",
                    PoolState.CLOSED,
                    1,
                    1,
                    Duration.ZERO,
                    3,
                    1,
                    1,
                    0,
                    0,
                    0,
                    0,
                    0,
                    new LadderCounts(0, 0, 0, 0),
                    SessionCounts.NONE,
                    List.of(),
                    List.of(busy));
            List<Leak> leaks = new ArrayList<>();

            Books.lookAtTheEnd(books, leaks);

            assertThat(leaks).extracting(Leak::kind).containsExactly(Kind.LEASE, Kind.LEASE, Kind.LEASE);
        }
    }

    @Nested
    class AFault {

        @Test
        void isRefusedWhereItCannotLand() throws Exception {
            TestPool kit = pool();

            assertThatThrownBy(() -> kit.faults().at(Moment.BEFORE_SEND).arm(new Fault.Corrupted()))
                    .isInstanceOf(FaultNotPossible.class)
                    .hasMessageContaining("layer SCRIPTED or PYTHON, this is FAKE");
            assertThatThrownBy(() -> kit.faults().at(Moment.STARTED).arm(new Fault.Ballooned(1)))
                    .isInstanceOf(FaultNotPossible.class)
                    .hasMessageContaining("layer PYTHON");
            assertThatThrownBy(() -> kit.faults().at(Moment.STARTED).arm(new Fault.Signalled(65)))
                    .isInstanceOf(FaultNotPossible.class)
                    .hasMessageContaining("no signal 65");
            assertThat(kinds(kit)).isEmpty();
        }

        @Test
        void ofTheWireIsRefusedWhereNoFramePasses() throws Exception {
            TestPool kit = TestPool.prepare(TestPoolSpec.of(Layer.SCRIPTED));

            for (Moment moment : List.of(Moment.STARTED, Moment.AFTER_SEND)) {
                assertThatThrownBy(() -> kit.faults().at(moment).arm(new Fault.Dropped()))
                        .isInstanceOf(FaultNotPossible.class)
                        .hasMessageContaining("only at MID_HANDSHAKE, MID_LOAD, CHECKED, BEFORE_SEND and EXECUTED");
            }
            assertThat(kinds(kit)).isEmpty();
        }

        @Test
        void healsByItselfWhenItsTimeIsOver() throws Exception {
            TestPool kit = pool();
            FaultLease lease =
                    kit.faults().at(Moment.EXECUTED).ttl(Duration.ofHours(1)).arm(new Fault.Signalled(9));

            kit.time().advance(Duration.ofHours(1));

            kit.passTimeUntil("healed", lease::isHealed);
            assertThat(kit.pool().call("echo", String.class, "safe").await()).isEqualTo("safe");
            assertThat(kinds(kit)).containsExactly(Kind.FAULT);
        }
    }

    @Nested
    class TheKit {

        @Test
        void tellsOfAThreadOfItsOwnThatFails() throws Exception {
            WorkerScript broken = WorkerScript.standard().with("broken", call -> new Reaction.Partial("x", -1));
            TestPool kit = TestPool.start(
                            TestPoolSpec.of(Layer.SCRIPTED).workers(1).script(broken))
                    .ensureReady();
            assertThatThrownBy(() -> kit.pool().call("broken", String.class).await())
                    .isInstanceOf(dev.vivarium.WorkerCrashed.class);

            assertThat(left(kit))
                    .anyMatch(leak -> leak.kind() == Kind.KIT
                            && leak.name().contains("testkit-scripted-")
                            && leak.name().contains("NegativeArraySizeException"));
        }

        @Test
        void tellsOfAReactionThatNeedsAChannelWhereThereIsNone() throws Exception {
            WorkerScript wired = WorkerScript.standard().with("wired", call -> new Reaction.Raw(new byte[] {1}));
            TestPool kit = pool(wired);
            assertThatThrownBy(() -> kit.outcome(kit.pool().call("wired", String.class)))
                    .isInstanceOf(dev.vivarium.WorkerCrashed.class)
                    .hasMessageContaining("needs a channel");

            assertThat(left(kit))
                    .anyMatch(leak -> leak.kind() == Kind.KIT && leak.name().contains("layer SCRIPTED, this is FAKE"));
        }

        @Test
        void tellsOfActorsThatNeverComeToRest() throws Exception {
            TestPool kit = pool();
            AtomicBoolean over = new AtomicBoolean();
            Executor actors = kit.actors().system().executionContext()::execute;
            Runnable restless = new Runnable() {
                @Override
                public void run() {
                    if (!over.get()) {
                        actors.execute(this);
                    }
                }
            };
            actors.execute(restless);

            kit.time().advance(Duration.ofNanos(1));
            over.set(true);

            assertThat(left(kit))
                    .singleElement()
                    .matches(leak ->
                            leak.kind() == Kind.KIT && leak.name().contains("the actors were not at rest 10 s after"));
        }

        @Test
        void endsAPoolWhoseHandlerBlocksAndTellsWhereItDoes() throws Exception {
            for (Layer layer : List.of(Layer.FAKE, Layer.SCRIPTED)) {
                CountDownLatch never = new CountDownLatch(1);
                WorkerScript blocking = WorkerScript.standard().with("block", call -> {
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return new Reaction.Reply("x");
                });
                TestPool kit = TestPool.start(TestPoolSpec.of(layer)
                                .workers(1)
                                .script(blocking)
                                .auditPatience(Duration.ofSeconds(3)))
                        .ensureReady();
                PendingCall<String> call = kit.pool().call("block", String.class);
                kit.awaitStarted(call);

                assertThat(left(kit))
                        .anyMatch(leak -> leak.kind() == Kind.KIT
                                && leak.name().contains("did not end within")
                                && leak.name().contains("CountDownLatch.await"));
            }
        }
    }

    @Nested
    class AWait {

        @Test
        void thatFailsShowsTheLastEvents() throws Exception {
            TestPool kit = pool();
            // A pool may tell of its state after its first worker has told that it is ready.
            kit.awaitThat(
                    "told of its state",
                    () -> kit.events().all().stream().anyMatch(PoolEvent.PoolStateChanged.class::isInstance));
            EventRecorder events = new EventRecorder(Duration.ofMillis(10));
            kit.events().all().forEach(events::add);

            assertThatThrownBy(() -> events.awaitState(7, dev.vivarium.WorkerState.READY))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("transition of slot 7 to READY")
                    .hasMessageContaining("PoolStateChanged");
            assertThat(kinds(kit)).isEmpty();
        }
    }
}
