package dev.vivarium.internal.attachment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Where segments of shared memory are files. */
public interface SegmentFolder extends AutoCloseable {

    /** Returns the folder, in which a segment's number is its name. */
    Path path();

    /**
     * Makes a segment, with all of its memory: where there is not enough, here is where that shows.
     *
     * @return the segment's memory
     * @throws IOException when there is no room; nothing is left then
     */
    ByteBuffer create(long number, int bytes) throws IOException;

    /** Gives a segment's memory back, whoever has it mapped. Nobody may touch it any more. */
    void destroy(long number);

    /** Removes the folder with all that is in it. */
    @Override
    void close();
}
