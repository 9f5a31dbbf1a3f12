package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Frame;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One direction of a connection, and what faults do to the frames on it. Used by one thread. */
final class ProxyLine {

    /** Where in a header the length of the body stands. */
    private static final int BODY_LENGTH = 28;

    interface Wired {
        void write(byte[] bytes) throws IOException;
    }

    private final Wired wired;
    private byte @Nullable [] held;

    ProxyLine(Wired wired) {
        this.wired = wired;
    }

    void pass(Frame frame, @Nullable FaultLease lease) throws IOException, InterruptedException {
        byte[] bytes = Wire.bytes(frame);
        if (lease == null) {
            write(bytes);
            return;
        }
        Fault fault = lease.fault();
        if (fault instanceof Fault.Delayed delayed) {
            CountDownLatch healed = new CountDownLatch(1);
            lease.onHeal(healed::countDown);
            var unused = healed.await(delayed.by().toNanos(), TimeUnit.NANOSECONDS);
            write(bytes);
        } else if (fault instanceof Fault.Corrupted) {
            byte[] broken = bytes.clone();
            broken[broken.length > Frame.HEADER_BYTES ? Frame.HEADER_BYTES : 0] ^= (byte) 0x80;
            write(broken);
        } else if (fault instanceof Fault.Duplicated) {
            write(bytes);
            write(bytes);
        } else if (fault instanceof Fault.Reordered) {
            held = bytes;
        } else if (fault instanceof Fault.Oversized) {
            byte[] broken = bytes.clone();
            ByteBuffer.wrap(broken).putInt(BODY_LENGTH, Integer.MAX_VALUE);
            write(broken);
        } else if (fault instanceof Fault.Truncated) {
            write(Arrays.copyOf(bytes, bytes.length / 2));
            throw new IOException("cut off on purpose");
        }
        if (fault instanceof Fault.Partitioned) {
            write(bytes);
        }
        // Dropped: nothing is written.
    }

    private void write(byte[] bytes) throws IOException {
        wired.write(bytes);
        byte[] earlier = held;
        if (earlier != null) {
            held = null;
            wired.write(earlier);
        }
    }
}
