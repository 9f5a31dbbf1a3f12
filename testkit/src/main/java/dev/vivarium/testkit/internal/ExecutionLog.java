package dev.vivarium.testkit.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What the workers executed, by their own account: scripted workers write here, Python ones append to a file, a line each.
 * Thread-safe.
 */
public final class ExecutionLog {

    /** The environment variable that tells Python where to write. */
    public static final String VARIABLE = "TESTKIT_RECORD";

    /** What happened to a call in a worker. */
    public enum What {
        /** There is a handler that keeps the record: it is named where others name the worker. */
        RECORDED,
        /** The handler started. */
        STARTED,
        /** The handler ended, well or not. */
        FINISHED
    }

    /** A line of the record. */
    public record Entry(long callId, What what, String worker) {
        private static Optional<Entry> parse(String line) {
            String[] words = line.split(" ", -1);
            try {
                return words.length == 3
                        ? Optional.of(new Entry(Long.parseLong(words[0]), What.valueOf(words[1]), words[2]))
                        : Optional.empty();
            } catch (IllegalArgumentException torn) {
                // Killed while it wrote.
                return Optional.empty();
            }
        }
    }

    private final Path file;
    private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();

    /** Creates a record; Python writes to {@code file}. */
    public ExecutionLog(Path file) {
        this.file = file;
    }

    /** Returns the file that Python writes to. */
    public Path file() {
        return file;
    }

    void add(long callId, What what, String worker) {
        entries.add(new Entry(callId, what, worker));
    }

    /** Returns how often a call has started. */
    public long starts(long callId) {
        return entries().stream()
                .filter(entry -> entry.callId() == callId && entry.what() == What.STARTED)
                .count();
    }

    /** Returns everything recorded so far. */
    public List<Entry> entries() {
        List<Entry> all = new ArrayList<>(entries);
        try {
            if (Files.exists(file)) {
                Files.readAllLines(file).forEach(line -> Entry.parse(line).ifPresent(all::add));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
