package dev.vivarium.protocol;

import java.nio.ByteBuffer;

/**
 * How much of a stream may be sent; the body of CREDIT and of WANTED, see PROTOCOL.md, section 10.
 *
 * @param items how many items, at least 0
 * @param bytes how many bytes of encoded items, at least 0; the item that reaches it may go beyond
 */
public record Credit(long items, long bytes) {

    /** The length of its encoding. */
    public static final int BYTES = 16;

    /** Returns the encoding. */
    public byte[] encode() {
        return ByteBuffer.allocate(BYTES).putLong(items).putLong(bytes).array();
    }

    /**
     * Reads a body.
     *
     * @throws CodecException when it is none
     */
    public static Credit decode(byte[] body) throws CodecException {
        if (body.length != BYTES) {
            throw new CodecException("a credit has " + BYTES + " bytes, got " + body.length, null);
        }
        ByteBuffer in = ByteBuffer.wrap(body);
        Credit credit = new Credit(in.getLong(), in.getLong());
        if (credit.items < 0 || credit.bytes < 0) {
            throw new CodecException("a credit is below 2^63, got " + credit, null);
        }
        return credit;
    }
}
