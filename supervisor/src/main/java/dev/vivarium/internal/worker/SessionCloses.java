package dev.vivarium.internal.worker;

import dev.vivarium.internal.core.SlotState;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The sessions that a worker shall let go: told only while it is idle, so that nothing gets between the parts of a call. */
final class SessionCloses {

    /** The most that wait; the worker lets the oldest go by itself in the end. */
    private static final int MOST = 1000;

    /**
     * The most that a worker is told before it has answered a call, which shows that it has read them. What an idle worker does
     * not read stays in the socket, and who writes into a full one waits: the slot must not.
     */
    private static final int UNREAD = 32;

    private final ArrayDeque<String> sessions = new ArrayDeque<>();
    private int unread;

    /** A session is to be let go, at once if the worker is idle. */
    void add(WorkerSlot.CloseSession order, SlotState state, @Nullable WorkerDriver driver) {
        if (order.incarnation() == state.incarnation() && sessions.size() < MOST) {
            sessions.add(order.session());
            carryOut(state, driver);
        }
    }

    /** The worker has answered a call, and so has read all that it was told before. */
    void answered(SlotState state, @Nullable WorkerDriver driver) {
        unread = 0;
        carryOut(state, driver);
    }

    private void carryOut(SlotState state, @Nullable WorkerDriver driver) {
        if (driver == null || !(state instanceof SlotState.Ready)) {
            return;
        }
        for (; unread < UNREAD && !sessions.isEmpty(); unread++) {
            driver.closeSession(sessions.remove());
        }
    }

    void forget() {
        sessions.clear();
        unread = 0;
    }
}
