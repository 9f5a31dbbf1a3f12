package dev.vivarium.internal.channel;

import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The way of a worker's frames. One thread reads, and one at a time writes; any may close it, which ends both, however long
 * they have blocked.
 */
public interface DataChannel extends AutoCloseable {

    /** Returns what reads frames; there is one reader. */
    FrameReader reader(Limits limits);

    /** Returns a buffer that it writes from without copying it first. */
    ByteBuffer buffer(int bytes);

    /**
     * Writes all of it, and blocks while the worker does not read.
     *
     * @throws IOException when the worker has ended, or the channel was closed
     */
    void write(ByteBuffer bytes) throws IOException;

    /** Returns whether an interrupt of the thread that writes leaves the channel as it is, so that any thread may write. */
    boolean isImmuneToInterrupts();

    /** Nobody reads any more; the thread that did says so. */
    void readingOver();

    /** Ends it; does not block. */
    @Override
    void close();
}
