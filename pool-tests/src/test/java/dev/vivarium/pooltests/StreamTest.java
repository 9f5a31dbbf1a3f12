package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallRejected;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Nested;

/** Handlers whose answer is a stream. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 1,
        options = {"call-timeout = 10h", "health-interval = 1d", "streams.window-items = 4"})
class StreamTest {

    private static final Duration HOUR = Duration.ofHours(1);

    /** A stream that runs: the call, and the items as they are asked for. */
    private record Run<T>(PendingCall<Long> call, SinkQueueWithCancel<T> items) {

        static <T> Run<T> of(Source<T, PendingCall<Long>> source, TestPool kit) {
            Pair<PendingCall<Long>, SinkQueueWithCancel<T>> run =
                    source.toMat(Sink.queue(), Keep.both()).run(kit.actors().system());
            return new Run<>(run.first(), run.second());
        }

        Optional<T> next() throws Exception {
            return done(items.pull());
        }

        List<T> next(int count) throws Exception {
            List<T> taken = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                taken.add(next().orElseThrow());
            }
            return taken;
        }

        <E extends PoolException> E error(Class<E> type) {
            ExecutionException failed = catchThrowableOfType(ExecutionException.class, this::next);
            assertThat(failed).as("the failure of the stream").isNotNull();
            assertThat(failed.getCause()).isInstanceOf(type);
            return type.cast(failed.getCause());
        }
    }

    private static <T> T done(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    private static <T> List<T> all(Source<T, PendingCall<Long>> source, TestPool kit) throws Exception {
        return done(source.runWith(Sink.seq(), kit.actors().system()));
    }

    private static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    private static Source<Integer, PendingCall<Long>> items(PythonPool pool, String handler, Object... args) {
        return pool.stream(handler, Integer.class, args);
    }

    /** The one worker has nothing of a stream left: it answers. */
    private static void serves(PythonPool pool) throws Exception {
        assertThat(pool.call("echo", String.class, "free").await()).isEqualTo("free");
    }

    @Nested
    class AGenerator {

        @VivariumTest
        void isAStreamOfWhatItYields(TestPool kit, PythonPool pool) throws Exception {
            assertThat(all(items(pool, "items", 1000), kit)).isEqualTo(numbers(0, 1000));
            assertThat(all(items(pool, "items", 0), kit)).isEmpty();
            serves(pool);
        }

        @VivariumTest
        void tellsHowManyItemsThereWere(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items", 3), kit);

            assertThat(run.next(3)).isEqualTo(numbers(0, 3));
            assertThat(run.next()).isEmpty();
            assertThat(kit.outcome(run.call())).isEqualTo(3L);
            assertThat(run.call().attempts()).isEqualTo(1);
        }

        @VivariumTest
        void isCalledAnewEachTimeItsSourceIsRun(TestPool kit, PythonPool pool) throws Exception {
            Source<Integer, PendingCall<Long>> source = items(pool, "items", 2);

            assertThat(all(source, kit)).isEqualTo(all(source, kit));
        }

        @VivariumTest
        void isRefusedWhereNoStreamIsAskedFor(TestPool kit, PythonPool pool) throws Exception {
            CallRejected error =
                    catchThrowableOfType(CallRejected.class, () -> kit.outcome(pool.call("items", Integer.class, 3)));

            assertThat(error).hasMessageContaining("stream(...)");
            assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
        }

        @VivariumTest
        void failsBehindItsItems(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items_then_fail", 3, "no more"), kit);
            PythonException told = catchThrowableOfType(PythonException.class, () -> kit.outcome(run.call()));

            assertThat(run.next(3)).isEqualTo(numbers(0, 3));
            PythonException error = run.error(PythonException.class);

            assertThat(error).isSameAs(told).hasMessageContaining("no more");
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            serves(pool);
        }

        @VivariumTest
        void sendsAnItemBeforeTheNextIsThere(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items_then_held", 3, "gate", 2), kit);

            assertThat(run.next(3)).isEqualTo(numbers(0, 3));
            kit.open("gate");

            assertThat(run.next(2)).isEqualTo(numbers(3, 5));
            assertThat(run.next()).isEmpty();
        }

        @VivariumTest
        void whoseItemIsNotWhatIsAskedForFailsAndIsCancelled(TestPool kit, PythonPool pool) throws Exception {
            Run<String[]> run = Run.of(pool.stream("items", String[].class, 1000), kit);

            ResultNotDecodable error = run.error(ResultNotDecodable.class);

            assertThat(error).hasMessageContaining("item 0");
            serves(pool);
        }
    }

    @Nested
    class APlainHandler {

        @VivariumTest
        void isAStreamOfItsOneAnswer(TestPool kit, PythonPool pool) throws Exception {
            assertThat(all(pool.stream("echo", String.class, "once"), kit)).containsExactly("once");
        }

        @VivariumTest
        void failsAStreamAsItFailsACall(TestPool kit, PythonPool pool) {
            assertThat(Run.of(items(pool, "fail", "no luck"), kit).error(PythonException.class))
                    .hasMessageContaining("no luck");
            assertThat(Run.of(items(pool, "missing"), kit).error(CallRejected.class))
                    .hasMessageContaining("missing");
        }
    }

    @Nested
    class AConsumer {

        @VivariumTest
        void thatStopsHoldsTheGeneratorBack(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items", 1000), kit);
            assertThat(run.next(2)).isEqualTo(numbers(0, 2));

            assertThat(run.call().isDone()).isFalse();
            assertThat(run.next(998)).isEqualTo(numbers(2, 1000));
            assertThat(run.next()).isEmpty();
        }

        @VivariumTest
        void thatCancelsEndsTheCallAndFreesTheWorker(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items", 1000), kit);
            run.next(1);

            run.items().cancel();

            assertThat(catchThrowableOfType(CallCancelled.class, () -> kit.outcome(run.call())))
                    .extracting(PoolException::execution)
                    .isEqualTo(Execution.UNKNOWN);
            serves(pool);
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest
        void thatCancelsWhileTheGeneratorRunsFreesTheWorker(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items_then_hang", 2), kit);
            run.next(2);

            run.items().cancel();

            serves(pool);
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest
        void whoseStreamHasNotBegunLeavesTheQueue(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> first = pool.call("held", String.class, "gate", "first");
            Run<Integer> run = Run.of(items(pool, "items", 1000), kit);

            run.items().cancel();

            assertThat(catchThrowableOfType(CallCancelled.class, () -> kit.outcome(run.call())))
                    .extracting(PoolException::execution)
                    .isEqualTo(Execution.NOT_STARTED);
            kit.open("gate");
            assertThat(kit.outcome(first)).isEqualTo("first");
            assertThat(kit.ledger().starts(run.call().id())).isZero();
        }

        @VivariumTest
        void whoseMaterializerEndsGivesItsWorkerBack(TestPool kit, PythonPool pool) throws Exception {
            Materializer materializer =
                    Materializer.createMaterializer(kit.actors().system());
            Pair<PendingCall<Long>, SinkQueueWithCancel<Integer>> run =
                    items(pool, "items", 1000).toMat(Sink.queue(), Keep.both()).run(materializer);
            assertThat(done(run.second().pull())).contains(0);

            materializer.shutdown();

            assertThat(catchThrowableOfType(CallCancelled.class, () -> kit.outcome(run.first())))
                    .isNotNull();
            serves(pool);
        }

        @VivariumTest
        void mayCancelThroughTheCall(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items", 1000), kit);
            assertThat(run.next(1)).containsExactly(0);

            assertThat(run.call().cancel()).isTrue();

            serves(pool);
            while (true) {
                try {
                    assertThat(run.next()).isPresent(); // What had come stays.
                } catch (ExecutionException failed) {
                    assertThat(failed).hasCauseInstanceOf(CallCancelled.class);
                    return;
                }
            }
        }
    }

    @Nested
    class TheDeadline {

        @VivariumTest(time = VivariumTest.Time.VIRTUAL, options = "stack-dump = 0s")
        void isThatOfTheWholeStreamAndASlowConsumersTooAndFreesTheWorker(TestPool kit, PythonPool pool, TestTime time)
                throws Exception {
            Run<Integer> run = Run.of(
                    pool.stream(PythonCall.to("items")
                            .args(1000)
                            .returning(Integer.class)
                            .timeout(HOUR)),
                    kit);
            assertThat(run.next(2)).isEqualTo(numbers(0, 2));
            assertThat(run.call().isDone()).isFalse();

            time.advance(HOUR);

            CallTimedOut told = catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(run.call()));
            assertThat(told.execution()).isEqualTo(Execution.UNKNOWN);
            serves(pool);
        }
    }

    @Nested
    @VivariumTest(expectWarnings = "was killed from outside by SIGKILL")
    class AWorkerThatEnds {

        @VivariumTest
        void betweenItemsFailsTheStreamBehindThem(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(items(pool, "items_then_hang", 2), kit);
            assertThat(run.next(2)).isEqualTo(numbers(0, 2));

            kit.worker(1).kill();

            WorkerCrashed error = run.error(WorkerCrashed.class);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
            serves(pool);
        }

        @VivariumTest
        void isNotReplacedForAStreamThatHasBegunThoughItIsRetrySafe(TestPool kit, PythonPool pool) throws Exception {
            Run<Integer> run = Run.of(
                    pool.stream(PythonCall.to("items_then_hang")
                            .args(2)
                            .returning(Integer.class)
                            .retrySafe()),
                    kit);
            assertThat(run.next(2)).isEqualTo(numbers(0, 2));

            kit.worker(1).kill();

            assertThat(run.error(WorkerCrashed.class))
                    .hasMessageContaining("not repeated: items of its stream had been passed on");
            assertThat(run.call().attempts()).isEqualTo(1);
            assertThat(kit.ledger().starts(run.call().id())).isEqualTo(1);
        }

        @VivariumTest
        void beforeTheFirstItemIsReplacedForARetrySafeStream(TestPool kit, PythonPool pool, FaultInjector faults)
                throws Exception {
            var unused = faults.at(Moment.STREAMED).inSlot(1).arm(new Fault.Signalled(9));

            Run<Integer> run = Run.of(
                    pool.stream(PythonCall.to("items")
                            .args(100)
                            .returning(Integer.class)
                            .retrySafe()),
                    kit);

            assertThat(run.next(100)).isEqualTo(numbers(0, 100));
            assertThat(run.next()).isEmpty();
            assertThat(run.call().attempts()).isEqualTo(2);
        }

        @VivariumTest
        void beforeTheFirstItemFailsAStreamThatIsNotRetrySafe(TestPool kit, PythonPool pool, FaultInjector faults)
                throws Exception {
            var unused = faults.at(Moment.STREAMED).inSlot(1).arm(new Fault.Signalled(9));

            Run<Integer> run = Run.of(items(pool, "items", 100), kit);

            WorkerCrashed error = run.error(WorkerCrashed.class);
            assertThat(error.exit().cause()).isEqualTo(TransitionCause.KILLED);
            serves(pool);
        }
    }

    @Nested
    class AHandlerThatIsFed {

        private Flow<Integer, Integer, PendingCall<Long>> through(PythonPool pool, String handler) {
            return pool.streamThrough(PythonCall.to(handler).returning(Integer.class));
        }

        @VivariumTest
        void takesItemsAndYieldsItems(TestPool kit, PythonPool pool) throws Exception {
            List<Integer> doubled = done(Source.range(0, 1999)
                    .via(through(pool, "doubled"))
                    .runWith(Sink.seq(), kit.actors().system()));

            assertThat(doubled)
                    .isEqualTo(IntStream.range(0, 2000).map(i -> 2 * i).boxed().toList());
        }

        @VivariumTest
        void mayReturnOneAnswer(TestPool kit, PythonPool pool) throws Exception {
            assertThat(done(Source.range(1, 1000)
                            .via(through(pool, "total"))
                            .runWith(Sink.seq(), kit.actors().system())))
                    .containsExactly(500_500);
        }

        @VivariumTest
        void neverMindsAnEmptyInput(TestPool kit, PythonPool pool) throws Exception {
            assertThat(done(Source.<Integer>empty()
                            .via(through(pool, "total"))
                            .runWith(Sink.seq(), kit.actors().system())))
                    .containsExactly(0);
        }

        @VivariumTest
        void needNotTakeItsInput(TestPool kit, PythonPool pool) throws Exception {
            List<Integer> items = done(Source.range(1, 1_000_000)
                    .via(pool.<Integer, Integer>streamThrough(
                            PythonCall.to("items").args(3).returning(Integer.class)))
                    .runWith(Sink.seq(), kit.actors().system()));

            assertThat(items).isEqualTo(numbers(0, 3));
            serves(pool);
        }

        @VivariumTest
        void isCancelledWhenItsInputFails(TestPool kit, PythonPool pool) throws Exception {
            Pair<PendingCall<Long>, CompletionStage<List<Integer>>> run = Source.range(1, 10)
                    .map(i -> 10 / (5 - i))
                    .viaMat(through(pool, "total"), Keep.right())
                    .toMat(Sink.seq(), Keep.both())
                    .run(kit.actors().system());

            assertThat(catchThrowableOfType(ExecutionException.class, () -> done(run.second())))
                    .hasCauseInstanceOf(ArithmeticException.class);
            assertThat(catchThrowableOfType(CallCancelled.class, () -> kit.outcome(run.first())))
                    .isNotNull();
            serves(pool);
        }

        @VivariumTest
        void isFreeWhenItsConsumerCancelsWhileItWaitsForInput(TestPool kit, PythonPool pool) throws Exception {
            SinkQueueWithCancel<Integer> items = Source.range(1, 3)
                    .concat(Source.maybe())
                    .via(through(pool, "doubled"))
                    .runWith(Sink.queue(), kit.actors().system());
            assertThat(done(items.pull())).contains(2);

            items.cancel();

            serves(pool);
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }
    }

    @Nested
    class InASession {

        private Source<Integer, PendingCall<Long>> counting(PythonPool pool, int count) {
            return pool.session("s").stream(
                    PythonCall.to("count_items").args(count).returning(Integer.class));
        }

        @VivariumTest
        void keepsWhatItChangedWhenItHasEnded(TestPool kit, PythonPool pool) throws Exception {
            assertThat(all(counting(pool, 3), kit)).containsExactly(1, 2, 3);
            assertThat(all(counting(pool, 2), kit)).containsExactly(4, 5);

            assertThat(pool.session("s").call("recall", Integer.class, "count").await())
                    .isEqualTo(5);
        }

        @VivariumTest
        void leavesNothingWhenItsConsumerCancels(TestPool kit, PythonPool pool) throws Exception {
            assertThat(all(counting(pool, 2), kit)).containsExactly(1, 2);
            Run<Integer> run = Run.of(counting(pool, 1000), kit);
            assertThat(run.next(2)).containsExactly(3, 4);

            run.items().cancel();

            assertThat(pool.session("s").call("recall", Integer.class, "count").await())
                    .isEqualTo(2);
        }
    }
}
