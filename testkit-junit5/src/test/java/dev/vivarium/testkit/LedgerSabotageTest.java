package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.CallAttempt;
import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Ledger.Problem;
import dev.vivarium.testkit.internal.ExecutionLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ledger finds what it is there for, planted on purpose; and nothing else. */
@Tag("processes")
class LedgerSabotageTest {

    private static TestPool pool(WorkerScript script) throws InterruptedException {
        return TestPool.start(
                        TestPoolSpec.of(Layer.FAKE).workers(1).script(script).auditPatience(Duration.ofMillis(200)))
                .ensureReady();
    }

    private static TestPool pool() throws InterruptedException {
        return pool(WorkerScript.standard());
    }

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
    void findsAnAnswerThatIsAnotherCallsWhateverItsType() throws Exception {
        WorkerScript swapping = WorkerScript.standard()
                .with("echo", call -> new Reaction.Reply(4711))
                .with("held", call -> new Reaction.Reply(Map.of("a", 2)))
                .with("slow", call -> new Reaction.Reply(List.of(1, 2)));
        TestPool kit = pool(swapping);
        assertThat(kit.pool().call("echo", Integer.class, 1).await()).isEqualTo(4711);
        assertThat(kit.pool()
                        .call("held", JsonNode.class, "g", Map.of("a", 1))
                        .await()
                        .path("a")
                        .asInt())
                .isEqualTo(2);
        assertThat(kit.pool().call("slow", JsonNode.class, 0.0, List.of(1)).await())
                .hasSize(2);

        assertThat(problems(kit)).containsExactly(Problem.FOREIGN, Problem.FOREIGN, Problem.FOREIGN);
    }

    @Test
    void takesAnAnswerOfAnyTypeForItsOwn() throws Exception {
        TestPool kit = pool();
        for (Object value : List.of(1, 2L, 0.1f, 1.5, true, "x", List.of(1, "a"), Map.of("k", List.of(0.5)))) {
            assertThat(kit.pool().call("echo", JsonNode.class, value).await()).isNotNull();
            assertThat(kit.pool().call("echo", Object.class, value).await()).isNotNull();
        }
        assertThat(kit.pool().call("echo", Double.class, 3).await()).isEqualTo(3.0);
        assertThat(kit.pool().call("echo", byte[].class, new byte[] {1, 2}).await())
                .containsExactly(1, 2);
        assertThat(kit.pool().call("echo", String.class, (Object) null).await()).isNull();

        assertThat(problems(kit)).isEmpty();
    }

    @Test
    void findsAnAnswerOfAnyHandlerThatWasNeverExecuted() throws Exception {
        TestPool kit = pool(WorkerScript.standard().with("price", call -> new Reaction.Reply(1)));
        long id = 90;
        for (String handler : List.of("held", "slow", "price", "not the kit's")) {
            kit.ledger()
                    .enter(PythonCall.to(handler).returning(String.class), new CallOutcome.Succeeded<>(id++, "x", 1));
        }

        assertThat(problems(kit)).containsExactly(Problem.FOREIGN, Problem.FOREIGN, Problem.FOREIGN);
    }

    @Test
    void findsAnAnswerOfARecordedHandlerInPythonThatWasNeverExecuted(@TempDir Path folder) throws Exception {
        Path handlers = Files.writeString(folder.resolve("priced.py"), """
                from vivarium_testkit import recorded
                from vivarium_worker import handler

                @recorded
                def price(): return 1

                @handler
                def plain(): return 2
                """);
        TestPool kit = TestPool.start(TestPoolSpec.of(Layer.PYTHON).workers(1).handlers(handlers.toString()))
                .ensureReady();
        assertThat(kit.pool().call("price", Integer.class).await()).isEqualTo(1);
        assertThat(kit.pool().call("plain", Integer.class).await()).isEqualTo(2);
        kit.ledger().enter(PythonCall.to("held").returning(String.class), new CallOutcome.Succeeded<>(90, "x", 1));
        kit.ledger().enter(PythonCall.to("price").returning(Integer.class), new CallOutcome.Succeeded<>(91, 1, 1));

        assertThat(problems(kit)).containsExactly(Problem.FOREIGN, Problem.FOREIGN);
    }

    @Test
    void findsAForeignExecutionBesideAStreamThatNoHandlerRecords() throws Exception {
        TestPool kit = pool();
        assertThatThrownBy(() -> Source.single("x")
                        .via(kit.pool()
                                .flow(
                                        1,
                                        (String text) -> PythonCall.to("no such handler")
                                                .args(text)
                                                .returning(String.class)))
                        .runWith(Sink.head(), kit.actors().system())
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS))
                .hasMessageContaining("no such handler");

        record(kit, "4711 STARTED x/1");

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

    private static PythonCall<String> echo() {
        return PythonCall.to("echo").args("x").returning(String.class);
    }

    private static CallOutcome<String> failed(TestPool kit, Execution execution, int attempts, CallAttempt... lost) {
        return new CallOutcome.Failed<>(
                99,
                new CallTimedOut(
                        execution, Duration.ofSeconds(1), kit.pool().snapshot(), List.of(lost), "it took too long", ""),
                attempts);
    }

    private static CallAttempt lost(Execution execution) {
        return new CallAttempt(new WorkerId("p", 1), 1, TransitionCause.KILLED, execution);
    }

    @Nested
    class OfARetrySafeCall {

