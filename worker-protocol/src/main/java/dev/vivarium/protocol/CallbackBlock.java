package dev.vivarium.protocol;

import java.nio.ByteBuffer;

/** The body of the frames of callbacks: the callback's number, then the content; see PROTOCOL.md, section 12. */
public final class CallbackBlock {

    /** The bytes of the number. */
    public static final int NUMBER_BYTES = 8;

    private CallbackBlock() {}

    /** Returns a body. */
    public static byte[] encode(long number, byte[] content) {
        return ByteBuffer.allocate(NUMBER_BYTES + content.length)
                .putLong(number)
                .put(content)
                .array();
    }

    /**
     * Returns the number at the beginning of a body, at least 1; the content is what follows.
     *
     * @throws CodecException when the body is none, or has no content
     */
    public static long number(byte[] body) throws CodecException {
        if (body.length <= NUMBER_BYTES) {
            throw new CodecException(
                    "the body of a callback has more than " + NUMBER_BYTES + " bytes, got " + body.length, null);
        }
        long number = ByteBuffer.wrap(body).getLong();
        if (number < 1) {
            throw new CodecException(
                    "the number of a callback is from 1 to 2^63 - 1, got " + Long.toUnsignedString(number), null);
        }
        return number;
    }
}
