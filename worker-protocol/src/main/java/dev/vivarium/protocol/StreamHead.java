package dev.vivarium.protocol;

import java.nio.ByteBuffer;

/**
 * What comes before a call whose answer is a stream: how much the worker may send; see PROTOCOL.md, section 10.
 *
 * @param credit what it may send before it hears of more
 * @param mostItems items of one frame, in either direction; at least 1
 * @param ofSession whether the attachments that follow are those of a session's call
 * @param fed whether the handler gets items as well
 */
public record StreamHead(Credit credit, int mostItems, boolean ofSession, boolean fed) {

    /** The length of its encoding. */
    public static final int BYTES = 21;

    private static final int SESSION = 1;
    private static final int FED = 2;

    /** Checks the range. */
    public StreamHead {
        if (mostItems < 1) {
            throw new IllegalArgumentException("mostItems must be at least 1, got " + mostItems);
        }
    }

    /** Returns the encoding. */
    public ByteBuffer encode() {
        return ByteBuffer.allocate(BYTES)
                .putLong(credit.items())
                .putLong(credit.bytes())
                .putInt(mostItems)
                .put((byte) ((ofSession ? SESSION : 0) | (fed ? FED : 0)))
                .flip();
    }

    /**
     * Reads a head.
     *
     * @throws CodecException when it is none
     */
    public static StreamHead decode(ByteBuffer block) throws CodecException {
        ByteBuffer in = block.slice();
        if (in.remaining() != BYTES) {
            throw new CodecException("a stream's head has " + BYTES + " bytes, got " + in.remaining(), null);
        }
        Credit credit = new Credit(in.getLong(), in.getLong());
        int mostItems = in.getInt();
        int flags = in.get();
        if (credit.items() < 0 || credit.bytes() < 0) {
            throw new CodecException("a credit is below 2^63, got " + credit, null);
        }
        if (mostItems < 1) {
            throw new CodecException("a frame of a stream has room for an item, got " + mostItems, null);
        }
        if ((flags & ~(SESSION | FED)) != 0) {
            throw new CodecException("a stream's head has no such flags: " + flags, null);
        }
        return new StreamHead(credit, mostItems, (flags & SESSION) != 0, (flags & FED) != 0);
    }
}
