package dev.vivarium.bench;

import dev.vivarium.PythonPool;
import dev.vivarium.bench.floor.BareLoop;
import dev.vivarium.bench.floor.Codec;
import dev.vivarium.bench.floor.ReaderThread;
import dev.vivarium.bench.floor.Transport;
import java.util.ArrayList;
import java.util.List;

/** One caller and one small call at a time. */
final class Latency implements Benchmark.Program {

    /** The body of a request on the floor; the pool's calls have the same argument. */
    static final int BYTES = 64;

    private static final int IN_A_ROW = 500;

    private static final String CALLBACK_ASKED = "<= 1.5 pinned";
    private static final String BLOCKED_ASKED = "<= 2.0 pinned";

    @Override
    public Report run(Workbench bench) throws Exception {
        BenchSettings settings = bench.settings();
        Transport transport = settings.transport();
        Rounds rounds = bench.rounds();
        List<Samples> floors = new ArrayList<>();
        Samples base = null;
        for (Transport each : Transport.values()) {
            for (Codec codec : Codec.values()) {
                Samples samples = rounds.add(
                        each.word() + ", " + codec.word() + ", bare loop",
                        new BareLoop(bench.floor(each, codec, BYTES)));
                floors.add(samples);
                if (each == transport && codec == Codec.JSON) {
                    base = samples;
                }
            }
        }
        if (base == null) {
            throw new IllegalStateException("no floor of " + transport);
        }
        // One after the other, so that one thread serves both.
        ReaderThread reader = new ReaderThread(bench.floor(transport, Codec.JSON, BYTES));
        String with = transport.word() + ", json, reader thread";
        Samples floorCallback = rounds.add(with + ", in the callback", reader.seenInTheCallback());
        Samples floorBlocked = rounds.add(with + ", blocked caller", reader.seenByABlockedCaller());
        floors.add(floorCallback);
        floors.add(floorBlocked);

        PythonPool pool = bench.pool("bench", settings.workers(), config -> config);
        Samples direct =
                rounds.add("call, in the callback, directly", EchoCalls.seenInTheCallback(EchoCalls.smallDirect(pool)));
        Samples callback = rounds.add("call, in the callback", EchoCalls.seenInTheCallback(EchoCalls.small(pool)));
        Samples blocked = rounds.add("call, blocked caller", EchoCalls.seenByABlockedCaller(EchoCalls.small(pool)));

        rounds.run(settings.warmUp(), settings.calls(), IN_A_ROW);

        List<Row> rows = new ArrayList<>();
        floors.forEach(floor -> rows.add(floor.latency(Side.FLOOR)));
        rows.add(direct.latency(Side.VIVARIUM));
        rows.add(callback.latency(Side.VIVARIUM));
        rows.add(blocked.latency(Side.VIVARIUM));
        return bench.report(
                Benchmark.LATENCY,
                rows,
                List.of(
                        direct.latencyOver(base, CALLBACK_ASKED),
                        callback.latencyOver(base, ""),
                        blocked.latencyOver(base, BLOCKED_ASKED),
                        direct.latencyOver(floorCallback, ""),
                        callback.latencyOver(floorCallback, ""),
                        blocked.latencyOver(floorBlocked, "")),
                bench.pinned() ? List.of() : List.of(Workbench.FREE));
    }
}
