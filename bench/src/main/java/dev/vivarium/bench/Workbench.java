package dev.vivarium.bench;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonPool;
import dev.vivarium.bench.floor.Codec;
import dev.vivarium.bench.floor.FloorProcess;
import dev.vivarium.bench.floor.ForkServer;
import dev.vivarium.bench.floor.ItemLoop;
import dev.vivarium.bench.floor.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** What one measurement works with: scripts, pools, floor processes. Everything ends with it. Used by one thread. */
final class Workbench implements AutoCloseable {

    /** What is said of a run that is not pinned. */
    static final String FREE =
            "not pinned: waking an idle processor takes its time, and medians jump between two values; --pin has steady ones";

    private static final String BENCH_HANDLERS = "bench_handlers.py";

    private static final List<String> SCRIPTS =
            List.of("floor.py", "fork.py", "stream.py", BENCH_HANDLERS, "numpy_handlers.py", "scientific_handlers.py");
    private static final Duration CLOSING = Duration.ofSeconds(10);

    private final BenchSettings settings;
    private final Progress progress;
    private final Path folder;
    private final Deque<Runnable> open = new ArrayDeque<>();
    private final Environment environment;

    Workbench(BenchSettings settings, Progress progress) throws IOException, BenchUnavailable {
        this.settings = settings;
        this.progress = progress;
        environment = Environment.now(settings.python()); // First: there may be no such interpreter.
        folder = Files.createTempDirectory("vivarium-bench");
        for (String script : SCRIPTS) {
            try (InputStream in =
                    Objects.requireNonNull(Workbench.class.getResourceAsStream(script), "the jar has no " + script)) {
                Files.copy(in, folder.resolve(script));
            }
        }
    }

    BenchSettings settings() {
        return settings;
    }

    Progress progress() {
        return progress;
    }

    /** Returns whether there is only one processor, for Java and for Python. */
    boolean pinned() {
        return Environment.pinned();
    }

    Rounds rounds() {
        return new Rounds(progress);
    }

    /** Starts a process of the floor. */
    FloorProcess floor(Transport transport, Codec codec, int bytes) throws IOException, BenchUnavailable {
        FloorProcess process =
                FloorProcess.start(settings.python(), folder.resolve("floor.py"), folder, transport, codec, bytes);
        open.push(process::close);
        return process;
    }

    /** Starts another way to call Python. */
    Peer.Started start(Peer peer) throws Exception {
        Peer.Started started = peer.start(settings.python(), folder);
        open.push(started::close);
        return started;
    }

    /** Starts a process of the floor that writes items. */
    ItemLoop itemLoop() throws BenchUnavailable {
        ItemLoop loop = ItemLoop.start(settings.python(), folder.resolve("stream.py"));
        open.push(loop::close);
        return loop;
    }

    /** Starts an interpreter that forks. */
    ForkServer forkServer(List<String> modules) throws IOException, BenchUnavailable {
        ForkServer server = ForkServer.start(settings.python(), folder.resolve("fork.py"), modules);
        open.push(server::close);
        return server;
    }

    /** Starts a pool with the bench's handlers, and returns when all its workers are ready. */
    PythonPool pool(String name, int workers, UnaryOperator<PoolConfigBuilder> more)
            throws BenchUnavailable, InterruptedException {
        return poolOf(BENCH_HANDLERS, name, workers, more);
    }

    /** Starts a pool with other handlers, and returns when all its workers are ready. */
    PythonPool poolOf(String handlers, String name, int workers, UnaryOperator<PoolConfigBuilder> more)
            throws BenchUnavailable, InterruptedException {
        PoolConfigBuilder config = PoolConfig.builder()
                .name(name)
                .python(settings.python())
                .interpreterArguments(List.of("-B")) // Compiled, the handlers would leave a file.
                .handlers(folder.resolve(handlers).toString())
                .workers(workers)
                .minReady(workers);
        PythonPool pool = PythonPool.start(more.apply(config).build());
        open.push(() -> pool.close(CLOSING));
        try {
            var unused = pool.whenServing().toCompletableFuture().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PoolStartFailed failed) {
                throw new BenchUnavailable(String.valueOf(failed.getMessage()), failed);
            }
            throw new IllegalStateException(e.getCause());
        }
        return pool;
    }

    /** Returns where this is measured, as it is now. */
    Environment.Facts environment() {
        return environment.ended();
    }

    /** Returns a report of what was measured, with where. */
    Report report(Benchmark benchmark, List<Row> rows, List<Ratio> ratios, List<String> notes) {
        return new Report(benchmark.word(), settings, environment.ended(), rows, ratios, notes);
    }

    @Override
    public void close() throws IOException {
        while (!open.isEmpty()) {
            open.pop().run();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
