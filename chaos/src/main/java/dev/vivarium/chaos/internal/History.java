package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What happens in a run, a line of JSON each, on disk as it happens: what was written is there when the runner is killed. Thread-safe;
 * nobody who writes waits for the disk.
 */
public final class History implements Notes, AutoCloseable {

    /** The file's name in a run's folder. */
    public static final String FILE = "history.ndjson";

    private static final long FLUSH_MS = 20;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Object> END = Map.of();

    private final long begun = System.nanoTime();
    private final BlockingQueue<Map<String, Object>> lines = new LinkedBlockingQueue<>();
    private final BufferedWriter writer;
    private final Thread thread = new Thread(this::write, "chaos-history");
    private volatile @Nullable IOException failed;

    /** Begins a history. */
    public History(Path folder) throws IOException {
        writer = Files.newBufferedWriter(folder.resolve(FILE), StandardOpenOption.CREATE_NEW);
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns how many nanoseconds have passed since its beginning. */
    @Override
    public long now() {
        return System.nanoTime() - begun;
    }

    /** Returns a moment of the JVM's monotonic clock in nanoseconds from the beginning. */
    public long at(long nanoTime) {
        return nanoTime - begun;
    }

    @Override
    public Line line(String what) {
        return new Line(what, now(), lines::add);
    }

    private void write() {
        try {
            boolean end = false;
            while (!end) {
                Map<String, Object> line = lines.poll(FLUSH_MS, TimeUnit.MILLISECONDS);
                if (line == null) {
                    writer.flush();
                } else if (line.equals(END)) {
                    end = true;
                } else {
                    writer.write(JSON.writeValueAsString(line));
                    writer.write('\n');
                }
            }
            writer.close();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            failed = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Writes what is left. */
    @Override
    public void close() {
        lines.add(END);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        IOException trouble = failed;
        if (trouble != null) {
            throw new UncheckedIOException("the history could not be written", trouble);
        }
    }
}
