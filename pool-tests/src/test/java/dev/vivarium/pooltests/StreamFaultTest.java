package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams whose worker lies, whose frames go astray, and whose pool ends. */
class StreamFaultTest {

    private static <T> T done(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    private static Source<Integer, PendingCall<Long>> items(PythonPool pool, int count) {
        return pool.stream("items", Integer.class, count);
    }

    private static <E extends PoolException> E failure(Class<E> type, CompletionStage<?> stage) {
        ExecutionException failed = catchThrowableOfType(ExecutionException.class, () -> done(stage));
        assertThat(failed).as("the failure of the stream").isNotNull();
        assertThat(failed.getCause()).isInstanceOf(type);
        return type.cast(failed.getCause());
    }

    /** What workers say that is not so, on the layers whose workers can be told to. */
    @Nested
    class AWorkerThat {

        private void breaksTheProtocol(Layer layer, Reaction reaction, String detail) throws Exception {
            TestPoolSpec spec = TestPoolSpec.of(layer)
                    .workers(1)
                    .seed(1)
                    .script(WorkerScript.standard().with("odd", call -> reaction))
                    .options("streams.window-items = 4", "streams.window-bytes = 1KiB", "streams.frame-items = 3");
            try (TestPool kit = TestPool.start(spec).ensureReady()) {
                kit.expectWarning("broke the protocol");

                // It takes less than the first frame, so that nothing is granted.
                PendingCall<Long> call = kit.pool().stream("odd", String.class)
                        .to(Sink.<String>queue().withAttributes(Attributes.inputBuffer(1, 1)))
                        .run(kit.actors().system());

                WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));
                assertThat(error.exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
                assertThat(error.exit().detail()).contains("MALFORMED_BODY").contains(detail);
                assertThat(error.execution()).isNotEqualTo(Execution.NOT_STARTED);
                assertThat(kit.outcome(kit.pool().call("echo", String.class, "well")))
                        .isEqualTo("well");
                assertThat(kit.leaks()).isEmpty();
            }
        }

        private static final Reaction END = new Reaction.Hang(true);

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void sendsAnItemTwiceIsReplaced(Layer layer) throws Exception {
            breaksTheProtocol(
                    layer,
                    new Reaction.Yield(List.of("a", "b"), new Reaction.Misstate(1, List.of("b"), END)),
                    "item 1 came where 2 is next");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void leavesAnItemOutIsReplaced(Layer layer) throws Exception {
            breaksTheProtocol(
                    layer,
                    new Reaction.Yield(List.of("a"), new Reaction.Misstate(2, List.of("c"), END)),
                    "item 2 came where 1 is next");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void sendsMoreItemsThanItMayIsReplaced(Layer layer) throws Exception {
            Reaction more = new Reaction.Misstate(
                    0,
                    List.of("a", "b", "c"),
                    new Reaction.Misstate(3, List.of("d", "e", "f"), new Reaction.Misstate(6, List.of("g"), END)));
            breaksTheProtocol(layer, more, "allowed were 4");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void sendsMoreBytesThanItMayIsReplaced(Layer layer) throws Exception {
            String half = "x".repeat(600);
            breaksTheProtocol(
                    layer, new Reaction.Misstate(0, List.of(half, half, half), END), "1806 bytes came, allowed were 4");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void putsMoreItemsIntoAFrameThanItMayIsReplaced(Layer layer) throws Exception {
            breaksTheProtocol(
                    layer, new Reaction.Misstate(0, List.of(1, 2, 3, 4), END), "a frame holds at most 3 items");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void miscountsItsItemsIsReplaced(Layer layer) throws Exception {
            breaksTheProtocol(
                    layer, new Reaction.Yield(List.of("a", "b"), new Reaction.Miscount(3)), "another number of items");
        }

        @ParameterizedTest
        @EnumSource(names = {"FAKE", "SCRIPTED"})
        void asksForInputThatItDoesNotGetIsReplaced(Layer layer) throws Exception {
            breaksTheProtocol(layer, new Reaction.Take(item -> END), "it gets no items");
        }
    }

    @Nested
    @VivariumTest(
            layers = {Layer.SCRIPTED, Layer.PYTHON},
            workers = 1,
            expectWarnings = "broke the protocol")
    class AFrameOfItemsThatIs {

        private void costsTheWorker(TestPool kit, FaultInjector faults, Fault fault) throws Exception {
            try (FaultLease landed = faults.at(Moment.STREAMED).arm(fault)) {
                Pair<PendingCall<Long>, CompletionStage<List<Integer>>> run = items(kit.pool(), 50)
                        .toMat(Sink.seq(), Keep.both())
                        .run(kit.actors().system());

                assertThat(failure(WorkerCrashed.class, run.second()).exit().cause())
                        .isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
                assertThat(landed.landed()).isEqualTo(1);
                assertThat(run.first().attempts()).isEqualTo(1);
            }
            assertThat(kit.pool().call("echo", String.class, "well").await()).isEqualTo("well");
        }

        @VivariumTest
        void duplicatedCostsTheWorker(TestPool kit, FaultInjector faults) throws Exception {
            costsTheWorker(kit, faults, new Fault.Duplicated());
        }

        @VivariumTest
        void reorderedCostsTheWorker(TestPool kit, FaultInjector faults) throws Exception {
            costsTheWorker(kit, faults, new Fault.Reordered());
        }

        @VivariumTest
        void droppedCostsTheWorker(TestPool kit, FaultInjector faults) throws Exception {
            costsTheWorker(kit, faults, new Fault.Dropped());
        }

        @VivariumTest
        void truncatedCostsTheWorker(TestPool kit, FaultInjector faults) throws Exception {
            costsTheWorker(kit, faults, new Fault.Truncated());
        }
    }

    @Nested
    @VivariumTest(
            layers = {Layer.SCRIPTED, Layer.PYTHON},
            workers = 1)
    class ItemsThatComeLate {

        @VivariumTest
        void arrive(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.STREAMED).arm(new Fault.Delayed(Duration.ofMillis(50)))) {
                assertThat(done(items(kit.pool(), 5000)
                                .runWith(Sink.seq(), kit.actors().system())))
                        .isEqualTo(IntStream.range(0, 5000).boxed().toList());
                assertThat(landed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest
        void afterTheConsumerCancelledAreDropped(TestPool kit, FaultInjector faults) throws Exception {
            FaultLease cut = faults.at(Moment.STREAMED).arm(new Fault.Partitioned(false, true));
            SinkQueueWithCancel<Integer> run = items(kit.pool(), 100_000)
                    .runWith(Sink.queue(), kit.actors().system());
            kit.awaitThat("items are on their way", () -> cut.landed() == 1);

            run.cancel();
            cut.heal();

            assertThat(kit.pool().call("echo", String.class, "well").await()).isEqualTo("well");
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }
    }

    @Nested
    @VivariumTest(
            layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
            workers = 1,
            readiness = VivariumTest.Readiness.ALL_WORKERS)
    class APoolThatCloses {

        @VivariumTest
        void failsAStreamThatDoesNotEndInTime(TestPool kit, PythonPool pool) throws Exception {
            Pair<PendingCall<Long>, SinkQueueWithCancel<Integer>> run = items(pool, 100_000)
                    .toMat(Sink.queue(), Keep.both())
                    .run(kit.actors().system());
            assertThat(done(run.second().pull())).contains(0);

            pool.close(Duration.ZERO);

            WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(run.first()));
            assertThat(error.exit().cause()).isEqualTo(TransitionCause.DRAINED);
            assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
        }

        @VivariumTest
        void refusesAStream(TestPool kit, PythonPool pool) {
            pool.close(Duration.ZERO);

            assertThat(failure(
                            PoolClosed.class,
                            items(pool, 3).runWith(Sink.seq(), kit.actors().system())))
                    .extracting(PoolException::execution)
                    .isEqualTo(Execution.NOT_STARTED);
        }
    }

    @Nested
    class AHandlerThatReportsProgress {

        @VivariumTest(layers = Layer.FAKE, readiness = VivariumTest.Readiness.NOT_STARTED)
        void isNotStalledWhileItsConsumerStops() throws Exception {
            TestPoolSpec spec = TestPoolSpec.of(Layer.FAKE)
                    .workers(1)
                    .seed(1)
                    .script(WorkerScript.standard()
                            .with(
                                    "reporting",
                                    call -> new Reaction.Progress(new Reaction.Yield(
                                            IntStream.range(0, 100).boxed().toList(), new Reaction.Finish()))))
                    .options(
                            "streams.window-items = 2",
                            "stall-timeout = 10s",
                            "call-timeout = 10h",
                            "health-interval = 1d");
            try (TestPool kit = TestPool.start(spec).ensureReady()) {
                Pair<PendingCall<Long>, SinkQueueWithCancel<Integer>> run = kit.pool().stream(
                                PythonCall.to("reporting").returning(Integer.class))
                        .toMat(Sink.queue(1), Keep.both())
                        .run(kit.actors().system());
                assertThat(done(run.second().pull())).contains(0);

                kit.time().advance(Duration.ofHours(1));

                assertThat(run.first().isDone()).isFalse();
                for (int i = 1; i < 100; i++) {
                    assertThat(done(run.second().pull())).contains(i);
                }
                assertThat(done(run.second().pull())).isEmpty();
            }
        }
    }
}
