package dev.vivarium.internal.link;

import dev.vivarium.PoolException;
import dev.vivarium.SharedMemoryExhausted;
import dev.vivarium.internal.attachment.CallAttachments;
import dev.vivarium.internal.attachment.Outboxes;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.AttachmentOffer;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.protocol.message.Space;
import dev.vivarium.protocol.message.SpaceWanted;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What one process and the JVM hand each other beside bodies: it holds what the process may still read, and what it may still
 * write to, until the process has answered or has ended.
 */
final class Carried {

    private final PoolContext context;
    private final Outboxes outboxes;
    private final AtomicReference<CallAttachments> held = new AtomicReference<>(CallAttachments.NONE);
    private volatile @Nullable SharedMemoryExhausted refused;

    Carried(PoolContext context) {
        this.context = context;
        this.outboxes = new Outboxes(context.sharedMemory());
    }

    /** Returns what the process is told. */
    AttachmentOffer offer() {
        return new AttachmentOffer(
                context.config().attachments().maxBytes(),
                context.sharedMemory().paths().stream().map(Path::toString).toList(),
                context.config().attachments().sharedFrom());
    }

    /** Holds what a call carries, which the process is about to read; false when the call has ended, and it with the call. */
    boolean hold(ActiveCall call) {
        if (!call.attachments().retain()) {
            return false;
        }
        held.getAndSet(call.attachments()).release();
        return true;
    }

    /** The process has answered: it reads nothing of its call any more. */
    void letGo() {
        held.getAndSet(CallAttachments.NONE).release();
    }

    /** Returns what an answer carries, held until it has been read. */
    ReplyAttachments read(SessionFrames.Answer answer, ActiveCall call) throws ProtocolViolationException {
        try {
            return outboxes.read(answer.carried(), call.attachments());
        } catch (CodecException e) {
            throw new ProtocolViolationException(new ProtocolViolation(
                    ProtocolViolation.Kind.MALFORMED_BODY, String.valueOf(e.getMessage()), new byte[0]));
        }
    }

    /** Answers a process that wants a segment to write to; blocks while one is made. */
    Frame space(Frame frame) throws ProtocolViolationException {
        SpaceWanted wanted = Bodies.read(frame, SpaceWanted.class);
        wanted.returned().forEach(outboxes::returned);
        refused = null;
        Space space;
        try {
            Outboxes.Grant grant = outboxes.grant(Math.max(0, wanted.bytes()));
            space = new Space(grant.number(), grant.bytes(), "");
        } catch (SharedMemoryExhausted e) {
            refused = e;
            space = new Space(0, 0, String.valueOf(e.getMessage()));
        }
        return Frame.of(FrameType.SPACE, frame.callId(), frame.incarnation(), Bodies.write(space));
    }

    /** Returns what an error of the process becomes: that there was no segment for its result is known here. */
    PoolException failure(ActiveCall call, ErrorBody error, int slot) {
        SharedMemoryExhausted known = refused;
        return known != null && error.kind() == ErrorKind.NO_SHARED_MEMORY
                ? known
                : CallErrors.of(call, error, context, slot);
    }

    /** The process has ended. */
    void release() {
        letGo();
        outboxes.release();
    }
}
