package dev.vivarium.protocol;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The JVM's view of the status page: what each slot's worker has started and finished, readable even after the worker was
 * killed. See PROTOCOL.md section 8. Thread-safe; it stays readable after the file is gone, until it is collected.
 */
public final class StatusPage {

    /** Bytes of one slot. */
    public static final int SLOT_BYTES = 64;

    /** The stage of a worker that ends because it could not read what it was sent. */
    public static final int VIOLATED = 5;

    private static final VarHandle WORD = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int INCARNATION = 0;
    private static final int STARTED = 8;
    private static final int FINISHED = 16;
    private static final int PROGRESS = 24;
    private static final int STAGE = 32;
    private static final int TIMED = 40;
    private static final int STARTED_AT = 48;
    private static final int DEADLINE = 56;

    private final ByteBuffer page;
    private final int slots;

    private StatusPage(ByteBuffer page, int slots) {
        this.page = page;
        this.slots = slots;
    }

    /**
     * Makes the file (mode 0600) and maps it.
     *
     * @throws IOException when the file exists or cannot be made
     */
    public static StatusPage create(Path file, int slots) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            long size = (long) slots * SLOT_BYTES;
            // Written out, not only made long: a full disk must fail here and not as a bus error in a mapping later.
            ByteBuffer zeros = ByteBuffer.allocate((int) size);
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
            return new StatusPage(channel.map(FileChannel.MapMode.READ_WRITE, 0, size), slots);
        }
    }

    /** Sets a slot's words to 0, which must happen before a new incarnation starts. */
    public void clear(int slot) {
        int base = base(slot);
        for (int offset = 0; offset < SLOT_BYTES; offset += 8) {
            WORD.setVolatile(page, base + offset, 0L);
        }
    }

    /** Returns what is known about a call that was sent to {@code slot} in {@code incarnation}. */
    public Execution executionOf(int slot, int incarnation, long callId) {
        int base = base(slot);
        long started = read(base + STARTED);
        long finished = read(base + FINISHED);
        if (read(base + STARTED) != started) {
            return Execution.UNKNOWN;
        }
        long seen = read(base + INCARNATION);
        if (seen == 0 && started == 0) {
            return Execution.NOT_STARTED;
        }
        if (seen != Integer.toUnsignedLong(incarnation)) {
            return Execution.UNKNOWN;
        }
        if (finished == callId) {
            return Execution.RAN;
        }
        return started == callId ? Execution.UNKNOWN : Execution.NOT_STARTED;
    }

    /** Asks the worker of a slot to note when it starts a call; before the call is sent. */
    public void askForStart(int slot, long callId) {
        int base = base(slot);
        WORD.setVolatile(page, base + STARTED_AT, 0L);
        WORD.setVolatile(page, base + TIMED, callId);
    }

    /**
     * Says when the next call of a slot is too late to start; before the call is sent.
     *
     * @param nanos of the worker's monotonic clock; 0 where that is not known
     */
    public void deadline(int slot, long nanos) {
        WORD.setRelease(page, base(slot) + DEADLINE, nanos);
    }

    /**
     * Returns when the handler of a call was about to be entered, if that was asked for and is known: nanoseconds of the
     * worker's monotonic clock, which on Linux is the one that {@link System#nanoTime()} reads.
     */
    public OptionalLong startOf(int slot, int incarnation, long callId) {
        int base = base(slot);
        long at = read(base + STARTED_AT);
        boolean ofThisCall = read(base + INCARNATION) == Integer.toUnsignedLong(incarnation)
                && read(base + TIMED) == callId
                && read(base + STARTED) == callId;
        return ofThisCall && at != 0 && read(base + STARTED_AT) == at ? OptionalLong.of(at) : OptionalLong.empty();
    }

    /** Returns the slot's progress counter. */
    public long progress(int slot) {
        return read(base(slot) + PROGRESS);
    }

    /** Returns the slot's stage: 0 none, 1 starting, 2 loading, 3 serving, 4 draining, 5 {@link #VIOLATED}. */
    public int stage(int slot) {
        return (int) read(base(slot) + STAGE);
    }

    private long read(int offset) {
        return (long) WORD.getVolatile(page, offset);
    }

    private int base(int slot) {
        if (slot < 1 || slot > slots) {
            throw new IllegalArgumentException("slot must be 1 to " + slots + ", got " + slot);
        }
        return (slot - 1) * SLOT_BYTES;
    }
}
