package dev.vivarium.internal.attachment;

import dev.vivarium.SharedMemoryExhausted;
import dev.vivarium.protocol.Execution;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shared memory of a pool. Every segment is made, counted and removed here, whoever uses it; a free one is kept, because to
 * make one takes many times as long as to fill it. The JVM makes the segments that workers write to as well, so that one limit
 * holds for all, and so that nothing is left of a worker that is killed. Thread-safe; making a segment blocks.
 */
public final class SharedMemory {

    private static final Logger log = LoggerFactory.getLogger(SharedMemory.class);

    /** The smallest segment. */
    static final int LEAST = 64 * 1024;

    /** A free segment is taken for what fills at least this share of it. */
    private static final int WASTE = 4;

    private final String pool;
    private final long most;
    private final List<Segment> free = new ArrayList<>();
    private final Set<Segment> leased = new HashSet<>();
    private List<SegmentFolder> folders = List.of();
    private long bytes;
    private long lastNumber;
    private boolean closed;

    /**
     * Creates the shared memory of a pool, which has none until {@link #open}.
     *
     * @param most bytes of all segments together; 0 for no shared memory at all
     */
    public SharedMemory(String pool, long most) {
        this.pool = pool;
        this.most = most;
    }

    /** Returns whether it may be opened, and has not been. */
    public synchronized boolean isWanted() {
        return most > 0 && folders.isEmpty() && !closed;
    }

    /**
     * Says where segments are made: in the first folder that has room.
     *
     * @return false when it has been closed, or opened before: then the folders are still the caller's
     */
    public synchronized boolean open(List<SegmentFolder> where) {
        if (!isWanted()) {
            return false;
        }
        folders = List.copyOf(where);
        return true;
    }

    /** Returns whether there is any. */
    public synchronized boolean isOpen() {
        return !folders.isEmpty() && !closed;
    }

    /** Returns the folders' paths, in which workers look for segments. */
    public synchronized List<Path> paths() {
        return folders.stream().map(SegmentFolder::path).toList();
    }

    /** Returns the bytes of all segments, free ones included. */
    public synchronized long bytes() {
        return bytes;
    }

    /** Returns the bytes of the segments that somebody holds. */
    public synchronized long bytesInUse() {
        return leased.stream().mapToLong(Segment::capacity).sum();
    }

    /**
     * Leases a segment, which the caller holds once.
     *
     * @param execution what the error says of the handler
     * @throws SharedMemoryExhausted when the limit is reached, or no folder has room
     */
    Segment lease(long wanted, Execution execution) {
        int size = size(wanted);
        Segment segment;
        synchronized (this) {
            segment = takeFree(wanted);
            if (segment != null) {
                return segment;
            }
            makeRoom(size);
            if (bytes + size > most || closed) {
                throw exhausted(
                        wanted,
                        execution,
                        "attachments.max-shared-bytes is " + most + ", of which " + bytes + " are in use",
                        null);
            }
            bytes += size; // Counted before it is there: it is made outside of the lock.
        }
        return create(wanted, size, execution);
    }

    private @Nullable Segment takeFree(long wanted) {
        Segment found = free.stream()
                .filter(segment ->
                        segment.capacity() >= wanted && segment.capacity() <= Math.max((long) LEAST, wanted) * WASTE)
                .min(Comparator.comparingInt(Segment::capacity))
                .orElse(null);
        if (found != null) {
            free.remove(found);
            leased.add(found);
            found.lease();
        }
        return found;
    }

    private void makeRoom(int size) {
        while (bytes + size > most && !free.isEmpty()) {
            Segment largest = free.stream()
                    .max(Comparator.comparingInt(Segment::capacity))
                    .get();
            free.remove(largest);
            bytes -= largest.capacity();
            largest.destroy();
        }
    }

    private Segment create(long wanted, int size, Execution execution) {
        List<SegmentFolder> where;
        long number;
        synchronized (this) {
            where = folders;
            number = ++lastNumber;
        }
        IOException first = null;
        for (SegmentFolder folder : where) {
            try {
                ByteBuffer memory = folder.create(number, size);
                Segment segment = new Segment(this, folder, number, memory);
                synchronized (this) {
                    leased.add(segment);
                    segment.lease();
                }
                return segment;
            } catch (IOException e) {
                log.debug("no room for {} bytes in {}", size, folder.path(), e);
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        synchronized (this) {
            bytes -= size;
        }
        throw exhausted(
                wanted,
                execution,
                "none of " + where.stream().map(SegmentFolder::path).toList() + " has room"
                        + (first == null ? "" : " (" + first.getMessage() + ")"),
                first);
    }

    private SharedMemoryExhausted exhausted(long wanted, Execution execution, String why, @Nullable Throwable cause) {
        return new SharedMemoryExhausted(
                execution,
                wanted,
                most,
                "pool '" + pool + "' has no shared memory for " + wanted + " bytes: " + why,
                cause);
    }

    /** Rounds up, by less than an eighth, so that sizes that differ little use the same segments. */
    static int size(long wanted) {
        long least = Math.max(LEAST, wanted);
        long step = Math.max(LEAST / 8, Long.highestOneBit(least) / 8);
        return Math.toIntExact(Math.min((least + step - 1) / step * step, Integer.MAX_VALUE & ~0xfff));
    }

    void giveBack(Segment segment) {
        synchronized (this) {
            leased.remove(segment);
            if (!closed) {
                free.add(segment);
                return;
            }
            bytes -= segment.capacity();
        }
        segment.destroy();
    }

    /** Gives everything back; what somebody still reads, as soon as that is over. Blocks. */
    public void close() {
        List<Segment> now;
        List<SegmentFolder> where;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            now = List.copyOf(free);
            free.clear();
            now.forEach(segment -> bytes -= segment.capacity());
            where = folders;
        }
        now.forEach(Segment::destroy);
        where.forEach(SegmentFolder::close);
    }
}
