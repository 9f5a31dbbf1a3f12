package dev.vivarium.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Where an attachment is: in the frame, or in a segment of shared memory. See PROTOCOL.md, section 11.
 *
 * @param segment the segment's number; 0 means that it is in the frame
 * @param offset its first byte in the segment; of one in the frame, which of the parts behind the table it is, from 0
 * @param length its bytes
 * @param flags {@link #RETURNED} or 0
 */
public record AttachmentPlace(long segment, long offset, long length, long flags) {

    /** The worker has let go of the segment, which is the JVM's again. */
    public static final long RETURNED = 1;

    private static final int BYTES = 4 * Long.BYTES;

    /** Returns the table of these places. */
    public static ByteBuffer encode(List<AttachmentPlace> places) {
        ByteBuffer table = ByteBuffer.allocate(places.size() * BYTES);
        for (AttachmentPlace place : places) {
            table.putLong(place.segment)
                    .putLong(place.offset)
                    .putLong(place.length)
                    .putLong(place.flags);
        }
        return table.flip();
    }

    /**
     * Reads a table.
     *
     * @throws CodecException when it is none
     */
    public static List<AttachmentPlace> decode(ByteBuffer table) throws CodecException {
        ByteBuffer from = table.duplicate();
        if (!from.hasRemaining() || from.remaining() % BYTES != 0) {
            throw new CodecException("a table of attachments has " + from.remaining() + " bytes", null);
        }
        List<AttachmentPlace> places = new ArrayList<>();
        while (from.hasRemaining()) {
            AttachmentPlace place = new AttachmentPlace(from.getLong(), from.getLong(), from.getLong(), from.getLong());
            if (place.segment < 0 || place.offset < 0 || place.length < 0 || (place.flags & ~RETURNED) != 0) {
                throw new CodecException("an attachment cannot be at " + place, null);
            }
            places.add(place);
        }
        return places;
    }
}
