package dev.vivarium.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.protocol.RawJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * Reads, calls, writes: a stream with a bounded number of calls under way, so that memory stays flat for input of any
 * length. Reading and writing block and have a dispatcher of their own.
 */
final class Pipeline implements AutoCloseable {

    /** Calls for each worker that may wait or be answered: enough to keep it busy while a slow call holds up the order. */
    private static final int CALLS_PER_WORKER = 16;

    private static final int WRITE_BYTES = 1 << 16;

    private static final String BLOCKING = "vivarium-cli.blocking";

    private static final Config CONFIG = ConfigFactory.parseString("""
            pekko {
              daemonic = on
              stdout-loglevel = OFF
              log-dead-letters = off
              loggers = ["org.apache.pekko.event.slf4j.Slf4jLogger"]
              coordinated-shutdown.run-by-jvm-shutdown-hook = off
            }
            vivarium-cli.blocking {
              type = Dispatcher
              executor = "thread-pool-executor"
              throughput = 1
              thread-pool-executor.fixed-pool-size = 4
            }
            """);

    private final PoolConfig config;
    private final Tally tally;
    private final @Nullable Duration killEvery;
    private final Random random;
    private final PrintWriter messages;
    private final SharedKillSwitch stop = KillSwitches.shared("stop");
    private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1, task -> {
        Thread thread = new Thread(task, "vivarium-ticks");
        thread.setDaemon(true);
        return thread;
    });
    private final PrintStream errors = System.err;
    private final Progress progress = new Progress(errors);
    private @Nullable ActorSystem<Void> system;
    private volatile @Nullable PythonPool pool;
    private volatile @Nullable CallGate gate;
    private volatile boolean stopped;
    private final CountDownLatch told = new CountDownLatch(1);
    private final CompletableFuture<@Nullable Void> halted = new CompletableFuture<>();

    Pipeline(PoolConfig config, Tally tally, @Nullable Duration killEvery, @Nullable Long seed, PrintWriter messages) {
        this.config = config;
        this.tally = tally;
        this.killEvery = killEvery;
        this.random = seed != null ? new Random(seed) : new Random();
        this.messages = messages;
    }

    PythonPool start() {
        ActorSystem<Void> created =
                ActorSystem.create(Behaviors.empty(), "vivarium-cli", CONFIG.withFallback(ConfigFactory.load()));
        system = created;
        PythonPool started = PythonPool.start(config, created);
        boolean late;
        synchronized (this) {
            pool = started;
            late = stopped;
        }
        if (late) {
            started.close(Duration.ZERO); // The signal came before there was a pool to close.
        }
        return started;
    }

    /** Ends the run in order: reads no more, finishes the calls that run. May be called from any thread. */
    void stop() {
        PythonPool known;
        CallGate open;
        synchronized (this) {
            stopped = true;
            known = pool;
            open = gate;
        }
        stop.shutdown();
        try {
            if (open != null) {
                open.close();
            }
            // Only now is it true: until the gate is closed, what ends makes room for what has not started.
            progress.clear();
            messages.println("vivarium: stopping: what runs is finished first; Ctrl-C again leaves at once");
        } finally {
            told.countDown();
            halted.complete(null);
        }
        if (open == null && known != null) {
            known.close(Duration.ZERO); // Nothing to finish: whoever waits for the pool is told that it closed.
        }
    }

    /** Reads what comes before the records, which may be waited for; {@link #stop} ends the wait. */
    InputRecord.@Nullable Malformed begin(Inputs inputs)
            throws RunCommand.PipelineStopped, InterruptedException, IOException {
        CompletableFuture<Optional<InputRecord.Malformed>> reading = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        reading.complete(Optional.ofNullable(inputs.begin()));
                    } catch (IOException | RuntimeException e) {
                        reading.completeExceptionally(e);
                    }
                },
                "vivarium-begin");
        thread.setDaemon(true);
        thread.start();
        try {
            var unused = CompletableFuture.anyOf(reading, halted).get();
            if (!reading.isDone()) {
                throw new RunCommand.PipelineStopped();
            }
            return reading.get().orElse(null);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /**
     * Begins the run, unless it was stopped: from here on its output is written, and {@link #stop} lets it end by itself.
     */
    synchronized void begin() throws RunCommand.PipelineStopped {
        PythonPool workers = pool;
        if (workers == null || stopped) {
            throw new RunCommand.PipelineStopped();
        }
        gate = new CallGate(workers, config.sizing().workers(), System::nanoTime);
    }

    /** Writing failed, which is told from a failure to read by its type. */
    private static final class WriteFailed extends UncheckedIOException {
        private static final long serialVersionUID = 1L;

        private final IOException why;

        WriteFailed(IOException why) {
            super(why);
            this.why = why;
        }
    }

    /** Runs everything through, once the run has begun, and returns the summary. */
    Map<String, Object> run(Inputs inputs, OutputStream out, RunFiles files) throws InterruptedException, UserError {
        PythonPool workers = pool;
        ActorSystem<Void> materializer = system;
        CallGate calls = gate;
        if (workers == null || materializer == null || calls == null) {
            throw new IllegalStateException("the run has not begun");
        }
        startTicks(workers);
        int parallelism = Math.min(
                config.sizing().queueCapacity(),
                CALLS_PER_WORKER * config.sizing().workers());
        CompletionStage<Done> end = Source.unfoldResource(() -> inputs, Pipeline::next, Inputs::close)
                // Its own dispatcher is also a boundary: while it waits for input, results go out and Ctrl-C is heard.
                .withAttributes(ActorAttributes.dispatcher(BLOCKING))
                .via(stop.flow())
                .mapAsync(parallelism, record -> call(calls, record))
                .takeWhile(answer -> answer.kind() != Answer.Kind.GIVEN_UP)
                .map(this::counted)
                .batchWeighted(WRITE_BYTES, line -> (long) line.length, Lines::new, Lines::and)
                .via(Flow.of(Lines.class)
                        .map(lines -> write(out, lines))
                        .withAttributes(ActorAttributes.dispatcher(BLOCKING))
                        .async())
                .runWith(Sink.ignore(), materializer);
        try {
            end.toCompletableFuture().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof WriteFailed failed) {
                throw files.outputFailed(failed.why);
            }
            Throwable cause = e.getCause() instanceof UncheckedIOException io ? io.getCause() : e.getCause();
            if (cause instanceof IOException io) {
                throw files.inputFailed(io);
            }
            throw new IllegalStateException(cause);
        } finally {
            if (stopped) {
                // The stream ends at the first call that was given up, or when the output's reader was stopped as well;
                // closing the pool would kill what still runs behind that.
                told.await(); // The summary comes after the message.
                calls.awaitEnd();
            }
            ticks.shutdownNow();
            progress.clear();
            System.setErr(errors);
        }
        Map<String, Object> summary = tally.summary(workers.snapshot());
        messages.println("vivarium: " + Tally.describe(summary));
        return summary;
    }

    private static Optional<InputRecord> next(Inputs inputs) throws IOException {
        return Optional.ofNullable(inputs.next());
    }

    /**
     * What became of an input.
     *
     * @param line what is written
     * @param tookNanos from the moment when the pool was given the call, to the answer
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on once; never compared.
    private record Answer(Kind kind, byte[] line, long tookNanos) {
        enum Kind {
            OK,
            FAILED,
            MALFORMED,
            GIVEN_UP
        }
    }

    private CompletionStage<Answer> call(CallGate calls, InputRecord record) {
        long index = tally.submit();
        if (record instanceof InputRecord.Malformed malformed) {
            return CompletableFuture.completedFuture(
                    new Answer(Answer.Kind.MALFORMED, OutputLine.ofMalformed(malformed), 0));
        }
        return calls.call(((InputRecord.Call) record).call(), ((InputRecord.Call) record).session())
                .thenApply(ended -> {
                    RawJson result = ended.result();
                    if (result != null) {
                        return new Answer(Answer.Kind.OK, OutputLine.ofResult(result), ended.tookNanos());
                    }
                    if (ended.failure() instanceof CallGate.GivenUp) {
                        tally.gaveUp(index);
                        return new Answer(Answer.Kind.GIVEN_UP, new byte[0], 0);
                    }
                    return new Answer(
                            Answer.Kind.FAILED,
                            OutputLine.ofError(poolException(ended.failure()), record.line()),
                            ended.tookNanos());
                });
    }

    /** Counts an answer that is going to be written: answers behind one that was given up are not. */
    private byte[] counted(Answer answer) {
        switch (answer.kind()) {
            case OK, FAILED -> tally.ended(answer.kind() == Answer.Kind.OK, answer.tookNanos());
            case MALFORMED -> tally.malformed();
            case GIVEN_UP -> throw new IllegalStateException("an answer that was given up is not written");
        }
        return answer.line();
    }

    private static PoolException poolException(@Nullable Throwable failure) {
        if (failure instanceof PoolException error) {
            return error;
        }
        throw new IllegalStateException("a call failed with something else than a PoolException", failure);
    }

    /** Lines that wait for the writer: written together when it is slow, and each at once when it is not. */
    private static final class Lines {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int count;

        Lines(byte[] first) {
            and(first);
        }

        Lines and(byte[] line) {
            bytes.writeBytes(line);
            count++;
            return this;
        }
    }

    private Lines write(OutputStream out, Lines lines) {
        try {
            lines.bytes.writeTo(out);
        } catch (IOException e) {
            throw new WriteFailed(e);
        }
        tally.written(lines.count);
        return lines;
    }

    private void startTicks(PythonPool workers) {
        if (killEvery != null) {
            scheduleKill(workers, killEvery);
        }
        if (Progress.onTerminal()) {
            System.setErr(progress.terminal());
            var unused = ticks.scheduleAtFixedRate(
                    () -> progress.draw(tally, workers.snapshot()), 200, 200, TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Kills at random moments, on average one each {@code pace} (a Poisson process). At fixed moments a call that takes
     * longer than the time between two would never end once it is the only one left.
     */
    private void scheduleKill(PythonPool workers, Duration pace) {
        long wait = Math.round(-Math.log(1 - random.nextDouble()) * pace.toNanos());
        try {
            var unused = ticks.schedule(
                    () -> {
                        kill(workers);
                        scheduleKill(workers, pace);
                    },
                    wait,
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            progress.clear(); // The run has ended, and the ticks with it.
        }
    }

    private void kill(PythonPool workers) {
        PoolSnapshot snapshot = workers.snapshot();
        List<WorkerSnapshot> busy = snapshot.workers().stream()
                .filter(worker -> worker.phase() == WorkerSnapshot.Phase.BUSY)
                .toList();
        if (!busy.isEmpty()) {
            WorkerSnapshot victim = busy.get(random.nextInt(busy.size()));
            tally.kills(victim.worker(), victim.incarnation());
            workers.signal(victim.worker(), victim.incarnation(), Signal.KILL);
        }
    }

    @Override
    public void close() {
        ticks.shutdownNow();
        PythonPool known = pool;
        if (known != null) {
            known.close(Duration.ZERO);
        }
    }
}
