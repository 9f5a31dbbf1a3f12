package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.RawJson;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Calls through the public API, with real workers. */
class PythonPoolTest {

    private static PythonPool pool;
    private static ActorSystem<Void> system;

    record Point(int x, double y) {}

    @BeforeAll
    static void start() {
        system = ActorSystem.create(Behaviors.empty(), "calls");
        pool = PythonPool.start(
                Pythons.config("calls")
                        .maxBodyBytes(1 << 20)
                        .environment("EXTRA", "set")
                        .callTimeout(Duration.ofSeconds(30))
                        .build(),
                system);
    }

    @AfterAll
    static void stop() {
        pool.close();
        system.terminate();
    }

    @Nested
    class AResult {

        @Test
        void isWhatTheHandlerReturned() throws Exception {
            assertThat(pool.call("add", Integer.class, 2, 3).await()).isEqualTo(5);
            assertThat(pool.call("asynchronous", String.class, "later").await()).isEqualTo("later");
            assertThat(pool.call("echo", String.class, (Object) null).await()).isNull();
        }

        @Test
        void isConvertedToRecordsAndGenericTypes() throws Exception {
            PythonCall<Map<String, List<Point>>> call = PythonCall.to("echo")
                    .keyword("points", List.of(new Point(1, 2.5)))
                    .returning(new TypeReference<Map<String, List<Point>>>() {});

            assertThat(pool.call(call).await()).isEqualTo(Map.of("points", List.of(new Point(1, 2.5))));
        }

        @Test
        void mayBeLeftAsJson() throws Exception {
            PythonCall<RawJson> call = PythonCall.to("echo")
                    .keywordsJson(RawJson.of("{\"a\": [1, 2]}"))
                    .returning(RawJson.class);

            assertThat(pool.call(call).await().toString()).isEqualTo("{\"a\":[1,2]}");
        }

        @Test
        void thatDoesNotFitTheTypeIsAnErrorThatRan() {
            assertThatThrownBy(() -> pool.call("echo", Integer.class, "text").await())
                    .isInstanceOfSatisfying(
                            ResultNotDecodable.class,
                            e -> assertThat(e.execution()).isEqualTo(Execution.RAN))
                    .hasMessageContaining("java.lang.Integer");
        }

        @Test
        void withoutEncodingNamesThePath() {
            assertThatThrownBy(() -> pool.call("unencodable", JsonNode.class).await())
                    .isInstanceOf(ResultNotDecodable.class)
                    .hasMessageContaining("result['deep'][1]['here']");
        }

        @Test
        void overTheLimitFailsItsOwnCallAndNothingElse() throws Exception {
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

        @Test
        void ofAnUnknownHandlerNamesThoseThereAre() {
            assertThatThrownBy(() -> pool.call("missing", JsonNode.class).await())
                    .isInstanceOfSatisfying(
                            CallRejected.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED))
                    .hasMessageContaining("echo");
        }

        @Test
        void ofWrongArgumentsNamesTheSignature() {
            assertThatThrownBy(() -> pool.call("add", Integer.class, 1).await())
                    .isInstanceOf(CallRejected.class)
                    .hasMessageContaining("(a: int, b: int)");
        }

        @Test
        void ofArgumentsWithoutEncodingOrOverTheLimitSendsNothing() {
            assertThatThrownBy(() ->
                            pool.call("echo", JsonNode.class, new Object()).await())
                    .isInstanceOf(ArgumentsNotEncodable.class);
            assertThatThrownBy(() -> pool.call("echo", JsonNode.class, "x".repeat(1 << 20))
                            .await())
                    .isInstanceOf(ArgumentsNotEncodable.class)
                    .hasMessageContaining("maxBodyBytes is 1048576");
        }
    }

    @Nested
    class AnException {

        @Test
        void comesWithItsTracebackAndCauses() {
            PythonException error = catchThrowableOfType(
                    PythonException.class,
                    () -> pool.call("fail", String.class, "no luck").await());

            assertThat(error.pythonType()).isEqualTo("ValueError");
            assertThat(error.pythonMessage()).isEqualTo("no luck");
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            assertThat(error.category()).isEqualTo(ErrorCategory.PYTHON);
            assertThat(error.getStackTrace()[0].getMethodName()).isEqualTo("fail");
            assertThat(error.details().causes().get(0).type()).isEqualTo("KeyError");
            assertThat(error.pythonTraceback())
                    .contains("raise ValueError(message) from error")
                    .endsWith("ValueError: no luck");
        }

        @Test
        void ofSystemExitDoesNotEndTheWorker() throws Exception {
            assertThatThrownBy(() -> pool.call("exit_inside", JsonNode.class).await())
                    .isInstanceOfSatisfying(
                            PythonException.class,
                            e -> assertThat(e.pythonType()).isEqualTo("SystemExit"));
            assertThat(pool.snapshot().restarts()).isZero();
        }
    }

    @Nested
    class TheWorker {

