package dev.vivarium.bench;

import dev.vivarium.PythonPool;
import dev.vivarium.bench.floor.BareLoop;
import dev.vivarium.bench.floor.Codec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The same work on a pool and on other ways to call Python from Java. */
public final class Peers implements Benchmark.Program {

    private static final int IN_FLIGHT = 32;
    private static final int BYTES = 1 << 20;
    private static final int IN_A_ROW = 200;

    /** A call with a mebibyte takes so many times as long. */
    private static final int LARGER = 20;

    private static final String WAITS = ", blocked caller";

    /** A call that is on its way. */
    @FunctionalInterface
    public interface Send {
        /** Sends one; {@code done} gets what it failed with, or null, when it has ended. */
        void call(Consumer<@Nullable Throwable> done) throws Exception;
    }

    Peers() {}

    /** Returns calls of one thread, which makes the next as soon as there are fewer than so many in flight. */
    public static Subject inFlight(int most, Send send) {
        return (calls, nanos) -> {
            Semaphore window = new Semaphore(most);
            AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
            for (int i = 0; i < calls; i++) {
                window.acquire();
                send.call(failure -> {
                    if (failure != null) {
                        failed.set(failure);
                    }
                    window.release();
                });
            }
            window.acquire(most);
            Throwable failure = failed.get();
            if (failure != null) {
                throw new CompletionException("a call failed, and a measurement with failures is none", failure);
            }
        };
    }

    private static List<Peer> known() {
        List<Peer> peers = new ArrayList<>(List.of(new ProcessPerCall(), new HttpPeer()));
        ServiceLoader.load(Peer.class).forEach(peers::add);
        return peers;
    }

    @Override
    public Report run(Workbench bench) throws Exception {
        BenchSettings settings = bench.settings();
        byte[] body = new byte[BYTES];
        new Random(1).nextBytes(body);
        List<String> notes = new ArrayList<>();
        Map<String, Peer.Started> peers = new LinkedHashMap<>();
        for (Peer peer : known()) {
            try {
                peers.put(peer.name(), bench.start(peer));
            } catch (BenchUnavailable e) {
                notes.add(peer.name() + " is left out: " + e.getMessage());
            }
        }
        PythonPool pool = bench.pool("bench", settings.workers(), config -> config);

        Rounds small = bench.rounds();
        Samples floor = small.add(
                "pipe, json, bare loop", new BareLoop(bench.floor(settings.transport(), Codec.JSON, Latency.BYTES)));
        Samples ours = small.add("call" + WAITS, EchoCalls.seenByABlockedCaller(EchoCalls.small(pool)));
        List<Samples> theirs = new ArrayList<>();
        peers.forEach((name, peer) -> theirs.add(small.add(name + WAITS, peer.small())));
        small.run(settings.warmUp(), settings.calls(), IN_A_ROW);

        Rounds many = bench.rounds();
        Samples ourRate = many.add(
                "calls of one thread, 32 in flight", EchoCalls.fromOneThread(EchoCalls.small(pool), IN_FLIGHT));
        List<Samples> theirRates = new ArrayList<>();
        peers.forEach((name, peer) -> peer.inFlight(IN_FLIGHT)
                .ifPresent(subject -> theirRates.add(many.add(name + ", 32 in flight", subject))));
        many.run(settings.warmUp(), settings.calls(), IN_A_ROW);

        Rounds large = bench.rounds();
        Samples ourBytes = large.add(
                "1 MiB" + WAITS, EchoCalls.seenByABlockedCaller(() -> pool.call("echo", byte[].class, (Object) body)));
        List<Samples> theirBytes = new ArrayList<>();
        peers.forEach((name, peer) -> theirBytes.add(large.add(name + ", 1 MiB" + WAITS, peer.bytes(body))));
        large.run(settings.warmUp() / LARGER, Math.max(1, settings.calls() / LARGER), IN_A_ROW / LARGER);

        List<Row> rows = new ArrayList<>(List.of(floor.latency(Side.FLOOR)));
        List<Ratio> ratios = new ArrayList<>();
        rows.add(ours.latency(Side.VIVARIUM));
        theirs.forEach(each -> rows.add(each.latency(Side.PEER)));
        rows.add(ourBytes.latency(Side.VIVARIUM));
        theirBytes.forEach(each -> rows.add(each.latency(Side.PEER)));
        rows.add(ourRate.rate(Side.VIVARIUM));
        theirRates.forEach(each -> rows.add(each.rate(Side.PEER)));
        ratios.add(ours.latencyOver(floor, ""));
        theirs.forEach(each -> ratios.add(each.latencyOver(ours, "")));
        theirBytes.forEach(each -> ratios.add(each.latencyOver(ourBytes, "")));
        theirRates.forEach(each -> ratios.add(ourRate.rateOver(each, "")));
        if (!bench.pinned()) {
            notes.add(Workbench.FREE);
        }
        return bench.report(Benchmark.PEERS, rows, ratios, notes);
    }
}
