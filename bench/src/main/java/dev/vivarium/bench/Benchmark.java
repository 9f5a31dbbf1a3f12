package dev.vivarium.bench;

import dev.vivarium.bench.floor.Transport;
import java.util.Locale;

/** What can be measured. */
public enum Benchmark {
    /** One caller, one small call at a time: how long until the reply is seen. */
    LATENCY("small calls of one caller, one after the other, beside the floor", 1, 20_000, 20_000),
    /** Many small calls in flight: how many a second; and whether two workers do more work than one. */
    THROUGHPUT(
            "small calls, 32 in flight, from one thread and from 32, beside the floor; and work on two workers",
            1,
            100_000,
            50_000),
    /** One mebibyte there and back. */
    PAYLOAD("1 MiB of bytes, and of float32, there and back, beside memory copies", 1, 3_000, 6_000),
    /** A worker's death, and its replacement. */
    RESTART("SIGKILL to the first correct reply of the replacement, beside fork and start of an interpreter", 1, 50, 0),
    /** Many workers at once. */
    STARTUP("many workers until they are ready, and the private memory of each", 100, 5, 0),
    /** What a pool uses while nobody calls it. */
    IDLE("processor time of an idle pool, beside a bare actor system", 4, 4, 0),
    /** What sessions cost. */
    SESSION("calls of sessions beside calls of none, by size of the state", 1, 12_000, 6_000),
    /** Small items, one after the other. */
    STREAM("small items of a stream, beside the floor; and memory while a consumer has stopped", 1, 2_000_000, 400_000),
    /** Other ways to call Python. */
    PEERS("the same work on other ways to call Python from Java: those that are there", 1, 4_000, 4_000);

    /** One way of measuring. */
    @FunctionalInterface
    interface Program {
        Report run(Workbench bench) throws Exception;
    }

    private final String summary;
    private final int workers;
    private final int calls;
    private final int warmUp;

    Benchmark(String summary, int workers, int calls, int warmUp) {
        this.summary = summary;
        this.workers = workers;
        this.calls = calls;
        this.warmUp = warmUp;
    }

    private Program program() {
        return switch (this) {
            case LATENCY -> new Latency();
            case THROUGHPUT -> new Throughput();
            case PAYLOAD -> new Payload();
            case RESTART -> new Restart();
            case STARTUP -> new Startup();
            case IDLE -> new Idle();
            case SESSION -> new SessionCost();
            case STREAM -> new Streams();
            case PEERS -> new Peers();
        };
    }

    /** Returns its name on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns in a few words what is measured. */
    public String summary() {
        return summary;
    }

    /** Returns what it is told unless told otherwise. */
    public BenchSettings defaults() {
        return new BenchSettings("python3", workers, calls, warmUp, Transport.PIPE);
    }

    /** Returns whether this process, and what it starts, may use one processor only. */
    public static boolean isPinned() {
        return Environment.pinned();
    }

    /**
     * Measures. Takes seconds to minutes, and the whole machine; starts Python processes, and leaves none of them behind, however
     * it ends.
     *
     * @throws BenchUnavailable when this machine lacks something
     * @throws InterruptedException when the thread is interrupted; other exceptions may come of that too
     * @throws Exception when a call fails: a measurement with failures is none
     */
    public Report run(BenchSettings settings, Progress progress) throws Exception {
        try (Workbench bench = new Workbench(settings, progress)) {
            return program().run(bench);
        }
    }
}
