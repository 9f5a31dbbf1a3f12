package dev.vivarium.internal.link;

import dev.vivarium.internal.channel.DataChannel;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.lending.LendingThread;
import dev.vivarium.internal.lending.Loan;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.ProtocolViolationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's data channel, from when it is there: a thread of its own reads frames, and whoever carries out the slot's decisions
 * writes them.
 *
 * <p>A small frame is written by that thread itself: the worker is idle, so the channel is empty and takes the frame at once,
 * even if the process is stopped. A large one goes through a thread that may block, and so does every one where the thread may
 * be a caller's and an interrupt of it would close the channel. Behind one that is still on its way there, all others wait their
 * turn: frames are written in the order in which they were sent.
 */
final class DataLine {

    /** Frames up to this size are written at once. Well below the smallest default buffer of a pipe or a Unix socket. */
    static final int INLINE_WRITE_BYTES = 32 * 1024;

    private static final Logger log = LoggerFactory.getLogger(WorkerLink.class);

    private final PoolContext context;
    private final String worker;
    private final WorkerEvents events;
    private final Reader reader;
    private final AtomicReference<@Nullable Wire> wire = new AtomicReference<>();
    private final Queue<Frame> queue = new ConcurrentLinkedQueue<>();
    // How many of the queue have not been written yet; whoever makes it 1 has them written.
    private final AtomicInteger pending = new AtomicInteger();
    private volatile boolean mayBeFull;
    private volatile boolean closed;

    /** Gets what arrives, on the reading thread. */
    interface Reader {
        /** A frame arrived. */
        void frame(Frame frame) throws ProtocolViolationException;

        /** Nothing arrives any more. */
        void ended();
    }

    private record Wire(DataChannel channel, ByteBuffer outgoing) {}

    DataLine(PoolContext context, int slot, int incarnation, WorkerEvents events, Reader reader) {
        this.context = context;
        this.worker = context.worker(slot) + ", incarnation " + incarnation;
        this.events = events;
        this.reader = reader;
    }

    /** Takes the channel over and starts to read it; a second one is closed. */
    void attach(DataChannel channel, String threadName) {
        if (!wire.compareAndSet(null, new Wire(channel, channel.buffer(INLINE_WRITE_BYTES)))) {
            channel.readingOver();
            channel.close();
            return;
        }
        new LendingThread(() -> read(channel), threadName).start();
        if (closed) {
            channel.close(); // It came when nobody waited for it any more.
        }
    }

    /** Returns whether there has been a channel. */
    boolean isAttached() {
        return wire.get() != null;
    }

    private void read(DataChannel channel) {
        FrameReader frames = channel.reader(context.config().calls().limits());
        try {
            Frame frame = frames.read();
            while (frame != null) {
                reader.frame(frame);
                frame = frames.read();
            }
        } catch (ProtocolViolationException e) {
            events.violated(e.violation());
        } catch (IOException e) {
            log.debug("the data channel of {} ended", worker, e);
        } catch (RuntimeException e) {
            log.error("a defect in reading from {}", worker, e);
        } finally {
            channel.readingOver();
            events.channelClosed();
            reader.ended();
        }
    }

    /** Writes to the worker. Only the slot's actor calls this. */
    void write(Frame frame) {
        Wire known = wire.get();
        if (known == null) {
            events.channelClosed();
            return;
        }
        boolean here = known.channel().isImmuneToInterrupts() || !Loan.isUnderWay();
        if (here && frame.encodedLength() <= INLINE_WRITE_BYTES && pending.get() == 0 && !mayBeFull) {
            ByteBuffer outgoing = known.outgoing().clear();
            FrameEncoder.put(frame, outgoing);
            writeFully(known.channel(), outgoing.flip());
            return;
        }
        enqueue(known, frame);
    }

    /**
     * Writes to the worker while it runs a call and may be slow to read; any thread may call this. What is written to the idle
     * worker after that goes the same way, until it is known to have read all.
     */
    void writeAside(Frame frame) {
        Wire known = wire.get();
        if (known == null) {
            events.channelClosed();
            return;
        }
        mayBeFull = true;
        enqueue(known, frame);
    }

    /** Notes that the worker has read all that was written so far. */
    void hasReadAll() {
        mayBeFull = false;
    }

    private void enqueue(Wire known, Frame frame) {
        queue.add(frame);
        if (pending.getAndIncrement() == 0) {
            context.io().execute(() -> writeQueued(known.channel()));
        }
    }

    private void writeQueued(DataChannel channel) {
        do {
            writeFully(channel, FrameEncoder.encode(Objects.requireNonNull(queue.poll())));
        } while (pending.decrementAndGet() > 0);
    }

    private void writeFully(DataChannel channel, ByteBuffer bytes) {
        try {
            channel.write(bytes);
        } catch (IOException e) {
            log.debug("writing to {} failed", worker, e);
            events.channelClosed();
        }
    }

    /** Returns whether it has been closed. */
    boolean isClosed() {
        return closed;
    }

    /** Ends the channel, also one that comes later; does not block. */
    void close() {
        closed = true; // Before the look: who brings a channel looks after that.
        Wire known = wire.get();
        if (known != null) {
            known.channel().close();
        }
    }
}
