package dev.vivarium.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Finds out why an interpreter, often a script around one, did not run what a pool gave it. */
final class InterpreterProbe {

    private static final long LIMIT_S = 5;

    private static final String PROGRAM = "import os; print('vivarium', os.getpid())";

    private InterpreterProbe() {}

    /** Returns what is wrong and what to do, or nothing when that cannot be told; takes a few seconds at most. */
    static Optional<String> trouble(String python) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(List.of(python, "-I", "-S", "-c", PROGRAM))
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                return Optional.of(python + " did not run a program within " + LIMIT_S + " s. It was run as: "
                        + python + " -I -S -c \"" + PROGRAM
                        + "\"; run it so by hand to see what it waits for, or name another interpreter");
            }
            String answer = new String(process.getInputStream().readNBytes(1 << 16), StandardCharsets.UTF_8);
            boolean ran = answer.lines().anyMatch(line -> line.startsWith("vivarium "));
            boolean itself = answer.lines().anyMatch(line -> line.equals("vivarium " + process.pid()));
            return ran && !itself ? Optional.of(python + " " + WRAPS) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** What is wrong with a script that starts Python and waits for it. */
    static final String WRAPS =
            "starts Python as a process of its own, which signals do not reach. It must become Python: in a script, "
                    + "write exec before the last command, as in: exec python3 \"$@\"";
}
