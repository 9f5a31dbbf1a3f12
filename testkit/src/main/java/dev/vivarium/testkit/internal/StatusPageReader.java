package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.StatusPage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Sees, as the JVM does, what a worker has started (PROTOCOL.md, section 8). */
final class StatusPageReader {

    private static final int STARTED = 8;

    private final MappedByteBuffer page;

    StatusPageReader(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            page = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            page.order(ByteOrder.nativeOrder());
        }
    }

    boolean hasStarted(int slot, int incarnation, long callId) {
        int base = (slot - 1) * StatusPage.SLOT_BYTES;
        return page.getLong(base) == Integer.toUnsignedLong(incarnation) && page.getLong(base + STARTED) == callId;
    }
}
