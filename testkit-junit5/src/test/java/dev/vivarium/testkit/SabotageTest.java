package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.testkit.Leak.Kind;
import dev.vivarium.testkit.Ledger.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Each check of the kit catches what it is there for, planted on purpose; and nothing else. */
class SabotageTest {

    private static TestPool pool(WorkerScript script) throws InterruptedException {
        return TestPool.start(
                        TestPoolSpec.of(Layer.FAKE).workers(1).script(script).auditPatience(Duration.ofMillis(200)))
                .ensureReady();
    }

    private static TestPool pool() throws InterruptedException {
        return pool(WorkerScript.standard());
    }

    private static List<Kind> kinds(TestPool kit) throws InterruptedException {
        try (kit) {
            return kit.leaks().stream().map(Leak::kind).toList();
        }
    }

    @Nested
    class TheLeakAudit {

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
        void findsAThread() throws Exception {
            TestPool kit = pool();
            CountDownLatch end = new CountDownLatch(1);
            Thread left = new Thread(
                    () -> {
                        try {
                            end.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    kit.pool().name() + "-left");
            left.start();

            assertThat(kinds(kit)).containsExactly(Kind.THREAD);

            end.countDown();
            left.join();
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
        void findsBooksThatDoNotBalance() {
            WorkerSnapshot busy =
                    new WorkerSnapshot(new WorkerId("p", 1), 1, WorkerSnapshot.Phase.BUSY, 1, 1, 0, 0, null);
            PoolSnapshot books = new PoolSnapshot(
                    "p", PoolState.CLOSED, 1, 1, Duration.ZERO, 3, 1, 1, 0, 0, 0, 0, List.of(), List.of(busy));
            List<Leak> leaks = new ArrayList<>();

            TestPool.books(books, leaks);

            assertThat(leaks).extracting(Leak::kind).containsExactly(Kind.LEASE, Kind.LEASE, Kind.LEASE);
        }
    }

    @Nested
    class TheLedger {

        private List<Problem> problems(TestPool kit) throws InterruptedException {
            try (kit) {
                assertThat(kit.leaks()).isEmpty();
                return kit.ledger().report().findings().stream()
                        .map(Ledger.Finding::problem)
                        .toList();
            }
        }

        private void record(TestPool kit, String line) throws IOException {
            Files.writeString(kit.record(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }

        @Test
        void findsNothingWhereNothingIs() throws Exception {
            TestPool kit = pool();
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");

            assertThat(problems(kit)).isEmpty();
        }

        @Test
        void findsAnAnswerThatIsAnotherCalls() throws Exception {
            TestPool kit = pool(WorkerScript.standard().with("echo", call -> new Reaction.Reply("another's")));
            assertThat(kit.pool().call("echo", String.class, "mine").await()).isEqualTo("another's");

            assertThat(problems(kit)).containsExactly(Problem.FOREIGN);
        }

        @Test
        void findsAnAnswerThatCameBeforeTheEndOfItsExecution() throws Exception {
            TestPool kit = pool();
            PythonCall<String> call = PythonCall.to("echo").args("early").returning(String.class);
            record(kit, "99 STARTED x/1");
            kit.ledger().enter(call, new CallOutcome.Succeeded<>(99, "early", 1));

            assertThat(problems(kit)).containsExactly(Problem.FOREIGN);
        }

        @Test
        void findsAnExecutionThatNobodyCalled() throws Exception {
            TestPool kit = pool();
            record(kit, "4711 STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.FOREIGN);
        }

        @Test
        void findsAnExecutionThatAStreamDidNotAskFor() throws Exception {
            TestPool kit = pool();
            Source.single("x")
                    .via(kit.pool()
                            .flow(
                                    1,
                                    (String text) ->
                                            PythonCall.to("echo").args(text).returning(String.class)))
                    .runWith(Sink.head(), kit.actors().system())
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            assertThat(kit.ledger().report().findings()).isEmpty();

            record(kit, "4711 STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.FOREIGN);
        }

        @Test
        void findsACallOfAStreamThatRanTwice() throws Exception {
            TestPool kit = pool();
            PendingCall<String> first = kit.pool().call("echo", String.class, "x");
            assertThat(first.await()).isEqualTo("x");
            Source.single("x")
                    .via(kit.pool()
                            .flow(
                                    1,
                                    (String text) ->
                                            PythonCall.to("echo").args(text).returning(String.class)))
                    .runWith(Sink.head(), kit.actors().system())
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);

            record(kit, first.id() + 1 + " STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
        }

        @Test
        void findsACallThatRanTwiceAndMayNot() throws Exception {
            TestPool kit = pool();
            PendingCall<String> call = kit.pool().call("echo", String.class, "x");
            assertThat(call.await()).isEqualTo("x");
            record(kit, call.id() + " STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
        }

        @Test
        void findsASecondOutcome() throws Exception {
            TestPool kit = pool();
            PythonCall<String> call = PythonCall.to("sum").returning(String.class);
            kit.ledger().enter(call, new CallOutcome.Succeeded<>(99, "a", 1));
            kit.ledger().enter(call, new CallOutcome.Succeeded<>(99, "b", 1));

            assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
        }

        @Test
        void findsACallThatIsSaidNotToHaveStartedAndHas() throws Exception {
            TestPool kit = pool();
            PendingCall<String> call = kit.pool().call("no such handler", String.class);
            assertThatThrownBy(call::await).hasMessageContaining("no such handler");
            record(kit, call.id() + " STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.MISREPORTED);
        }

        @Test
        void findsACallThatNeverEnded() throws Exception {
            TestPool kit = pool();
            PendingCall<String> hanging = kit.pool().call("hang", String.class);
            kit.awaitStarted(hanging);

            List<Problem> open = kit.ledger().report().findings().stream()
                    .map(Ledger.Finding::problem)
                    .toList();

            assertThat(open).containsExactly(Problem.LOST);
            assertThat(problems(kit)).isEmpty();
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
    class AWait {

        @Test
        void thatFailsShowsTheLastEvents() throws Exception {
            TestPool kit = pool();
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
