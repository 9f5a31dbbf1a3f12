package dev.vivarium.bench.floor;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The JVM's end of a floor process: whole frames in, whole frames out. One thread sends and one receives, or one does both. */
interface Wire {

    /** Writes a whole frame, from its beginning to its limit. */
    void send(ByteBuffer frame) throws IOException;

    /**
     * Reads a whole frame's body into {@code body}, from its beginning, and returns its length.
     *
     * @throws java.io.EOFException when the process has ended
     */
    int receive(ByteBuffer body) throws IOException;
}