        @Test
        void findsMoreExecutionsThanAttempts() throws Exception {
            TestPool kit = pool();
            PendingCall<String> call = kit.pool().call(echo().retrySafe());
            assertThat(call.await()).isEqualTo("x");
            assertThat(kit.ledger().report().findings()).isEmpty();

            record(kit, call.id() + " STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
        }

        @Test
        void findsACallThatTheWireDoubled() throws Exception {
            try (TestPool kit =
                    TestPool.start(TestPoolSpec.of(Layer.SCRIPTED).workers(1)).ensureReady()) {
                kit.expectWarning("broke the protocol");
                PendingCall<String> call;
                try (FaultLease doubled = kit.faults().at(Moment.BEFORE_SEND).arm(new Fault.Duplicated())) {
                    call = kit.pool().call(echo().retrySafe());
                    assertThat(call.await()).isEqualTo("x");
                    kit.awaitThat("executed twice", () -> kit.ledger().starts(call.id()) == 2);
                    assertThat(doubled.landed()).isEqualTo(1);
                }

                assertThat(kit.leaks()).isEmpty();
                assertThat(call.attempts()).isEqualTo(1);
                assertThat(kit.ledger().report().findings())
                        .extracting(Ledger.Finding::toString)
                        .containsExactly("DUPLICATED: call " + call.id() + " started 2 times in 1 attempts");
            }
        }

        @Test
        void doesNotCountAnAttemptThatIsSaidNotToHaveStarted() throws Exception {
            TestPool kit = pool();
            kit.ledger().enter(echo().retrySafe(), failed(kit, Execution.UNKNOWN, 2, lost(Execution.NOT_STARTED)));
            record(kit, "99 STARTED x/1");
            assertThat(kit.ledger().report().findings()).isEmpty();

            record(kit, "99 STARTED x/1");

            assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
        }

        @Test
        void allowsAnExecutionForEachAttempt() throws Exception {
            TestPool kit = pool();
            kit.ledger().enter(echo().retrySafe(), failed(kit, Execution.UNKNOWN, 2, lost(Execution.UNKNOWN)));
            record(kit, "99 STARTED x/1");
            record(kit, "99 STARTED x/1");

            assertThat(problems(kit)).isEmpty();
        }

        @Test
        void allowsRepeatedExecutionsInAStreamWhoseAttemptsNobodyTells() throws Exception {
            TestPool kit = pool();
            PendingCall<String> before = kit.pool().call(echo());
            assertThat(before.await()).isEqualTo("x");
            stream(kit, echo().retrySafe());

            record(kit, before.id() + 1 + " STARTED x/1");

            assertThat(problems(kit)).isEmpty();
        }
    }

    private static void stream(TestPool kit, PythonCall<String> call) throws Exception {
        var unused = Source.single("x")
                .via(kit.pool().flow(1, (String text) -> call))
                .runWith(Sink.head(), kit.actors().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void findsAForeignExecutionBesideAStreamWhoseOutcomesAreKnown() throws Exception {
        TestPool kit = pool();
        var unused = Source.single("x")
                .via(kit.pool().outcomes(1, (String text) -> echo()))
                .runWith(Sink.head(), kit.actors().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        assertThat(kit.ledger().report().findings()).isEmpty();

        record(kit, "4711 STARTED x/1");

        assertThat(problems(kit)).containsExactly(Problem.FOREIGN);
    }

    @Test
    void findsACallThatIsSaidNotToHaveStartedInAnyAttemptAndHas() throws Exception {
        TestPool kit = pool();
        record(kit, "99 STARTED x/1");
        kit.ledger().enter(echo(), failed(kit, Execution.NOT_STARTED, 2, lost(Execution.NOT_STARTED)));

        assertThat(problems(kit)).containsExactly(Problem.MISREPORTED);
    }

    @Test
    void findsACallThatIsSaidToHaveRunAndNeverDid() throws Exception {
        TestPool kit = pool();
        kit.ledger().enter(echo(), failed(kit, Execution.RAN, 1));

        assertThat(problems(kit)).containsExactly(Problem.MISREPORTED);
    }

    @Test
    void findsNothingInArgumentsThatDoNotFitAHandlerThatKeepsTheRecord() throws Exception {
        TestPool kit = pool();
        assertThatThrownBy(() -> kit.pool().call("echo", String.class).await())
                .isInstanceOfSatisfying(
                        PythonException.class, e -> assertThat(e.execution()).isEqualTo(Execution.RAN));

        assertThat(problems(kit)).isEmpty();
    }

    @Test
    void findsAnExecutionThatEndedMoreOftenThanItStarted() throws Exception {
        TestPool kit = pool();
        PendingCall<String> call = kit.pool().call(echo());
        assertThat(call.await()).isEqualTo("x");
        record(kit, call.id() + " FINISHED x/1");

        assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
    }

    @Test
    void findsAnExecutionThatEndedAndNeverStarted() throws Exception {
        TestPool kit = pool();
        record(kit, "4711 FINISHED x/1");

        assertThat(problems(kit)).containsExactly(Problem.FOREIGN);
    }

    @Test
    void countsWhatCannotBeSaidApartFromWhatFailed() throws Exception {
        TestPool kit = pool();
        assertThatThrownBy(() -> kit.pool().call("fail", String.class, "x").await())
                .isInstanceOf(PythonException.class);
        kit.ledger().enter(echo(), failed(kit, Execution.UNKNOWN, 1));

        Ledger.Report report = kit.ledger().report();

        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.unknown()).isEqualTo(1);
        assertThat(report.ok()).isZero();
        assertThat(problems(kit)).isEmpty();
    }

    @Test
    void expectsNoRecordOfAScriptThatTheWorkersDoNotRun(@TempDir Path folder) {
        Ledger books = new Ledger(new ExecutionLog(folder.resolve("record")), Set.of("price"));
        books.enter(PythonCall.to("price").returning(String.class), new CallOutcome.Succeeded<>(1, "x", 1));
        assertThat(books.report().count(Problem.FOREIGN)).isEqualTo(1);

        books.expectNoScript();

        assertThat(books.report().findings()).isEmpty();
    }
}
