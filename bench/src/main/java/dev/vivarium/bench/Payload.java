package dev.vivarium.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.bench.floor.BareLoop;
import dev.vivarium.bench.floor.Codec;
import dev.vivarium.bench.floor.Transport;
import dev.vivarium.protocol.DType;
import dev.vivarium.protocol.RawJson;
import dev.vivarium.protocol.Tensor;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One mebibyte there and back, as bytes and as an array of float32, beside the JSON and through it; and what a large array takes
 * of memory on both sides.
 */
final class Payload implements Benchmark.Program {

    private static final int BYTES = 1 << 20;
    private static final int LARGE = 256 << 20;
    private static final int LARGE_CALLS = 3;
    private static final double MEBIBYTE = 1 << 20;
    private static final int IN_A_ROW = 5;

    /** Through JSON a call takes up to 150 ms. */
    private static final int MOST_TEXT_CALLS = 60;

    private static final int MOST_TEXT_WARM_UP = 20;
    private static final String ASKED = "<= 1.5";
    private static final String ASKED_OF_JSON = ">= 10";
    private static final String MEMORY = "MiB";

    /** A seed like any other: the numbers have all their digits, as numbers of a computation have. */
    private static final long SEED = 1;

    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public Report run(Workbench bench) throws Exception {
        BenchSettings settings = bench.settings();
        Rounds rounds = bench.rounds();
        byte[] bytes = new byte[BYTES];
        new Random(SEED).nextBytes(bytes);
        float[] floats = floats();

        BareLoop small = new BareLoop(bench.floor(settings.transport(), Codec.RAW, Latency.BYTES));
        byte[] there = new byte[BYTES];
        byte[] back = new byte[BYTES];
        Samples base = rounds.add("two memory copies and a small raw call", (calls, nanos) -> {
            for (int i = 0; i < calls; i++) {
                long begun = System.nanoTime();
                System.arraycopy(bytes, 0, there, 0, BYTES);
                System.arraycopy(there, 0, back, 0, BYTES);
                small.run(1, took -> {});
                nanos.accept(System.nanoTime() - begun);
            }
        });
        List<Samples> floors = new ArrayList<>(List.of(base));
        for (Transport transport : Transport.values()) {
            floors.add(rounds.add(
                    transport.word() + ", raw, bare loop", new BareLoop(bench.floor(transport, Codec.RAW, BYTES))));
        }
        PythonPool pool = bench.pool("payload", settings.workers(), config -> config);
        ByteBuffer memory = ByteBuffer.allocate(BYTES);
        Samples intoBytes = rounds.add(
                "bytes, into memory of the caller's",
                EchoCalls.seenByABlockedCaller(
                        () -> pool.call(PythonCall.to("echo").args(bytes).returningInto(memory.clear()))));
        Samples intoFloats = rounds.add(
                "float32, into memory of the caller's",
                EchoCalls.seenByABlockedCaller(
                        () -> pool.call(PythonCall.to("echo").args(floats).returningInto(memory.clear()))));
        Subject toBytes = EchoCalls.seenByABlockedCaller(() -> pool.call("echo", byte[].class, bytes));
        Samples newBytes = rounds.add("bytes, to a new byte[]", toBytes);
        Subject toFloats = EchoCalls.seenByABlockedCaller(() -> pool.call("echo", float[].class, floats));
        Samples newFloats = rounds.add("float32, to a new float[]", toFloats);
        Samples fresh = rounds.add(
                "bytes, of which Python makes new ones",
                EchoCalls.seenByABlockedCaller(() -> pool.call("copied", byte[].class, bytes)));
        rounds.run(settings.warmUp(), settings.calls(), IN_A_ROW);

        // Apart: a call that takes a hundred milliseconds leaves nothing of the others in a processor's caches.
        Rounds texts = bench.rounds();
        Samples bytesBesideText = texts.add("bytes, beside those in JSON", toBytes);
        Samples floatsBesideText = texts.add("float32, beside those in JSON", toFloats);
        Samples encoded = texts.add("bytes, as base64 in JSON", (calls, nanos) -> {
            for (int i = 0; i < calls; i++) {
                long begun = System.nanoTime();
                String text = Base64.getEncoder().encodeToString(bytes);
                byte[] decoded = Base64.getDecoder()
                        .decode(pool.call("echo_bytes", String.class, text).await());
                check(decoded.length);
                nanos.accept(System.nanoTime() - begun);
            }
        });
        Samples listed = texts.add("float32, as numbers in JSON", (calls, nanos) -> {
            for (int i = 0; i < calls; i++) {
                long begun = System.nanoTime();
                RawJson numbers = RawJson.of(JSON.writeValueAsBytes(floats));
                RawJson answer = pool.call("echo", RawJson.class, numbers).await();
                check(JSON.readValue(answer.utf8(), float[].class).length * Float.BYTES);
                nanos.accept(System.nanoTime() - begun);
            }
        });

        texts.run(
                Math.min(settings.warmUp(), MOST_TEXT_WARM_UP), Math.min(settings.calls(), MOST_TEXT_CALLS), IN_A_ROW);

        List<Row> rows = new ArrayList<>();
        floors.forEach(floor -> rows.add(floor.latency(Side.FLOOR)));
        List<Samples> beside = List.of(intoBytes, intoFloats, newBytes, newFloats, fresh);
        List<Ratio> ratios = new ArrayList<>();
        for (Samples each : beside) {
            rows.add(each.latency(Side.VIVARIUM));
            ratios.add(each.latencyOver(base, ASKED));
        }
        List.of(bytesBesideText, floatsBesideText, encoded, listed)
                .forEach(text -> rows.add(text.latency(Side.VIVARIUM)));
        ratios.add(encoded.latencyOver(bytesBesideText, ASKED_OF_JSON));
        ratios.add(listed.latencyOver(floatsBesideText, ASKED_OF_JSON));
        rows.addAll(large(pool));
        return bench.report(
                Benchmark.PAYLOAD,
                rows,
                ratios,
                List.of(
                        "a new array in Java is zeroed before it is filled, which the memory copies of the base are not",
                        "of 256 MiB: heap that was allocated in Java, asked for is <= 2; and private memory of the worker that"
                                + " has read all of it"));
    }

