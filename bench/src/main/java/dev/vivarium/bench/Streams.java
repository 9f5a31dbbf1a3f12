package dev.vivarium.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;

/** Small items of a stream with backpressure, a second; and what a stream takes whose consumer has stopped. */
final class Streams implements Benchmark.Program {

    private static final int IN_A_ROW = 100_000;
    private static final String RATE = "items/s";
    private static final String MEMORY = "KiB";
    private static final String FLOOR = "pipe, json, bare loop";
    private static final Duration HOUR = Duration.ofHours(1);
    private static final int LOOKS = 5;
    private static final int LOOK_MILLIS = 200;
    private static final int ENDLESS = Integer.MAX_VALUE;
    private static final long KIBIBYTE = 1024;

    @Override
    public Report run(Workbench bench) throws Exception {
        BenchSettings settings = bench.settings();
        PythonPool pool = bench.pool("stream", settings.workers(), config -> config);
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "bench");
        try {
            Rounds rounds = bench.rounds();
            Samples floor = rounds.add(FLOOR, bench.itemLoop());
            List<Samples> ours = List.of(
                    rounds.add("stream of a generator", subject(pool, "items", system)),
                    rounds.add("stream of an asynchronous generator", subject(pool, "items_later", system)));

            rounds.run(settings.warmUp(), settings.calls(), IN_A_ROW);

            List<Row> rows = new ArrayList<>();
            List<Ratio> ratios = new ArrayList<>();
            rows.add(floor.rate(Side.FLOOR, RATE));
            for (Samples samples : ours) {
                rows.add(samples.rate(Side.VIVARIUM, RATE));
                ratios.add(samples.rateOver(floor, ""));
            }
            rows.add(new Row(
                    Side.VIVARIUM,
                    "the JVM's heap while a consumer has stopped",
                    MEMORY,
                    Distribution.of(stopped(pool, system))));
            return bench.report(
                    Benchmark.STREAM,
                    rows,
                    ratios,
                    List.of(
                            "asked: >= 200,000 items/s; memory flat with a consumer that stops",
                            "the floor decodes each item, too",
                            "the heap is what is used after a collection, each " + LOOK_MILLIS
                                    + " ms from when the consumer stopped"));
        } finally {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().join();
        }
    }

    private static Source<JsonNode, PendingCall<Long>> items(PythonPool pool, String handler, int count) {
        return pool.stream(PythonCall.to(handler).args(count).timeout(HOUR));
    }

    private static Subject subject(PythonPool pool, String handler, ActorSystem<?> system) {
        return (calls, nanos) -> {
            long seen = items(pool, handler, calls)
                    .runWith(Sink.fold(0L, (count, item) -> count + 1), system)
                    .toCompletableFuture()
                    .get();
            if (seen != calls) {
                throw new IllegalStateException("of " + calls + " items came " + seen);
            }
        };
    }

    /** Returns the heap that is used while a stream without end waits for its consumer. */
    private static double[] stopped(PythonPool pool, ActorSystem<?> system)
            throws InterruptedException, ExecutionException {
        Pair<PendingCall<Long>, SinkQueueWithCancel<JsonNode>> run =
                items(pool, "items", ENDLESS).toMat(Sink.queue(), Keep.both()).run(system);
        try {
            var unusedFirst = run.second().pull().toCompletableFuture().get();
            double[] used = new double[LOOKS];
            for (int i = 0; i < LOOKS; i++) {
                var unusedWait = new CountDownLatch(1).await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                System.gc();
                Runtime runtime = Runtime.getRuntime();
                used[i] = (runtime.totalMemory() - runtime.freeMemory()) / (double) KIBIBYTE;
            }
            return used;
        } finally {
            run.first().cancel();
        }
    }
}
