package dev.vivarium.internal.attachment;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A piece of shared memory, as long as anybody holds it. Whoever gets it holds it once; when the last lets go, it goes back to the
 * pool's {@link SharedMemory}, and may be another's at once. Thread-safe.
 */
final class Segment {

    private final SharedMemory owner;
    private final SegmentFolder folder;
    private final long number;
    private final ByteBuffer memory;
    private final AtomicInteger holders = new AtomicInteger();

    Segment(SharedMemory owner, SegmentFolder folder, long number, ByteBuffer memory) {
        this.owner = owner;
        this.folder = folder;
        this.number = number;
        this.memory = memory;
    }

    long number() {
        return number;
    }

    int capacity() {
        return memory.capacity();
    }

    /** Returns a view of a part. */
    ByteBuffer slice(int offset, int length) {
        return memory.slice(offset, length);
    }

    /** Returns all of it, to be read and written by its absolute positions. */
    ByteBuffer memory() {
        return memory;
    }

    /** The first holder takes it. */
    void lease() {
        holders.set(1);
    }

    /** One more holds it; false when nobody does any more. */
    boolean retain() {
        int before = holders.get();
        while (before > 0) {
            if (holders.compareAndSet(before, before + 1)) {
                return true;
            }
            before = holders.get();
        }
        return false;
    }

    /** One lets go. */
    void release() {
        int left = holders.decrementAndGet();
        if (left == 0) {
            owner.giveBack(this);
        } else if (left < 0) {
            throw new IllegalStateException("segment " + number + " was let go more often than it was held");
        }
    }

    void destroy() {
        folder.destroy(number);
    }
}
