package dev.vivarium.session;

import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.SessionEntries;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Records as bytes in a file: a format number, the numbers of the record, its state and its answers. */
final class RecordFormat {

    private static final byte FORMAT = 1;
    private static final int FIXED_BYTES = 1 + 3 * Long.BYTES + 1 + Long.BYTES + Integer.BYTES + Integer.BYTES;

    private RecordFormat() {}

    static byte[] write(SessionRecord record) {
        Instant expiry = record.expiresAt();
        ByteBuffer state = SessionEntries.encode(new LinkedHashMap<>(record.state()));
        ByteBuffer answers = SessionEntries.encode(new LinkedHashMap<>(record.answers()));
        return ByteBuffer.allocate(Math.addExact(FIXED_BYTES, Math.addExact(state.remaining(), answers.remaining())))
                .put(FORMAT)
                .putLong(record.revision())
                .putLong(record.version())
                .putLong(record.epoch())
                .put((byte) (record.resident() ? 1 : 0))
                .putLong(expiry.getEpochSecond())
                .putInt(expiry.getNano())
                .putInt(state.remaining())
                .put(state)
                .put(answers)
                .array();
    }

    /** Reads only when a record may be forgotten. */
    static Instant expiry(byte[] bytes) {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        from.position(1 + 3 * Long.BYTES + 1);
        return Instant.ofEpochSecond(from.getLong(), from.getInt());
    }

    static SessionRecord read(byte[] bytes) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        byte format = from.get();
        if (format != FORMAT) {
            throw new IOException("a session is stored in format " + format + ", this version reads " + FORMAT);
        }
        long revision = from.getLong();
        long version = from.getLong();
        long epoch = from.getLong();
        boolean resident = from.get() != 0;
        Instant expiry = Instant.ofEpochSecond(from.getLong(), from.getInt());
        int length = from.getInt();
        try {
            Map<String, byte[]> state = present(SessionEntries.decode(from.slice(from.position(), length)));
            from.position(from.position() + length);
            Map<String, byte[]> answers = present(SessionEntries.decode(from));
            return new SessionRecord(revision, version, epoch, resident, state, answers, expiry);
        } catch (CodecException | IndexOutOfBoundsException e) {
            throw new IOException("a stored session cannot be read", e);
        }
    }

    private static Map<String, byte[]> present(Map<String, byte @Nullable []> entries) throws IOException {
        Map<String, byte[]> all = new LinkedHashMap<>();
        for (Map.Entry<String, byte @Nullable []> entry : entries.entrySet()) {
            byte[] value = entry.getValue();
            if (value == null) {
                throw new IOException("a stored session has a removed key");
            }
            all.put(entry.getKey(), value);
        }
        return all;
    }
}
