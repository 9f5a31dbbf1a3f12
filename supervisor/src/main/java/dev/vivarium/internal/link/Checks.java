package dev.vivarium.internal.link;

import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import java.util.concurrent.atomic.AtomicLong;

/** The numbers of a worker's health checks: what answers an earlier one, or none, says nothing of the present. Thread-safe. */
final class Checks {

    private final AtomicLong last = new AtomicLong();

    /** Returns the next check. */
    Frame next(int incarnation) {
        return Frame.of(FrameType.PING, last.incrementAndGet(), incarnation);
    }

    /** Passes an answer on, if it is one to the last check. */
    void answered(Frame pong, WorkerEvents events) {
        if (pong.callId() == last.get()) {
            events.pong();
        }
    }
}
