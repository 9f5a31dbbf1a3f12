package dev.vivarium.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What comes before a call of a session; see PROTOCOL.md, section 9.
 *
 * @param session the session's name, not empty
 * @param version how often the state has changed, unsigned
 * @param epoch how often the session has been bound to a worker, unsigned
 * @param resident whether the session is known to have something in its worker that cannot travel
 */
public record SessionHead(String session, long version, long epoch, boolean resident) {

    /** Flag of a head, and of the tail of a SESSION_REPLY: the session has something in its worker that cannot travel. */
    public static final int RESIDENT = 1;

    private static final int FIXED_BYTES = 17;

    /** Returns the head as bytes, ready to be read. */
    public ByteBuffer encode() {
        byte[] name = session.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(FIXED_BYTES + name.length)
                .putLong(version)
                .putLong(epoch)
                .put((byte) (resident ? RESIDENT : 0))
                .put(name)
                .flip();
    }

    /**
     * Reads a head.
     *
     * @throws CodecException when it is none
     */
    public static SessionHead decode(ByteBuffer bytes) throws CodecException {
        ByteBuffer from = bytes.duplicate();
        if (from.remaining() <= FIXED_BYTES) {
            throw new CodecException(
                    "a session's head is longer than " + FIXED_BYTES + " bytes, got " + from.remaining(), null);
        }
        long version = from.getLong();
        long epoch = from.getLong();
        int flags = from.get();
        if ((flags & ~RESIDENT) != 0) {
            throw new CodecException("a session's head has no flags but " + RESIDENT + ", got " + flags, null);
        }
        return new SessionHead(SessionEntries.text(from, from.remaining()), version, epoch, flags == RESIDENT);
    }
}
