package dev.vivarium.bench.floor;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Frames over a blocking Unix socket. */
final class SocketWire implements Wire {

    private final SocketChannel channel;
    private final ByteBuffer head = ByteBuffer.allocateDirect(Integer.BYTES);

    SocketWire(SocketChannel channel) {
        this.channel = channel;
    }

    @Override
    public void send(ByteBuffer frame) throws IOException {
        frame.rewind();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    @Override
    public int receive(ByteBuffer body) throws IOException {
        head.clear();
        fill(head);
        int length = head.getInt(0);
        body.clear().limit(length);
        fill(body);
        return length;
    }

    private void fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the floor's Python process has ended");
            }
        }
    }
}
