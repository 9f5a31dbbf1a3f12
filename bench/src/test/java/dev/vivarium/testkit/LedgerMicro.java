package dev.vivarium.testkit;

import dev.vivarium.CallOutcome;
import dev.vivarium.PythonCall;
import dev.vivarium.testkit.internal.ExecutionLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a call costs the ledger: its outcome is entered, and compared with what the workers have executed. Needs no pool. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LedgerMicro {

    private static final int CALLS = 1000;

    private final PythonCall<?> call = PythonCall.to("h");
    private Path record;
    private Ledger ledger;

    /** Writes what a worker would have written. */
    @Setup
    public void write() throws IOException {
        record = Files.createTempFile("ledger-micro", ".txt");
        Files.write(
                record,
                LongStream.rangeClosed(1, CALLS)
                        .boxed()
                        .flatMap(id -> Stream.of(id + " STARTED w", id + " FINISHED w"))
                        .toList());
    }

    /** Removes it. */
    @TearDown
    public void remove() throws IOException {
        Files.delete(record);
    }

    /** Begins with empty books. */
    @Setup(Level.Invocation)
    public void begin() {
        ledger = new Ledger(new ExecutionLog(record), Set.of());
    }

    /** A call in a thousand, entered and compared. */
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public Ledger.Report entersAndCompares() {
        for (long id = 1; id <= CALLS; id++) {
            ledger.enter(call, new CallOutcome.Succeeded<>(id, null, 1));
        }
        return ledger.report();
    }
}
