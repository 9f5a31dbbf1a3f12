package dev.vivarium.protocol;

import java.nio.ByteBuffer;

/** Writes frames. The caller has checked the limits: what is too large must fail before it is encoded. */
public final class FrameEncoder {

    private FrameEncoder() {}

    /**
     * Returns the whole frame in one heap buffer, ready to be read.
     *
     * @throws IllegalArgumentException when the frame is larger than a buffer can be
     */
    public static ByteBuffer encode(Frame frame) {
        long length = frame.encodedLength();
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a frame of " + length + " bytes does not fit into one buffer");
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) length);
        put(frame, buffer);
        return buffer.flip();
    }

    /** Appends the frame to {@code buffer}, which must have room for {@link Frame#encodedLength()} bytes. */
    public static void put(Frame frame, ByteBuffer buffer) {
        buffer.putInt(Frame.MAGIC);
        buffer.put((byte) Frame.VERSION);
        buffer.put((byte) frame.type().code());
        buffer.putShort((short) 0);
        buffer.putLong(frame.callId());
        buffer.putLong(frame.remainingMicros());
        buffer.putInt(frame.incarnation());
        buffer.putInt(frame.body().length);
        buffer.putInt((int) frame.attachmentsLength());
        buffer.putShort((short) frame.attachments().size());
        buffer.putShort((short) 0);
        buffer.put(frame.body());
        for (ByteBuffer attachment : frame.attachments()) {
            buffer.putInt(attachment.remaining());
        }
        for (ByteBuffer attachment : frame.attachments()) {
            buffer.put(attachment.duplicate());
        }
    }
}
