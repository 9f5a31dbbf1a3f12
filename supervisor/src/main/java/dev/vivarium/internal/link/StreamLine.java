package dev.vivarium.internal.link;

import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.StreamAttempt;
import dev.vivarium.internal.call.StreamTicket;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.ItemBlock;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The streams of one worker: what their frames mean; see PROTOCOL.md, section 10. */
final class StreamLine {

    private final int incarnation;
    private final Consumer<Frame> control;
    private final Consumer<Frame> data;

    /**
     * Creates the line.
     *
     * @param control sends on the control channel; on any thread
     * @param data sends on the data channel while a call runs; on any thread
     */
    StreamLine(int incarnation, Consumer<Frame> control, Consumer<Frame> data) {
        this.incarnation = incarnation;
        this.control = control;
        this.data = data;
    }

    private static @Nullable StreamAttempt attempt(@Nullable ActiveCall call) {
        StreamTicket ticket = call == null ? null : call.stream();
        return ticket == null ? null : ticket.attempt();
    }

    /** Returns the frame that a call is sent with: the given one, unless its answer is a stream. */
    Frame begin(ActiveCall call, Frame frame) {
        StreamTicket ticket = call.stream();
        if (ticket == null) {
            return frame;
        }
        var unused = ticket.begin(new Line(call.id()));
        List<ByteBuffer> attachments = new ArrayList<>();
        attachments.add(ticket.head(frame.type() == FrameType.SESSION_CALL).encode());
        attachments.addAll(frame.attachments());
        return new Frame(
                FrameType.STREAM_CALL,
                frame.callId(),
                frame.remainingMicros(),
                frame.incarnation(),
                frame.body(),
                attachments);
    }

    private final class Line implements StreamAttempt.Line {
        private final long callId;

        Line(long callId) {
            this.callId = callId;
        }

        @Override
        public void credit(Credit total) {
            control.accept(Frame.of(FrameType.CREDIT, callId, incarnation, total.encode()));
        }

        @Override
        public void feed(long first, List<byte[]> items) {
            data.accept(Frame.of(FrameType.ITEMS, callId, incarnation, ItemBlock.encode(first, items)));
        }

        @Override
        public void feedEnd() {
            data.accept(Frame.of(FrameType.ITEMS_END, callId, incarnation));
        }
    }

    /** Takes an ITEMS or a WANTED. */
    void received(Frame frame, @Nullable ActiveCall running) throws ProtocolViolationException {
        StreamAttempt attempt = attempt(running);
        if (running == null || running.id() != frame.callId() || attempt == null) {
            throw Violations.notRunning(frame, running);
        }
        try {
            if (frame.type() == FrameType.ITEMS) {
                attempt.received(ItemBlock.decode(frame.body()));
            } else {
                attempt.wanted(Credit.decode(frame.body()));
            }
        } catch (CodecException e) {
            throw Violations.of(ProtocolViolation.Kind.MALFORMED_BODY, frame, String.valueOf(e.getMessage()));
        }
    }

    /** Checks the frame that ends a call. */
    void ending(ActiveCall call, Frame frame) throws ProtocolViolationException {
        StreamAttempt attempt = attempt(call);
        if (attempt == null || frame.type() == FrameType.ERROR) {
            return;
        }
        try {
            attempt.checkEnd(frame.body());
        } catch (CodecException e) {
            throw Violations.of(ProtocolViolation.Kind.MALFORMED_BODY, frame, String.valueOf(e.getMessage()));
        }
    }

    static boolean isFed(ActiveCall call) {
        StreamTicket ticket = call.stream();
        return ticket != null && ticket.isFed();
    }

    static boolean isHeldBack(@Nullable ActiveCall call) {
        StreamAttempt attempt = attempt(call);
        return attempt != null && attempt.isHeldBack();
    }

    /** Has a call's stream pass nothing on any more: its worker has ended. */
    static void close(ActiveCall call) {
        StreamAttempt attempt = attempt(call);
        if (attempt != null) {
            attempt.close();
        }
    }
}