        @Test
        void knowsItsCallAndItsDeadline() throws Exception {
            JsonNode about = pool.call("about_me", JsonNode.class).await();

            assertThat(about.get("worker").asText()).startsWith("calls/");
            assertThat(about.get("remaining").asDouble()).isBetween(0.0, 30.0);
        }

        @Test
        void mayPrintWhatItWants() throws Exception {
            assertThat(pool.call("noise", String.class, "a line").await()).isEqualTo("a line");
            assertThat(pool.call("noise", String.class, "VIVA\u0001").await()).isEqualTo("VIVA\u0001");
        }

        @Test
        void seesOnlyTheEnvironmentThatIsMeantForIt() throws Exception {
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

        @Test
        void runsOnThePoolsNamedThreads() throws Exception {
            CompletableFuture<String> thread = new CompletableFuture<>();
            PendingCall<String> call = pool.call("wait_for_ever", String.class);
            var unused = call.whenComplete(
                    (value, error) -> thread.complete(Thread.currentThread().getName()));

            call.cancel();

            assertThat(thread.get(Pythons.LIMIT_S, TimeUnit.SECONDS)).startsWith("vivarium-calls-callback-");
        }

        @Test
        void seesTheTypedError() throws Exception {
            CompletableFuture<Throwable> failure = new CompletableFuture<>();

            var unused = pool.call("fail", String.class, "x").whenComplete((value, error) -> failure.complete(error));

            assertThat(failure.get(Pythons.LIMIT_S, TimeUnit.SECONDS)).isInstanceOf(PythonException.class);
        }
    }

    @Nested
    class Waiting {

        @Test
        void honoursAnInterruptAndLeavesTheCallAlone() throws Exception {
            PendingCall<String> call = pool.call("wait_for_ever", String.class);

            Thread.currentThread().interrupt();
            assertThatThrownBy(call::await).isInstanceOf(InterruptedException.class);

            assertThat(call.isDone()).isFalse();
            assertThat(call.cancel()).isTrue();
            assertThatThrownBy(call::await).isInstanceOf(CallCancelled.class);
        }

        @Test
        void mayBeLimited() {
            PendingCall<String> call = pool.call("wait_for_ever", String.class);

            assertThatThrownBy(() -> call.await(Duration.ofMillis(20))).isInstanceOf(TimeoutException.class);

            assertThat(call.cancel()).isTrue();
            assertThat(call.cancel()).isFalse();
        }

        @Test
        void ofManyThreadsForOneCallEndsForAll() throws Exception {
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
                assertThat(length.get(Pythons.LIMIT_S, TimeUnit.SECONDS)).isEqualTo(100_000);
            }
        }
    }

    @Nested
    class AStream {

        @Test
        void keepsTheOrderOfItsElements() throws Exception {
            List<Integer> sums = Source.range(1, 500)
                    .via(pool.flow(
                            16,
                            (Integer i) -> PythonCall.to("add").args(i, 1000).returning(Integer.class)))
                    .runWith(Sink.seq(), system)
                    .toCompletableFuture()
                    .get(Pythons.LIMIT_S, TimeUnit.SECONDS);

            assertThat(sums).isEqualTo(IntStream.rangeClosed(1001, 1500).boxed().toList());
        }

        @Test
        void ofOutcomesGoesOnAfterAnError() throws Exception {
            List<CallOutcome<Integer>> outcomes = Source.from(List.of("add", "missing", "add"))
                    .via(pool.outcomes(
                            2, (String name) -> PythonCall.to(name).args(1, 2).returning(Integer.class)))
                    .runWith(Sink.seq(), system)
                    .toCompletableFuture()
                    .get(Pythons.LIMIT_S, TimeUnit.SECONDS);

            assertThat(outcomes)
                    .map(outcome -> outcome instanceof CallOutcome.Succeeded)
                    .containsExactly(true, false, true);
        }

        @Test
        void ofEventsShowsTransitions() throws Exception {
            var first = pool.events()
                    .filter(event -> event instanceof PoolEvent.WorkerTransitioned)
                    .take(2)
                    .toMat(Sink.seq(), Keep.right())
                    .run(system);

            var unused = pool.call("pid", Integer.class).await();

            assertThat(first.toCompletableFuture().get(Pythons.LIMIT_S, TimeUnit.SECONDS))
                    .hasSize(2);
        }
    }

    @Test
    void manyCallersGetTheirOwnAnswers() throws Exception {
        List<PendingCall<Integer>> calls = IntStream.range(0, 900)
                .mapToObj(i -> pool.call("add", Integer.class, i, 1))
                .toList();

        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).await()).isEqualTo(i + 1);
        }
        assertThat(pool.snapshot().waiting()).isZero();
    }

    @Test
    void nothingPrintedNamesArgumentsOrSecrets() {
        assertThat(PythonCall.to("echo").args("sesame").keyword("k", "sesame").toString())
                .doesNotContain("sesame");
        assertThat(Pythons.config("x").environment("KEY", "sesame").build().toString())
                .doesNotContain("sesame");
    }
}
