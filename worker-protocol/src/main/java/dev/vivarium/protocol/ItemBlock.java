package dev.vivarium.protocol;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Items of a stream that travel together: the body of ITEMS, see PROTOCOL.md, section 10. The body is not copied, and must not
 * be changed.
 */
public final class ItemBlock {

    /** What a body takes beside its items and their lengths. */
    public static final int HEAD_BYTES = 12;

    /** What the length of an item takes. */
    public static final int LENGTH_BYTES = 4;

    private final long first;
    private final byte[] body;
    private final int[] ends;

    private ItemBlock(long first, byte[] body, int[] ends) {
        this.first = first;
        this.body = body;
        this.ends = ends;
    }

    /** Returns how many items of the stream came before. */
    public long first() {
        return first;
    }

    /** Returns how many items there are, at least 1. */
    public int count() {
        return ends.length;
    }

    /** Returns the bytes of all items together. */
    public long bytes() {
        return (long) body.length - start();
    }

    private int start() {
        return HEAD_BYTES + LENGTH_BYTES * ends.length;
    }

    /** Returns how many bytes an item takes. */
    public int length(int index) {
        return ends[index] - (index == 0 ? start() : ends[index - 1]);
    }

    /** Returns an item, encoded, in an array of its own. */
    public byte[] item(int index) {
        return Arrays.copyOfRange(body, index == 0 ? start() : ends[index - 1], ends[index]);
    }

    /** Returns the body of a frame with these items, of which there is at least one. */
    public static byte[] encode(long first, List<byte[]> items) {
        int length = HEAD_BYTES + LENGTH_BYTES * items.size();
        for (byte[] item : items) {
            length = Math.addExact(length, item.length);
        }
        ByteBuffer out = ByteBuffer.allocate(length).putLong(first).putInt(items.size());
        items.forEach(item -> out.putInt(item.length));
        items.forEach(out::put);
        return out.array();
    }

    /**
     * Reads a body.
     *
     * @throws CodecException when it is none
     */
    public static ItemBlock decode(byte[] body) throws CodecException {
        if (body.length < HEAD_BYTES + LENGTH_BYTES) {
            throw new CodecException("a block of items is longer than " + HEAD_BYTES + " bytes and holds one", null);
        }
        ByteBuffer in = ByteBuffer.wrap(body);
        long first = in.getLong();
        int count = in.getInt();
        if (count < 1 || count > (body.length - HEAD_BYTES) / LENGTH_BYTES) {
            throw new CodecException(
                    Integer.toUnsignedString(count) + " items do not fit into " + body.length + " bytes", null);
        }
        int[] ends = new int[count];
        long end = HEAD_BYTES + (long) LENGTH_BYTES * count;
        for (int i = 0; i < count; i++) {
            end += Integer.toUnsignedLong(in.getInt());
            if (end > body.length) {
                break;
            }
            ends[i] = (int) end;
        }
        if (end != body.length) {
            throw new CodecException("the lengths of items do not add up to " + body.length + " bytes", null);
        }
        return new ItemBlock(first, body, ends);
    }
}
