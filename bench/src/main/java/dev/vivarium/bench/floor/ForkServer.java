package dev.vivarium.bench.floor;

import dev.vivarium.bench.BenchUnavailable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The floor of restarts: an interpreter that has imported what is needed, and forks when it is told to. */
public final class ForkServer implements AutoCloseable {

    private final Process process;

    private ForkServer(Process process) {
        this.process = process;
    }

    /**
     * Starts it, and returns when it has imported everything.
     *
     * @param script where {@code fork.py} is
     * @throws BenchUnavailable when it cannot be run, or a module cannot be imported
     */
    public static ForkServer start(String python, Path script, List<String> modules)
            throws IOException, BenchUnavailable {
        List<String> command = new ArrayList<>(List.of(python, script.toString()));
        command.addAll(modules);
        ForkServer server;
        try {
            server = new ForkServer(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            throw new BenchUnavailable(python + " cannot be run: " + e.getMessage(), e);
        }
        if (server.process.getInputStream().read() < 0) {
            server.close();
            throw new BenchUnavailable(
                    python + " could not import " + String.join(", ", modules) + "; what it says is above", null);
        }
        return server;
    }

    /** Has it fork, and returns how many milliseconds later the child wrote its first byte. */
    public double millis() throws IOException {
        long begun = System.nanoTime();
        process.getOutputStream().write('f');
        process.getOutputStream().flush();
        if (process.getInputStream().read() < 0) {
            throw new EOFException("the interpreter that forks has ended");
        }
        return (System.nanoTime() - begun) / 1e6;
    }

    /** Ends it, and returns when it has ended. */
    @Override
    public void close() {
        process.destroyForcibly();
        var unused = process.onExit().join();
    }
}
