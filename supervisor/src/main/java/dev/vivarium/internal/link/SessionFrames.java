package dev.vivarium.internal.link;

import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.SessionLost;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.SessionEntries;
import dev.vivarium.protocol.SessionHead;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls and answers, with what they carry of a session when they are of one; see PROTOCOL.md, section 9. */
public final class SessionFrames {

    private SessionFrames() {}

    private static @Nullable SessionAttempt attempt(ActiveCall call) {
        SessionTicket ticket = call.session();
        return ticket == null ? null : ticket.attempt();
    }

    static Frame call(ActiveCall call, int incarnation, long remainingMicros) {
        SessionAttempt attempt = attempt(call);
        if (attempt == null) {
            return Frame.call(
                    call.id(),
                    incarnation,
                    remainingMicros,
                    call.body(),
                    call.attachments().parts());
        }
        return new Frame(
                FrameType.SESSION_CALL,
                call.id(),
                remainingMicros,
                incarnation,
                call.body(),
                parts(attempt, call.attachments().parts()));
    }

    private static List<ByteBuffer> parts(SessionAttempt attempt, List<ByteBuffer> carried) {
        List<ByteBuffer> parts = new ArrayList<>(List.of(attempt.head().encode()));
        Map<String, byte[]> state = attempt.base().state();
        if (state != null) {
            parts.add(SessionEntries.encode(new HashMap<>(state)));
        } else if (!carried.isEmpty()) {
            parts.add(ByteBuffer.allocate(0)); // It holds the place: what the call carries begins with the third.
        }
        parts.addAll(carried);
        return parts;
    }

    static Frame close(String session, int incarnation) {
        return Frame.of(FrameType.SESSION_CLOSE, 0, incarnation, session.getBytes(StandardCharsets.UTF_8));
    }

    /** What an answer holds. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Answer(
            byte[] result,
            @Nullable Map<String, byte @Nullable []> changes,
            boolean resident,
            List<ByteBuffer> carried) {
        /** Ends a call with it; false when it had ended before. */
        boolean end(ActiveCall call) {
            return succeed(call, result, changes, resident);
        }
    }

    /** Reads an answer, before anything is done about it. */
    static Answer read(ActiveCall call, Frame frame) throws ProtocolViolationException {
        SessionAttempt attempt = attempt(call);
        if (frame.type() == FrameType.REPLY) {
            return new Answer(frame.body(), null, false, frame.attachments());
        }
        try {
            List<ByteBuffer> parts = frame.attachments();
            if (attempt == null || parts.size() < 2 || parts.get(0).remaining() != 1) {
                throw new CodecException("a SESSION_REPLY answers a SESSION_CALL, with a tail and entries", null);
            }
            int flags = parts.get(0).get(parts.get(0).position());
            if ((flags & ~SessionHead.RESIDENT) != 0) {
                throw new CodecException("unknown flags " + flags, null);
            }
            return new Answer(
                    frame.body(),
                    SessionEntries.decode(parts.get(1)),
                    flags == SessionHead.RESIDENT,
                    parts.subList(2, parts.size()));
        } catch (CodecException e) {
            throw new ProtocolViolationException(new ProtocolViolation(
                    ProtocolViolation.Kind.MALFORMED_BODY, String.valueOf(e.getMessage()), new byte[0]));
        }
    }

    /**
     * Ends a call with a result.
     *
     * @param changes what changed in its session; null for nothing
     * @param resident whether the session has something in its worker that cannot travel; of no meaning without changes
     * @return false when it had ended before
     */
    public static boolean succeed(
            ActiveCall call, byte[] result, @Nullable Map<String, byte @Nullable []> changes, boolean resident) {
        SessionAttempt attempt = attempt(call);
        return attempt == null ? call.succeed(result) : attempt.answered(call, result, changes, resident);
    }

    /**
     * Ends a call with an error, unless it is a request for a later try, or a loss, which is stored before it is told: then it
     * is the router that decides. A call that is for one worker only is never sent again, and the router may not even know it.
     *
     * @return false when it had ended before
     */
    public static boolean fail(ActiveCall call, PoolException failure) {
        if (call.target() == null
                && failure instanceof PythonException raised
                && raised.retryAfter().isPresent()) {
            return postpone(call, raised);
        }
        SessionAttempt attempt = attempt(call);
        if (attempt != null && failure instanceof SessionLost loss) {
            boolean open = !call.isDone();
            attempt.openFailed(loss);
            return open;
        }
        boolean inTime = call.fail(failure);
        if (attempt != null) {
            attempt.dropped();
        }
        return inTime;
    }

    private static boolean postpone(ActiveCall call, PythonException raised) {
        boolean inTime = call.postpone(raised);
        SessionAttempt attempt = attempt(call);
        if (attempt != null) {
            attempt.postponed();
        }
        return inTime;
    }

    /** Notes that the worker asks for the state; false when it may not. */
    public static boolean stateWanted(ActiveCall call) {
        SessionAttempt attempt = attempt(call);
        return attempt != null && attempt.stateWanted();
    }
}
