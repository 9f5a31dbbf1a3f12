package dev.vivarium.bench.floor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.vivarium.bench.BenchUnavailable;
import dev.vivarium.bench.Subject;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/** The floor of streams: a bare loop in Python that writes items, and one here that reads and decodes them. */
public final class ItemLoop implements Subject, AutoCloseable {

    private static final int BUFFER = 64 * 1024;

    private final Process process;
    private final DataOutputStream out;
    private final DataInputStream in;
    private final ObjectReader json = new ObjectMapper().readerFor(JsonNode.class);

    private ItemLoop(Process process) {
        this.process = process;
        this.out = new DataOutputStream(process.getOutputStream());
        this.in = new DataInputStream(new java.io.BufferedInputStream(process.getInputStream(), BUFFER));
    }

    /**
     * Starts the process.
     *
     * @param script where {@code stream.py} is
     * @throws BenchUnavailable when it cannot be run
     */
    public static ItemLoop start(String python, Path script) throws BenchUnavailable {
        try {
            return new ItemLoop(new ProcessBuilder(python, script.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            throw new BenchUnavailable(python + " cannot be run: " + e.getMessage(), e);
        }
    }

    /** Has so many items written, and reads them; says nothing about single ones. */
    @Override
    public void run(int calls, LongConsumer nanos) throws IOException {
        out.writeInt(calls);
        out.flush();
        for (int i = 0; i < calls; i++) {
            byte[] item = in.readNBytes(in.readInt());
            JsonNode value = json.readValue(item);
            if (value.get("id").intValue() != i) {
                throw new IllegalStateException("item " + i + " came as " + value);
            }
        }
    }

    /** Ends it, and returns when it has ended. */
    @Override
    public void close() {
        process.destroyForcibly();
        var unused = process.onExit().join();
    }
}
