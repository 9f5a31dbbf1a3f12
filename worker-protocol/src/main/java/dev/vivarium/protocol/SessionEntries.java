package dev.vivarium.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state of a session, or changes of it, as bytes: keys with encoded values; see PROTOCOL.md, section 9. */
public final class SessionEntries {

    private static final int REMOVED = -1;

    private SessionEntries() {}

    /** Returns the entries as bytes, ready to be read; null stands for a key that was removed. */
    public static ByteBuffer encode(Map<String, byte @Nullable []> entries) {
        List<byte[]> names = new ArrayList<>(entries.size());
        int length = Integer.BYTES;
        for (Map.Entry<String, byte @Nullable []> entry : entries.entrySet()) {
            byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
            byte[] value = entry.getValue();
            names.add(name);
            length = Math.addExact(length, 2 * Integer.BYTES + name.length + (value == null ? 0 : value.length));
        }
        ByteBuffer bytes = ByteBuffer.allocate(length).putInt(entries.size());
        int i = 0;
        for (byte @Nullable [] value : entries.values()) {
            byte[] name = names.get(i++);
            bytes.putInt(name.length).put(name).putInt(value == null ? REMOVED : value.length);
            if (value != null) {
                bytes.put(value);
            }
        }
        return bytes.flip();
    }

    /**
     * Reads entries, in order.
     *
     * @throws CodecException when they are none
     */
    public static Map<String, byte @Nullable []> decode(ByteBuffer bytes) throws CodecException {
        ByteBuffer from = bytes.duplicate();
        Map<String, byte @Nullable []> entries = new LinkedHashMap<>();
        long count = length(from) & 0xffff_ffffL;
        for (long i = 0; i < count; i++) {
            String key = text(from, length(from));
            int length = length(from);
            if (length == REMOVED) {
                entries.put(key, null);
                continue;
            }
            if (length < 0 || length > from.remaining()) {
                throw new CodecException("a value is longer than what there is", null);
            }
            byte[] value = new byte[length];
            from.get(value);
            entries.put(key, value);
        }
        if (from.hasRemaining()) {
            throw new CodecException(from.remaining() + " bytes follow the entries", null);
        }
        return entries;
    }

    private static int length(ByteBuffer from) throws CodecException {
        if (from.remaining() < Integer.BYTES) {
            throw new CodecException("the entries end too early", null);
        }
        return from.getInt();
    }

    static String text(ByteBuffer from, int length) throws CodecException {
        if (length < 0 || length > from.remaining()) {
            throw new CodecException("a key is longer than what there is", null);
        }
        ByteBuffer part = from.duplicate();
        part.limit(part.position() + length);
        from.position(from.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(part).toString();
        } catch (CharacterCodingException e) {
            throw new CodecException("a name is no UTF-8", e);
        }
    }
}
