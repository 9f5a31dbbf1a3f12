package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;

/** Bytes of frames, whole and not. */
final class Wire {

    private Wire() {}

    /** Returns the first bytes of a reply. */
    static byte[] start(long callId, int incarnation, byte[] body, int bytes) {
        byte[] whole = bytes(Frame.of(FrameType.REPLY, callId, incarnation, body));
        return Arrays.copyOf(whole, Math.min(bytes, whole.length));
    }

    static byte[] bytes(Frame frame) {
        return FrameEncoder.encode(frame).array();
    }

    static void write(WritableByteChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
