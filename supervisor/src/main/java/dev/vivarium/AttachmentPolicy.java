package dev.vivarium;

import java.nio.file.Path;

/**
 * How bytes and arrays of numbers travel: beside the JSON of a call or a result, small ones with it through the channel, and larger
 * ones through shared memory. Immutable; every method returns a changed copy.
 *
 * @param maxBytes the most bytes that the attachments of one call, or of one result, may have together; 1 KiB to 1 GiB
 * @param sharedFrom an attachment of at least so many bytes goes through shared memory; 1 KiB to 1 GiB
 * @param maxSharedBytes the most shared memory of the pool, segments that are kept for the next call included; 0 to 1 PiB, 0 for
 *     none: then everything goes through the channel
 * @param sharedFolder where segments are made, if there is room; else they are made in the runtime directory. Workers must see it
 *     under the same path
 */
public record AttachmentPolicy(int maxBytes, int sharedFrom, long maxSharedBytes, Path sharedFolder) {

    /** The smallest value of both limits of a size. */
    public static final int LEAST = 1024;

    /** The largest value of both limits of a size. */
    public static final int MOST = 1 << 30;

    /** 256 MiB; through shared memory from 16 KiB on, in {@code /dev/shm}, of which the pool has 1 GiB at the most. */
    public static final AttachmentPolicy DEFAULT =
            new AttachmentPolicy(256 << 20, 16 << 10, 1L << 30, Path.of("/dev/shm"));

    /** Returns the size of the largest section of a frame: what a call carries, and what changes in its session, with tables. */
    int mostInAFrame() {
        return (int) Math.min(2L * maxBytes + (1 << 20), Integer.MAX_VALUE);
    }

    /** Sets how many bytes the attachments of one call or result may have. */
    public AttachmentPolicy maxBytes(int value) {
        return new AttachmentPolicy(value, sharedFrom, maxSharedBytes, sharedFolder);
    }

    /** Sets from how many bytes on an attachment goes through shared memory. */
    public AttachmentPolicy sharedFrom(int value) {
        return new AttachmentPolicy(maxBytes, value, maxSharedBytes, sharedFolder);
    }

    /** Sets how much shared memory the pool may have; 0 for none. */
    public AttachmentPolicy maxSharedBytes(long value) {
        return new AttachmentPolicy(maxBytes, sharedFrom, value, sharedFolder);
    }

    /** Sets where shared memory is made. */
    public AttachmentPolicy sharedFolder(Path value) {
        return new AttachmentPolicy(maxBytes, sharedFrom, maxSharedBytes, value);
    }
}
