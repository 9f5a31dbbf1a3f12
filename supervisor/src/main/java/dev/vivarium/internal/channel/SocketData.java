package dev.vivarium.internal.channel;

import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A data channel that is one socket, for systems without better ones. */
public final class SocketData implements DataChannel {

    private final SocketChannel socket;

    /** Takes a connected socket over, in blocking mode. */
    public SocketData(SocketChannel socket) {
        this.socket = socket;
    }

    @Override
    public FrameReader reader(Limits limits) {
        return new FrameReader(socket, limits);
    }

    @Override
    public ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes);
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }

    /** Returns false: an interrupt closes the channel that a thread is about to write to. */
    @Override
    public boolean isImmuneToInterrupts() {
        return false;
    }

    @Override
    public void readingOver() {}

    @Override
    public void close() {
        IoLoop.closeQuietly(socket);
    }
}
