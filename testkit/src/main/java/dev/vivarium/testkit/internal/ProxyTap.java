package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Frame;
import dev.vivarium.testkit.FaultLease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a connection for the proxy and remembers what is not a whole frame yet, so that the proxy hides nothing of a peer
 * that breaks the protocol. While no fault is armed, parts of a frame are passed on as they come. Used by one thread.
 */
final class ProxyTap implements ReadableByteChannel {

    private final ReadableByteChannel source;
    private final FaultPlan plan;
    private ProxyLine.@Nullable Wired target;
    private byte[] bytes = new byte[64 * 1024];
    private int start;
    private int sent;
    private int end;

    ProxyTap(ReadableByteChannel source, FaultPlan plan) {
        this.source = source;
        this.plan = plan;
    }

    /** Sets where parts of frames go. */
    void into(ProxyLine.Wired wired) {
        target = wired;
    }

    /**
     * Forgets a frame that was read whole.
     *
     * @return whether it has been passed on, since a part of it had been
     */
    boolean passed(Frame frame) throws IOException {
        boolean begun = sent > start;
        start += (int) frame.encodedLength();
        if (begun) {
            send(start);
        }
        sent = start;
        return begun;
    }

    /** Passes on what is no frame, until the end. */
    void passRest() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
        do {
            send(end);
            start = end;
        } while (read(buffer.clear()) >= 0);
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        if (plan.leases().stream().allMatch(FaultLease::isHealed)) {
            send(end);
        }
        int first = buffer.position();
        int count = source.read(buffer);
        if (count > 0) {
            makeRoom(count);
            buffer.get(first, bytes, end, count);
            end += count;
        }
        return count;
    }

    private void makeRoom(int count) {
        if (end + count > bytes.length) {
            int kept = end - start;
            bytes = Arrays.copyOfRange(bytes, start, start + Math.max(bytes.length, 2 * (kept + count)));
            sent -= start;
            start = 0;
            end = kept;
        }
    }

    private void send(int limit) throws IOException {
        ProxyLine.Wired wired = target;
        if (wired != null && limit > sent) {
            wired.write(Arrays.copyOfRange(bytes, sent, limit));
            sent = limit;
        }
    }

    @Override
    public boolean isOpen() {
        return source.isOpen();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
