package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.testkit.Ledger.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
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
}