    /** Sends a large array there and back, and measures memory in place of time. */
    private static List<Row> large(PythonPool pool) throws InterruptedException {
        ByteBuffer memory = ByteBuffer.allocateDirect(LARGE);
        Tensor tensor = new Tensor(DType.UINT8, List.of((long) LARGE), memory);
        ByteBuffer destination = ByteBuffer.allocateDirect(LARGE);
        double[] heap = new double[LARGE_CALLS];
        double[] anonymous = new double[LARGE_CALLS];
        for (int i = 0; i < LARGE_CALLS; i++) {
            Map<Long, Long> before = allocated();
            var unused = pool.call(PythonCall.to("echo").args(tensor).returningInto(destination.clear()))
                    .await();
            heap[i] = allocatedSince(before) / MEBIBYTE;
            anonymous[i] = pool.call("anonymous_bytes", Long.class, tensor).await() / MEBIBYTE;
        }
        return List.of(
                new Row(Side.VIVARIUM, "256 MiB of uint8, heap in Java", MEMORY, Distribution.of(heap)),
                new Row(
                        Side.VIVARIUM,
                        "256 MiB of uint8, private memory in Python",
                        MEMORY,
                        Distribution.of(anonymous)));
    }

    /** Returns what each thread that lives has allocated on the heap. */
    private static Map<Long, Long> allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] ids = threads.getAllThreadIds();
        long[] bytes = threads.getThreadAllocatedBytes(ids);
        return IntStream.range(0, ids.length)
                .boxed()
                .collect(Collectors.toMap(i -> ids[i], i -> Math.max(0, bytes[i]))); // -1 of one that has just ended.
    }

    /** Thread by thread: one that ends meanwhile would take all that it ever allocated out of a sum. */
    private static long allocatedSince(Map<Long, Long> before) {
        return allocated().entrySet().stream()
                .mapToLong(now -> Math.max(0, now.getValue() - before.getOrDefault(now.getKey(), 0L)))
                .sum();
    }

    private static void check(int size) {
        if (size != BYTES) {
            throw new IllegalStateException("a wrong answer is no measurement: " + size + " bytes");
        }
    }

    private static float[] floats() {
        Random random = new Random(SEED);
        float[] floats = new float[BYTES / Float.BYTES];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = random.nextFloat();
        }
        return floats;
    }
}
