package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One direction of a connection, and what faults do to the frames on it. Used by one thread. */
final class ProxyLine {

    /** Where in a header the length of the body stands. */
    private static final int BODY_LENGTH = 28;

    /** Ids are counted up from 1: one with this bit is nobody's. */
    private static final long NOBODYS = 1L << 40;

    private static final long PIECES_PER_SECOND = 50;

    private static final byte[] FORGED = "\"forged\"".getBytes(StandardCharsets.UTF_8);

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
            CountDownLatch healed = healing(lease);
            var unused = healed.await(lease.drawn(delayed).toNanos(), TimeUnit.NANOSECONDS);
            write(bytes);
        } else if (fault instanceof Fault.Sliced sliced) {
            inPieces(bytes, sliced.bytes(), sliced.pause().toNanos(), lease);
        } else if (fault instanceof Fault.Throttled throttled) {
            int piece = (int) Math.max(1, Math.min(bytes.length, throttled.bytesPerSecond() / PIECES_PER_SECOND));
            long pause = piece * TimeUnit.SECONDS.toNanos(1) / throttled.bytesPerSecond();
            var unused = healing(lease).await(pause, TimeUnit.NANOSECONDS);
            inPieces(bytes, piece, pause, lease);
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
        } else if (fault instanceof Fault.Misaddressed) {
            write(Wire.bytes(otherwise(frame, frame.callId() ^ NOBODYS, frame.body())));
        } else if (fault instanceof Fault.Crossed) {
            long another = frame.callId() > 1 ? frame.callId() - 1 : frame.callId() + 1;
            write(Wire.bytes(otherwise(frame, another, frame.body())));
        } else if (fault instanceof Fault.Forged) {
            boolean result = frame.type() != FrameType.ERROR;
            write(result ? Wire.bytes(otherwise(frame, frame.callId(), FORGED.clone())) : bytes);
        } else if (fault instanceof Fault.Truncated) {
            write(Arrays.copyOf(bytes, bytes.length / 2));
            throw new IOException("cut off on purpose");
        }
        if (fault instanceof Fault.Partitioned || fault instanceof Fault.Belated) {
            write(bytes);
        }
        // Dropped: nothing is written.
    }

    private static CountDownLatch healing(FaultLease lease) {
        CountDownLatch healed = new CountDownLatch(1);
        lease.onHeal(healed::countDown);
        return healed;
    }

    /** Writes piece by piece; what is left when the fault is healed, at once. */
    private void inPieces(byte[] bytes, int piece, long pauseNanos, FaultLease lease)
            throws IOException, InterruptedException {
        CountDownLatch healed = healing(lease);
        int sent = Math.min(piece, bytes.length);
        wired.write(Arrays.copyOf(bytes, sent));
        while (sent < bytes.length) {
            int end = healed.await(pauseNanos, TimeUnit.NANOSECONDS)
                    ? bytes.length
                    : (int) Math.min(bytes.length, (long) sent + piece);
            wired.write(Arrays.copyOfRange(bytes, sent, end));
            sent = end;
        }
        afterwards();
    }

    private static Frame otherwise(Frame frame, long callId, byte[] body) {
        return new Frame(frame.type(), callId, frame.remainingMicros(), frame.incarnation(), body, frame.attachments());
    }

    private void write(byte[] bytes) throws IOException {
        wired.write(bytes);
        afterwards();
    }

    private void afterwards() throws IOException {
        byte[] earlier = held;
        if (earlier != null) {
            held = null;
            wired.write(earlier);
        }
    }
}
