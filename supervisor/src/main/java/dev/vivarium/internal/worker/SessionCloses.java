package dev.vivarium.internal.worker;

import dev.vivarium.internal.core.SlotState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The sessions that a worker shall let go: told only while it is idle, so that nothing gets between the parts of a call. */
final class SessionCloses {

    /** The most that wait; the worker lets the oldest go by itself in the end. */
    private static final int MOST = 1000;

    private final List<String> sessions = new ArrayList<>();

    void add(String session) {
        if (sessions.size() < MOST) {
            sessions.add(session);
        }
    }

    void carryOut(SlotState state, @Nullable WorkerDriver driver) {
        if (!sessions.isEmpty() && driver != null && state instanceof SlotState.Ready) {
            sessions.forEach(driver::closeSession);
            sessions.clear();
        }
    }

    void forget() {
        sessions.clear();
    }
}
