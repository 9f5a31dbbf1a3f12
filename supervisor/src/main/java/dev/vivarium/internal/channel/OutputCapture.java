package dev.vivarium.internal.channel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Cuts a stream of output into lines: at most so long, and the last ones kept. Fed by one thread; the last lines may be read
 * by any.
 */
public final class OutputCapture {

    private static final int FIRST_BYTES = 64;

    private final int maxLineBytes;
    private final int tailLines;
    private final BooleanSupplier passes;
    private final Consumer<String> lines;
    private byte[] current = new byte[FIRST_BYTES];
    private int length;
    private final ArrayDeque<String> tail = new ArrayDeque<>();
    private boolean cut;

    /**
     * Creates a capture.
     *
     * @param passes asked once for each line whether it is told
     * @param lines gets each line that is
     */
    public OutputCapture(int maxLineBytes, int tailLines, BooleanSupplier passes, Consumer<String> lines) {
        this.maxLineBytes = maxLineBytes;
        this.tailLines = tailLines;
        this.passes = passes;
        this.lines = lines;
    }

    /** Reads all of {@code bytes}. */
    public void feed(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            int start = bytes.position();
            int end = start;
            while (end < bytes.limit() && bytes.get(end) != '\n') {
                end++;
            }
            append(bytes, end - start);
            if (end < bytes.limit()) {
                bytes.position(end + 1);
                finishLine();
            } else {
                bytes.position(end);
            }
        }
    }

    /** Adds the next bytes to the line, as far as it may be so long. */
    private void append(ByteBuffer bytes, int count) {
        int kept = Math.min(count, maxLineBytes - length);
        cut |= kept < count;
        if (length + kept > current.length) {
            current = Arrays.copyOf(current, Math.min(maxLineBytes, Math.max(length + kept, 2 * current.length)));
        }
        bytes.get(current, length, kept);
        length += kept;
    }

    /** Notes the end of the stream: what is left is a line. */
    public void end() {
        if (length > 0) {
            finishLine();
        }
    }

    private void finishLine() {
        boolean told = passes.getAsBoolean();
        // A worker may write millions of lines that nobody sees: no text is made of those.
        if (told || tailLines > 0) {
            String line = text();
            keep(line);
            if (told) {
                lines.accept(line);
            }
        }
        length = 0;
        cut = false;
    }

    private String text() {
        int end = length > 0 && current[length - 1] == '\r' ? length - 1 : length;
        String text = new String(current, 0, end, StandardCharsets.UTF_8);
        return cut ? text + " [cut at " + maxLineBytes + " bytes]" : text;
    }

    private void keep(String line) {
        if (tailLines == 0) {
            return;
        }
        synchronized (tail) {
            if (tail.size() == tailLines) {
                tail.removeFirst();
            }
            tail.addLast(line);
        }
    }

    /** Returns the last lines, oldest first. */
    public List<String> lastLines() {
        synchronized (tail) {
            return List.copyOf(tail);
        }
    }
}
