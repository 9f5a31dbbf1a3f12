package dev.vivarium.cli;

import dev.vivarium.bench.BenchUnavailable;
import dev.vivarium.bench.Benchmark;
import dev.vivarium.bench.Outcome;
import dev.vivarium.bench.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** What all measurements have in common: the processor that they are pinned to, signals, and where the report goes. */
final class BenchRun {

    /** One measurement. */
    @FunctionalInterface
    interface Measured {
        Outcome by(Progress progress) throws Exception;
    }

    @Option(
            names = "--pin",
            description =
                    "Run on processor 0 alone, Python too: steadier figures, which the project's targets are about.")
    private boolean pin;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report there too, as JSON.")
    private @Nullable Path json;

    @Option(names = "--warm-up", paramLabel = "N", description = "Calls of each kind before that, which count nowhere.")
    private @Nullable Integer warmUp;

    @Option(names = "--workers", paramLabel = "N", description = "Workers of the pool.")
    private @Nullable Integer workers;

    @Option(names = "--python", paramLabel = "PATH", description = "The interpreter. Default: python3.")
    private String python = "python3";

    int warmUp(int otherwise) {
        return warmUp != null ? warmUp : otherwise;
    }

    int workers(int otherwise) {
        return workers != null ? workers : otherwise;
    }

    String python() {
        return python;
    }

    /** Measures, prints and writes; returns the exit status. */
    int run(CommandLine commandLine, Measured measurement) throws Exception {
        if (pin && !Benchmark.isPinned()) {
            throw new UserError(
                    ExitCode.UNAVAILABLE,
                    "--pin is done by the script ./vivarium, which this was not started with; use that, or taskset -c 0");
        }
        checkWritable();
        Interrupts interrupts = new Interrupts();
        interrupts.install(Thread.currentThread()::interrupt);
        Outcome outcome;
        try {
            outcome = measurement.by(new BenchProgress(commandLine.getErr()));
        } catch (Exception e) {
            if (interrupts.status() != 0) {
                return interrupts.status(); // Whatever it was, it came of that.
            }
            if (e instanceof BenchUnavailable) {
                throw new UserError(ExitCode.UNAVAILABLE, Durations.forPeople(String.valueOf(e.getMessage())));
            }
            throw e;
        }
        PrintWriter out = commandLine.getOut();
        out.print(outcome.text());
        out.flush();
        write(outcome);
        return interrupts.status();
    }

    /** Before minutes of work, not after them. */
    private void checkWritable() throws UserError {
        if (json == null) {
            return;
        }
        Path folder = json.toAbsolutePath().getParent();
        boolean writable = Files.exists(json)
                ? !Files.isDirectory(json) && Files.isWritable(json)
                : folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
        if (!writable) {
            throw new UserError(ExitCode.USAGE, "--json: " + json + " cannot be written");
        }
    }

    private void write(Outcome outcome) throws UserError {
        if (json != null) {
            try {
                Files.writeString(json, outcome.json());
            } catch (IOException e) {
                throw new UserError(ExitCode.IO_ERROR, "--json: writing " + json + " failed: " + e.getMessage());
            }
        }
    }
}
