package dev.vivarium.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream into lines of limited length; what is too long is skipped without being kept. A byte order mark at the
 * beginning is dropped. Not thread-safe.
 */
final class LineReader implements AutoCloseable {

    /**
     * One line.
     *
     * @param number from 1
     * @param bytes its content without the line end; cut when {@code tooLong}
     * @param tooLong whether it was longer than the limit
     * @param carriageReturn whether it ended with CR and LF, or with CR at the end of the input
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on once; never compared.
    record Line(long number, byte[] bytes, boolean tooLong, boolean carriageReturn) {}

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

    private final InputStream in;
    private final int maxBytes;
    private final byte[] buffer = new byte[64 * 1024];
    private int position;
    private int limit;
    private long number;
    private boolean begun;

    LineReader(InputStream in, int maxBytes) {
        this.in = in;
        this.maxBytes = maxBytes;
    }

    /** Returns the next line, or null at the end. A last line without a line end counts. */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        boolean any = false;
        boolean tooLong = false;
        if (!begun) {
            begun = true;
            skipByteOrderMark();
        }
        while (true) {
            if (position == limit) {
                limit = in.read(buffer);
                position = 0;
                if (limit < 0) {
                    limit = 0;
                    return any ? finish(line, tooLong) : null;
                }
            }
            int end = position;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            any = any || end > position || end < limit;
            int room = Math.min(end - position, maxBytes - line.size());
            line.write(buffer, position, room);
            tooLong |= room < end - position;
            position = end;
            if (end < limit) {
                position = end + 1;
                return finish(line, tooLong);
            }
        }
    }

    /** Reads no more than it takes to know: who types a line waits for its answer. */
    private void skipByteOrderMark() throws IOException {
        int matched = 0;
        while (matched < BYTE_ORDER_MARK.length) {
            if (matched == limit) {
                int read = in.read(buffer, limit, buffer.length - limit);
                if (read < 0) {
                    return;
                }
                limit += read;
            } else if (buffer[matched] == BYTE_ORDER_MARK[matched]) {
                matched++;
            } else {
                return;
            }
        }
        position = matched;
    }

    private Line finish(ByteArrayOutputStream line, boolean tooLong) {
        byte[] bytes = line.toByteArray();
        number++;
        boolean carriageReturn = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
        if (carriageReturn) {
            bytes = Arrays.copyOf(bytes, bytes.length - 1);
        }
        return new Line(number, bytes, tooLong, carriageReturn);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
