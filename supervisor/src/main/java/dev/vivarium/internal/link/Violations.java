package dev.vivarium.internal.link;

import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a worker may not send, with the beginning of what it sent. */
final class Violations {

    private Violations() {}

    static ProtocolViolationException of(ProtocolViolation.Kind kind, Frame frame, String detail) {
        byte[] quoted = Arrays.copyOf(frame.body(), Math.min(frame.body().length, ProtocolViolation.QUOTED_BYTES));
        return new ProtocolViolationException(new ProtocolViolation(kind, detail, quoted));
    }

    /** An answer to another call than the one that runs. */
    static ProtocolViolationException notRunning(Frame frame, @Nullable ActiveCall running) {
        return of(
                ProtocolViolation.Kind.UNEXPECTED_TYPE,
                frame,
                frame.type() + " for call " + frame.callId()
                        + (running == null ? ", none is running" : ", running is " + running.id()));
    }
}
