package dev.vivarium.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The Python process of a peer: it writes one line when it serves, and ends when its standard input does. */
public final class PeerProcess implements AutoCloseable {

    private final Process process;
    private final String line;

    private PeerProcess(Process process, String line) {
        this.process = process;
        this.line = line;
    }

    /**
     * Starts a script, and returns when it has written its line.
     *
     * @param owner the class beside which the script is, as a resource
     * @throws BenchUnavailable with the last line that it wrote to standard error when it ends before
     */
    public static PeerProcess start(Class<?> owner, String script, String python, Path folder)
            throws IOException, BenchUnavailable {
        Path errors = Files.createTempFile(folder, "peer", ".err");
        Process process;
        try {
            process = new ProcessBuilder(
                            List.of(python, "-B", unpack(owner, script, folder).toString()))
                    .redirectError(errors.toFile())
                    .start();
        } catch (IOException e) {
            throw new BenchUnavailable(python + " cannot be run: " + e.getMessage(), e);
        }
        // Not closed: what it has read ahead is all that comes.
        String line =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (line == null) {
            process.destroyForcibly();
            var unused = process.onExit().join();
            List<String> said = new ArrayList<>(List.of(python + " ended before it served"));
            said.addAll(Files.readAllLines(errors));
            throw new BenchUnavailable(said.get(said.size() - 1), null);
        }
        return new PeerProcess(process, line);
    }

    /** Makes a file of a script that is beside a class, and returns where it is. */
    static Path unpack(Class<?> owner, String script, Path folder) throws IOException {
        Path file = folder.resolve(script);
        try (InputStream in = Objects.requireNonNull(owner.getResourceAsStream(script), "the jar has no " + script)) {
            Files.write(file, in.readAllBytes());
        }
        return file;
    }

    /** Returns the line that it has written. */
    public String line() {
        return line;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        var unused = process.onExit().join(); // Cannot be interrupted: nothing may be left behind.
    }
}
