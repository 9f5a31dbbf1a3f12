package dev.vivarium.bench;

import dev.vivarium.PythonPool;
import dev.vivarium.bench.floor.BareLoop;
import dev.vivarium.bench.floor.Codec;
import dev.vivarium.bench.floor.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One mebibyte there and back, as bytes and as an array of float32, in the ways that the pool's interface has for them. */
final class Payload implements Benchmark.Program {

    private static final int BYTES = 1 << 20;
    private static final int IN_A_ROW = 5;
    private static final String ASKED = "<= 1.5";

    /** A seed like any other: the numbers have all their digits, as numbers of a computation have. */
    private static final long SEED = 1;

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
        Samples encoded = rounds.add(
                "bytes, as base64 in JSON",
                EchoCalls.seenByABlockedCaller(() -> pool.call("echo_bytes", byte[].class, bytes)));
        Samples listed = rounds.add(
                "float32, as numbers in JSON",
                EchoCalls.seenByABlockedCaller(() -> pool.call("echo", float[].class, floats)));

        rounds.run(settings.warmUp(), settings.calls(), IN_A_ROW);

        List<Row> rows = new ArrayList<>();
        floors.forEach(floor -> rows.add(floor.latency(Side.FLOOR)));
        rows.add(encoded.latency(Side.VIVARIUM));
        rows.add(listed.latency(Side.VIVARIUM));
        return bench.report(
                Benchmark.PAYLOAD,
                rows,
                List.of(encoded.latencyOver(base, ASKED), listed.latencyOver(base, ASKED)),
                List.of("the pool's interface has no bytes or arrays beside JSON yet"));
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
