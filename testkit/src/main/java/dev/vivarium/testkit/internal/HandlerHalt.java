package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Has a handler that keeps the kit's record wait at its start, so that a fault finds it there. Other handlers run on: what
 * is sure is only that their answer waits.
 */
final class HandlerHalt implements AutoCloseable {

    /** Halts nothing. */
    static final HandlerHalt NONE = new HandlerHalt(null, null);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final @Nullable Path file;
    private final @Nullable Path reached;

    private HandlerHalt(@Nullable Path file, @Nullable Path reached) {
        this.file = file;
        this.reached = reached;
    }

    /** Halts the handler of a call that is about to be sent. */
    static HandlerHalt of(Path gates, Frame call) throws IOException {
        if (!keepsRecord(gates, call)) {
            return NONE;
        }
        Path file = gates.resolve(".halt-" + call.callId());
        Path reached = gates.resolve(".halted-" + call.callId());
        var unused = Files.createFile(file);
        return new HandlerHalt(file, reached);
    }

    /** Returns whether the handler that a call names keeps the kit's record. */
    static boolean keepsRecord(Path gates, Frame call) {
        try {
            JsonNode name = JSON.readTree(call.body()).path(0);
            return name.isTextual() && Files.exists(gates.resolve(".recorded-" + name.textValue()));
        } catch (IOException | InvalidPathException e) {
            return false; // The worker will refuse it.
        }
    }

    /** Returns whether the handler waits; that it is not known to is the same. */
    boolean isReached() {
        return reached == null || Files.exists(reached);
    }

    @Override
    public void close() throws IOException {
        if (file != null && reached != null) {
            for (Path each : new Path[] {file, reached}) {
                var unused = Files.deleteIfExists(each);
            }
        }
    }
}
