package dev.vivarium.internal.channel;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Cuts a stream of output into lines: at most so long, at most so many a second, and the last ones kept. Fed by one thread;
 * the last lines may be read by any.
 */
public final class OutputCapture {

    private static final long SECOND = 1_000_000_000L;

    private final int maxLineBytes;
    private final int maxLinesPerSecond;
    private final int tailLines;
    private final LongSupplier nanoTime;
    private final Consumer<String> lines;
    private final LongConsumer dropped;
    private final ByteArrayOutputStream current = new ByteArrayOutputStream();
    private final ArrayDeque<String> tail = new ArrayDeque<>();
    private boolean cut;
    private long second;
    private int inSecond;
    private long droppedInSecond;

    /**
     * Creates a capture.
     *
     * @param lines gets each line that is within the rate
     * @param dropped gets the number of lines that were not, once a second at the most
     */
    public OutputCapture(
            int maxLineBytes,
            int maxLinesPerSecond,
            int tailLines,
            LongSupplier nanoTime,
            Consumer<String> lines,
            LongConsumer dropped) {
        this.maxLineBytes = maxLineBytes;
        this.maxLinesPerSecond = maxLinesPerSecond;
        this.tailLines = tailLines;
        this.nanoTime = nanoTime;
        this.lines = lines;
        this.dropped = dropped;
        this.second = nanoTime.getAsLong();
    }

    /** Reads all of {@code bytes}. */
    public void feed(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            byte b = bytes.get();
            if (b == '\n') {
                finishLine();
            } else if (current.size() < maxLineBytes) {
                current.write(b);
            } else {
                cut = true;
            }
        }
    }

    /** Notes the end of the stream: what is left is a line, and what was dropped is told. */
    public void end() {
        if (current.size() > 0) {
            finishLine();
        }
        tellDropped();
    }

    private void finishLine() {
        String text = current.toString(StandardCharsets.UTF_8);
        if (text.endsWith("\r")) {
            text = text.substring(0, text.length() - 1);
        }
        String line = cut ? text + " [cut at " + maxLineBytes + " bytes]" : text;
        current.reset();
        cut = false;
        keep(line);
        long now = nanoTime.getAsLong();
        if (now - second >= SECOND) {
            tellDropped();
            second = now;
            inSecond = 0;
        }
        if (inSecond < maxLinesPerSecond) {
            inSecond++;
            lines.accept(line);
        } else {
            droppedInSecond++;
        }
    }

    private void tellDropped() {
        if (droppedInSecond > 0) {
            dropped.accept(droppedInSecond);
            droppedInSecond = 0;
        }
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
