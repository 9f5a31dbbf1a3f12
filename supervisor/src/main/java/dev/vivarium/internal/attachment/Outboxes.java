package dev.vivarium.internal.attachment;

import dev.vivarium.protocol.AttachmentPlace;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The segments that one process may write its results to. The first word of each says whether it holds a result that the JVM
 * has not read: the process sets it before it answers, and the JVM clears it. Thread-safe.
 */
public final class Outboxes {

    /** What stands before the results in a segment. */
    public static final int HEADER_BYTES = 64;

    private static final VarHandle WORD = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final SharedMemory memory;
    private final Map<Long, Segment> granted = new HashMap<>();
    private boolean over;

    /** Creates those of a process that has none. */
    public Outboxes(SharedMemory memory) {
        this.memory = memory;
    }

    /**
     * A segment that was granted.
     *
     * @param number its number
     * @param bytes its size, header included
     */
    public record Grant(long number, int bytes) {}

    /**
     * Grants one more; blocks while it is made.
     *
     * @param bytes what the process wants to write
     * @throws dev.vivarium.SharedMemoryExhausted when there is no room
     */
    public Grant grant(long bytes) {
        Segment segment = memory.lease(bytes + HEADER_BYTES, Execution.RAN);
        segment.memory().putLong(0, 0);
        synchronized (this) {
            if (!over) {
                granted.put(segment.number(), segment);
                return new Grant(segment.number(), segment.capacity());
            }
        }
        segment.release(); // Nobody is there any more who could write to it.
        return new Grant(0, 0);
    }

    /** The process has let go of one; what is not its own is none. */
    public void returned(long number) {
        Segment segment;
        synchronized (this) {
            segment = granted.remove(number);
        }
        if (segment != null) {
            segment.release();
        }
    }

    /** The process has ended: takes all back, those that are being read as soon as that is over. */
    public void release() {
        List<Segment> all;
        synchronized (this) {
            over = true;
            all = List.copyOf(granted.values());
            granted.clear();
        }
        all.forEach(Segment::release);
    }

    /**
     * Finds what an answer carries.
     *
     * @param parts the table of places and the attachments in the frame; empty for none
     * @param call what the call carried, which an answer may give back
     * @throws CodecException when it says what cannot be
     */
    public ReplyAttachments read(List<ByteBuffer> parts, CallAttachments call) throws CodecException {
        if (parts.isEmpty()) {
            return ReplyAttachments.NONE;
        }
        List<ByteBuffer> views = new ArrayList<>();
        List<Runnable> whenRead = new ArrayList<>();
        boolean understood = false;
        try {
            for (AttachmentPlace place : AttachmentPlace.decode(parts.get(0))) {
                views.add(view(place, parts, call, whenRead));
            }
            understood = true;
        } finally {
            if (!understood) {
                whenRead.forEach(Runnable::run);
            }
        }
        return new ReplyAttachments(views, () -> whenRead.forEach(Runnable::run));
    }

    private ByteBuffer view(
            AttachmentPlace place, List<ByteBuffer> parts, CallAttachments call, List<Runnable> whenRead)
            throws CodecException {
        if (place.segment() == 0) {
            if (place.offset() >= parts.size() - 1
                    || parts.get((int) place.offset() + 1).remaining() != place.length()) {
                throw new CodecException("the frame has no attachment for " + place, null);
            }
            return parts.get((int) place.offset() + 1);
        }
        Segment carried = call.segment();
        boolean givenBack = carried != null && carried.number() == place.segment();
        Segment segment = givenBack ? carried : granted(place.segment());
        if (segment == null
                || place.length() > segment.capacity()
                || place.offset() > segment.capacity() - place.length()
                || (!givenBack && place.offset() < HEADER_BYTES)
                || !segment.retain()) {
            throw new CodecException("the process has no memory at " + place, null);
        }
        boolean goesBack = place.flags() == AttachmentPlace.RETURNED;
        whenRead.add(() -> {
            if (goesBack) {
                returned(place.segment());
            } else if (!givenBack) {
                WORD.setRelease(segment.memory(), 0, 0L);
            }
            segment.release();
        });
        return segment.slice((int) place.offset(), (int) place.length());
    }

    private synchronized @Nullable Segment granted(long number) {
        return granted.get(number);
    }
}
