package dev.vivarium.testreport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Files that keep records, a line of JSON for each, the oldest first. Builds that run at the same time may share one: who adds to
 * it holds the lock of a file beside it, and puts a whole new file in its place.
 *
 * @param <T> the record
 */
final class RecordFile<T> {

    private static final ObjectMapper JSON = new ObjectMapper()
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            .configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    /** A lock of a file is the whole JVM's, so its threads need one of their own. */
    private static final Object IN_THIS_JVM = new Object();

    private final Class<T> type;

    RecordFile(Class<T> type) {
        this.type = type;
    }

    /**
     * Reads the records of a file. One that is not there has none.
     *
     * @param notes is told of lines that are no records: a program that was killed leaves half a line
     */
    List<T> read(Path file, Consumer<String> notes) {
        List<T> records = new ArrayList<>();
        int number = 0;
        for (String line : lines(file)) {
            number++;
            try {
                if (!line.isBlank()) {
                    records.add(JSON.readValue(line, type));
                }
            } catch (JsonProcessingException e) {
                notes.accept(file + ", line " + number + ", is no record of a build, and is left out");
            }
        }
        return records;
    }

    /** Adds a record, and takes out those that are the same. Lines that are no records stay. */
    void add(Path file, T added, Predicate<T> same) {
        Path target = file.toAbsolutePath();
        Path folder = Objects.requireNonNull(target.getParent());
        synchronized (IN_THIS_JVM) {
            try {
                Files.createDirectories(folder);
                try (FileChannel lock = FileChannel.open(
                        folder.resolve(target.getFileName() + ".lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
                    var unused = lock.lock(); // Until the channel closes.
                    add(folder, target, added, same);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot add the build to " + file, e);
            }
        }
    }

    private void add(Path folder, Path target, T added, Predicate<T> same) throws IOException {
        List<String> kept = new ArrayList<>(
                lines(target).stream().filter(line -> !isOf(line, same)).toList());
        kept.add(JSON.writeValueAsString(added));
        Path whole = Files.createTempFile(folder, "records", ".new");
        Files.write(whole, kept);
        Files.move(whole, target, StandardCopyOption.REPLACE_EXISTING);
    }

    private boolean isOf(String line, Predicate<T> same) {
        try {
            return !line.isBlank() && same.test(JSON.readValue(line, type));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }
}
