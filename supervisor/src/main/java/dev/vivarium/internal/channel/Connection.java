package dev.vivarium.internal.channel;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;

/**
 * A connection that the input and output thread serves. Sending may be done from any thread and never blocks: what the
 * socket does not take at once is kept, up to a limit, and written when it does.
 */
public final class Connection {

    /** Bytes that may wait to be written before the peer counts as stuck and is hung up on. */
    public static final int MAX_WAITING_BYTES = 4 << 20;

    private final IoLoop loop;
    private final SocketChannel channel;
    private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();
    private long waitingBytes;
    // Those of them that the peer has asked for: how many it may ask for at a time is bounded elsewhere.
    private long owedBytes;
    private boolean closed;

    Connection(IoLoop loop, SocketChannel channel) {
        this.loop = loop;
        this.channel = channel;
    }

    SocketChannel channel() {
        return channel;
    }

    /** Sends a frame. Sending on a closed connection does nothing: its end is reported to who reads from it. */
    public synchronized void send(Frame frame) {
        if (closed) {
            return;
        }
        ByteBuffer bytes = FrameEncoder.encode(frame);
        waiting.add(bytes);
        waitingBytes += bytes.remaining();
        if (frame.type() == FrameType.CALLBACK_REPLY) {
            owedBytes += bytes.remaining();
        }
        try {
            if (!flush()) {
                if (waitingBytes - owedBytes > MAX_WAITING_BYTES) {
                    close();
                } else {
                    loop.wantWrite(this);
                }
            }
        } catch (IOException e) {
            close();
        }
    }

    /** Writes what the socket takes; returns whether that was everything. */
    synchronized boolean flush() throws IOException {
        ByteBuffer first = waiting.peek();
        while (first != null) {
            int written = channel.write(first);
            waitingBytes -= written;
            if (first.hasRemaining()) {
                return false;
            }
            waiting.remove();
            first = waiting.peek();
        }
        owedBytes = 0;
        return true;
    }

    /** Hangs up. */
    public synchronized void close() {
        closed = true;
        waiting.clear();
        loop.closeSoon(channel);
    }
}
