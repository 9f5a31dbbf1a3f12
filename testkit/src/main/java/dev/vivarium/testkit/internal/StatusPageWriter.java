package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.StatusPage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A worker's side of the status page (PROTOCOL.md, section 8). */
final class StatusPageWriter {

    private static final int STARTED = 8;
    private static final int FINISHED = 16;
    private static final int PROGRESS = 24;

    private final MappedByteBuffer page;

    StatusPageWriter(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            page = channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size());
            page.order(ByteOrder.nativeOrder());
        }
    }

    void stage(int slot, int incarnation) {
        page.putLong(base(slot), Integer.toUnsignedLong(incarnation));
    }

    void progress(int slot, long callId, Execution execution) {
        page.putLong(base(slot) + (execution == Execution.RAN ? FINISHED : STARTED), callId);
    }

    void step(int slot) {
        int at = base(slot) + PROGRESS;
        page.putLong(at, page.getLong(at) + 1);
    }

    private static int base(int slot) {
        return (slot - 1) * StatusPage.SLOT_BYTES;
    }
}
