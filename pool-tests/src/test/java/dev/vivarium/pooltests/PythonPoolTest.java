package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.CallCancelled;
import dev.vivarium.CallOutcome;
import dev.vivarium.CallRejected;
import dev.vivarium.ErrorCategory;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.RawJson;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Nested;

/** Calls through the public API. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        options = {"max-body-bytes = 1MiB", "call-timeout = 30s", "environment { EXTRA = set }"})
class PythonPoolTest {

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    record Point(int x, double y) {}

    @Nested
    class AResult {

        @VivariumTest
        void isWhatTheHandlerReturned(PythonPool pool) throws Exception {
            assertThat(pool.call("add", Integer.class, 2, 3).await()).isEqualTo(5);
            assertThat(pool.call("echo", String.class, (Object) null).await()).isNull();
        }

        @VivariumTest(layers = Layer.PYTHON)
        void isWhatTheCoroutineReturned(PythonPool pool) throws Exception {
            assertThat(pool.call("asynchronous", String.class, "later").await()).isEqualTo("later");
        }

        @VivariumTest
        void isConvertedToRecordsAndGenericTypes(PythonPool pool) throws Exception {
            PythonCall<Map<String, List<Point>>> call = PythonCall.to("keywords")
                    .keyword("points", List.of(new Point(1, 2.5)))
                    .returning(new TypeReference<Map<String, List<Point>>>() {});

            assertThat(pool.call(call).await()).isEqualTo(Map.of("points", List.of(new Point(1, 2.5))));
        }

        @VivariumTest
        void mayBeLeftAsJson(PythonPool pool) throws Exception {
            PythonCall<RawJson> call = PythonCall.to("keywords")
                    .keywordsJson(RawJson.of("{\"a\": [1, 2]}"))
                    .returning(RawJson.class);

            assertThat(pool.call(call).await().toString()).isEqualTo("{\"a\":[1,2]}");
        }

        @VivariumTest
        void thatDoesNotFitTheTypeIsAnErrorThatRan(PythonPool pool) {
            assertThatThrownBy(() -> pool.call("echo", Integer.class, "text").await())
                    .isInstanceOfSatisfying(
                            ResultNotDecodable.class,
                            e -> assertThat(e.execution()).isEqualTo(Execution.RAN))
                    .hasMessageContaining("java.lang.Integer");
        }

        @VivariumTest(layers = Layer.PYTHON)
        void withoutEncodingNamesThePath(PythonPool pool) {
            assertThatThrownBy(() -> pool.call("unencodable", JsonNode.class).await())
                    .isInstanceOf(ResultNotDecodable.class)
                    .hasMessageContaining("result['deep'][1]['here']");
        }

        @VivariumTest(layers = Layer.PYTHON)
        void overTheLimitFailsItsOwnCallAndNothingElse(PythonPool pool) throws Exception {
            int limit = 1 << 20;
            int before = pool.snapshot().workers().get(0).incarnation();

            assertThat(pool.call("large", String.class, limit - 2).await()).hasSize(limit - 2);
            assertThatThrownBy(() -> pool.call("large", String.class, limit - 1).await())
                    .isInstanceOf(ResultNotDecodable.class)
                    .hasMessageContaining(Integer.toString(limit));

            assertThat(pool.snapshot().workers())
                    .allSatisfy(worker -> assertThat(worker.incarnation()).isEqualTo(before));
        }
    }

    @Nested
    class ARefusal {

        @VivariumTest
        void ofAnUnknownHandlerNamesThoseThereAre(PythonPool pool) {
            assertThatThrownBy(() -> pool.call("missing", JsonNode.class).await())
                    .isInstanceOfSatisfying(
                            CallRejected.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED))
                    .hasMessageContaining("echo");
        }

        @VivariumTest(layers = Layer.PYTHON)
        void ofWrongArgumentsNamesTheSignature(PythonPool pool) {
            assertThatThrownBy(() -> pool.call("not_recorded", Integer.class, 1).await())
                    .isInstanceOf(CallRejected.class)
                    .hasMessageContaining("(a: int, b: int)");
        }

        @VivariumTest
        void ofArgumentsWithoutEncodingOrOverTheLimitSendsNothing(PythonPool pool, Ledger ledger) {
            assertThatThrownBy(() ->
                            pool.call("echo", JsonNode.class, new Object()).await())
                    .isInstanceOf(ArgumentsNotEncodable.class);
            assertThatThrownBy(() -> pool.call("echo", JsonNode.class, "x".repeat(1 << 20))
                            .await())
                    .isInstanceOf(ArgumentsNotEncodable.class)
                    .hasMessageContaining("maxBodyBytes is 1048576");

            assertThat(ledger.report().executions()).isZero();
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class AnException {

        @VivariumTest
        void comesWithItsTracebackAndCauses(PythonPool pool) {
            PythonException error = catchThrowableOfType(
                    PythonException.class,
                    () -> pool.call("fail_because", String.class, "no luck").await());

            assertThat(error.pythonType()).isEqualTo("ValueError");
            assertThat(error.pythonMessage()).isEqualTo("no luck");
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            assertThat(error.category()).isEqualTo(ErrorCategory.PYTHON);
            assertThat(error.getStackTrace()[0].getMethodName()).isEqualTo("fail_because");
            assertThat(error.details().causes().get(0).type()).isEqualTo("KeyError");
            assertThat(error.pythonTraceback())
                    .contains("raise ValueError(message) from error")
                    .endsWith("ValueError: no luck");
        }

        @VivariumTest
        void ofSystemExitDoesNotEndTheWorker(PythonPool pool) {
            assertThatThrownBy(() -> pool.call("exit_inside", JsonNode.class).await())
                    .isInstanceOfSatisfying(
                            PythonException.class,
                            e -> assertThat(e.pythonType()).isEqualTo("SystemExit"));
            assertThat(pool.snapshot().restarts()).isZero();
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class TheWorker {

        @VivariumTest
        void knowsItsCallAndItsDeadline(PythonPool pool) throws Exception {
            JsonNode about = pool.call("about_me", JsonNode.class).await();

            assertThat(about.get("worker").asText()).startsWith(pool.name() + "/");
            assertThat(about.get("remaining").asDouble()).isBetween(0.0, 30.0);
        }

        @VivariumTest(expectWarnings = ".stderr: ")
        void mayPrintWhatItWants(PythonPool pool) throws Exception {
            assertThat(pool.call("noise", String.class, "a line").await()).isEqualTo("a line");
            assertThat(pool.call("noise", String.class, "VIVA\u0001").await()).isEqualTo("VIVA\u0001");
        }

        @VivariumTest
        void seesOnlyTheEnvironmentThatIsMeantForIt(PythonPool pool) throws Exception {
            Map<String, String> environment = pool.call(
                            PythonCall.to("environment").returning(new TypeReference<Map<String, String>>() {}))
                    .await();

            assertThat(environment)
                    .containsEntry("EXTRA", "set")
                    .containsEntry("OMP_NUM_THREADS", "1")
                    .containsKey("PATH");
            assertThat(environment.keySet()).noneMatch(name -> name.startsWith("MAVEN_") || name.startsWith("JAVA_"));
        }
    }

    @Nested
    class ACallback {

        @VivariumTest
        void runsOnThePoolsNamedThreads(PythonPool pool) throws Exception {
            CompletableFuture<String> thread = new CompletableFuture<>();
            PendingCall<String> call = pool.call("hang", String.class);
            var unused = call.whenComplete(
                    (value, error) -> thread.complete(Thread.currentThread().getName()));

            call.cancel();

            assertThat(thread.get(Scripts.LIMIT_S, TimeUnit.SECONDS))
                    .startsWith("vivarium-" + pool.name() + "-callback-");
        }

        @VivariumTest
        void seesTheTypedError(PythonPool pool) throws Exception {
            CompletableFuture<Throwable> failure = new CompletableFuture<>();

            var unused = pool.call("fail", String.class, "x").whenComplete((value, error) -> failure.complete(error));

            assertThat(failure.get(Scripts.LIMIT_S, TimeUnit.SECONDS)).isInstanceOf(PythonException.class);
        }
    }

    @Nested
    class Waiting {

        @VivariumTest
        void honoursAnInterruptAndLeavesTheCallAlone(PythonPool pool) {
            PendingCall<String> call = pool.call("hang", String.class);

            Thread.currentThread().interrupt();
            assertThatThrownBy(call::await).isInstanceOf(InterruptedException.class);

            assertThat(call.isDone()).isFalse();
            assertThat(call.cancel()).isTrue();
            assertThatThrownBy(call::await).isInstanceOf(CallCancelled.class);
        }

        @VivariumTest
        void mayBeLimited(PythonPool pool) {
            PendingCall<String> call = pool.call("hang", String.class);

            assertThatThrownBy(() -> call.await(Duration.ofMillis(20))).isInstanceOf(TimeoutException.class);

            assertThat(call.cancel()).isTrue();
            assertThat(call.cancel()).isFalse();
        }

        @VivariumTest
        void ofManyThreadsForOneCallEndsForAll(PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("large", String.class, 100_000);

            List<CompletableFuture<Integer>> lengths = IntStream.range(0, 8)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> {
                        try {
                            return call.await().length();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    }))
                    .toList();

            for (CompletableFuture<Integer> length : lengths) {
                assertThat(length.get(Scripts.LIMIT_S, TimeUnit.SECONDS)).isEqualTo(100_000);
            }
        }
    }

    @Nested
    class AStream {

        @VivariumTest
        void keepsTheOrderOfItsElements(TestPool kit) throws Exception {
            List<Integer> sums = Source.range(1, 500)
                    .via(kit.pool()
                            .flow(
                                    16,
                                    (Integer i) ->
                                            PythonCall.to("add").args(i, 1000).returning(Integer.class)))
                    .runWith(Sink.seq(), kit.actors().system())
                    .toCompletableFuture()
                    .get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            assertThat(sums).isEqualTo(IntStream.rangeClosed(1001, 1500).boxed().toList());
        }

        @VivariumTest
        void ofOutcomesGoesOnAfterAnError(TestPool kit) throws Exception {
            List<CallOutcome<Integer>> outcomes = Source.from(List.of("add", "missing", "add"))
                    .via(kit.pool()
                            .outcomes(
                                    2,
                                    (String name) ->
                                            PythonCall.to(name).args(1, 2).returning(Integer.class)))
                    .runWith(Sink.seq(), kit.actors().system())
                    .toCompletableFuture()
                    .get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            assertThat(outcomes)
                    .map(outcome -> outcome instanceof CallOutcome.Succeeded)
                    .containsExactly(true, false, true);
        }

        @VivariumTest
        void ofEventsShowsTransitions(TestPool kit) throws Exception {
            var first = kit.pool()
                    .events()
                    .filter(event -> event instanceof PoolEvent.WorkerTransitioned)
                    .take(2)
                    .toMat(Sink.seq(), Keep.right())
                    .run(kit.actors().system());

            var unused = kit.pool().call("echo", Integer.class, 1).await();

            assertThat(first.toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS))
                    .hasSize(2);
        }
    }

    @VivariumTest
    void manyCallersGetTheirOwnAnswers(PythonPool pool) throws Exception {
        List<PendingCall<Integer>> calls = IntStream.range(0, 900)
                .mapToObj(i -> pool.call("add", Integer.class, i, 1))
                .toList();

        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).await()).isEqualTo(i + 1);
        }
        assertThat(pool.snapshot().waiting()).isZero();
    }
}
