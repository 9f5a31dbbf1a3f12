package dev.vivarium.protocol;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One frame. The body array and the attachments' content are not copied: who makes a frame hands them over.
 *
 * @param type what it is
 * @param callId the call it belongs to, unsigned; 0 where there is none
 * @param remainingMicros microseconds to the call's deadline when it was sent, unsigned; 0 means no deadline
 * @param incarnation of the worker that it is for or from, unsigned
 * @param body the encoded part
 * @param attachments raw bytes beside the encoded part; each buffer from its position to its limit
 */
@SuppressWarnings(
        "ArrayRecordComponent") // Frames are never compared; a copy of the body on the hot path would be a waste.
public record Frame(
        FrameType type, long callId, long remainingMicros, int incarnation, byte[] body, List<ByteBuffer> attachments) {

    /** The length of a frame's header. */
    public static final int HEADER_BYTES = 40;

    /** The first four bytes of every frame: the letters VIVA. */
    public static final int MAGIC = 0x56495641;

    /** The version of the protocol. */
    public static final int VERSION = 1;

    private static final byte[] EMPTY = new byte[0];

    /** Returns a frame without a body. */
    public static Frame of(FrameType type, long callId, int incarnation) {
        return new Frame(type, callId, 0, incarnation, EMPTY, List.of());
    }

    /** Returns a frame with a body. */
    public static Frame of(FrameType type, long callId, int incarnation, byte[] body) {
        return new Frame(type, callId, 0, incarnation, body, List.of());
    }

    /** Returns a CALL. */
    public static Frame call(
            long callId, int incarnation, long remainingMicros, byte[] body, List<ByteBuffer> attachments) {
        return new Frame(FrameType.CALL, callId, remainingMicros, incarnation, body, attachments);
    }

    /** Returns the frame's size on the wire. */
    public long encodedLength() {
        return (long) HEADER_BYTES + body.length + attachmentsLength();
    }

    /** Returns the size of the attachment section, its table included. */
    public long attachmentsLength() {
        long length = 4L * attachments.size();
        for (ByteBuffer attachment : attachments) {
            length += attachment.remaining();
        }
        return length;
    }

    /** Returns the frame without its contents: they may be secrets. */
    @Override
    public String toString() {
        return type + "(call=" + Long.toUnsignedString(callId) + ", incarnation="
                + Integer.toUnsignedString(incarnation) + ", body=" + body.length + " bytes, attachments="
                + attachments.size() + ")";
    }
}
