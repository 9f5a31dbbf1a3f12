package dev.vivarium.bench.floor;

import dev.vivarium.bench.BenchUnavailable;
import java.io.IOException;
import java.util.List;

/** The floor of starts: a bare interpreter, from its start to the first byte that it writes when it has imported some modules. */
public final class Spawn {

    private final List<String> command;

    /** Creates it; nothing is started. */
    public Spawn(String python, List<String> modules) {
        String imports = modules.isEmpty() ? "" : "import " + String.join(", ", modules) + "; ";
        command = List.of(python, "-c", imports + "import os; os.write(1, b'x')");
    }

    /**
     * Starts one, and returns how many milliseconds it took.
     *
     * @throws BenchUnavailable when it cannot be run, or a module cannot be imported
     */
    public double millis() throws IOException, BenchUnavailable {
        long begun = System.nanoTime();
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new BenchUnavailable(command.get(0) + " cannot be run: " + e.getMessage(), e);
        }
        try {
            if (process.getInputStream().read() < 0) {
                throw new BenchUnavailable(
                        "this did not run, what it says is above: " + String.join(" ", command), null);
            }
            return (System.nanoTime() - begun) / 1e6;
        } finally {
            process.destroyForcibly();
            var unused = process.onExit().join();
        }
    }
}
