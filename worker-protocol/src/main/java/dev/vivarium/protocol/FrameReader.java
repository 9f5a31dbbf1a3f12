package dev.vivarium.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Reads frames from a blocking channel; a small frame costs one read. Not thread-safe: one thread reads, and others may
 * close the channel to end it.
 */
public final class FrameReader {

    private final ReadableByteChannel channel;
    private final FrameDecoder decoder;
    private final ByteBuffer buffer;
    private final ArrayDeque<Frame> decoded = new ArrayDeque<>();
    private @Nullable ProtocolViolationException violation;

    /** Creates a reader with a buffer outside of the heap, which sockets and files read into without a copy. */
    public FrameReader(ReadableByteChannel channel, Limits limits) {
        this(channel, limits, ByteBuffer.allocateDirect(64 * 1024));
    }

    /**
     * Creates a reader.
     *
     * @param buffer what the channel reads into; nobody else's from now on
     */
    public FrameReader(ReadableByteChannel channel, Limits limits, ByteBuffer buffer) {
        this.channel = channel;
        this.decoder = new FrameDecoder(limits);
        this.buffer = buffer;
    }

    /**
     * Waits for the next frame. Every frame that came whole is returned before the violation that follows it.
     *
     * @return the frame, or null when the stream ended between two frames
     * @throws ProtocolViolationException when the bytes break the protocol, an end inside a frame included
     * @throws IOException when reading fails, or the channel is closed meanwhile
     */
    public @Nullable Frame read() throws IOException, ProtocolViolationException {
        while (decoded.isEmpty()) {
            if (violation != null) {
                throw violation;
            }
            buffer.clear();
            if (channel.read(buffer) < 0) {
                decoder.end();
                return null;
            }
            try {
                decoder.feed(buffer.flip(), decoded::add);
            } catch (ProtocolViolationException e) {
                violation = e;
            }
        }
        return decoded.poll();
    }
}
