package dev.vivarium.internal.core.model;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** A call as the pool knows it, like {@code ActiveCall}, and what really happened to it. Owned by one {@link PoolWorld}. */
final class CallWorld implements Cloneable {

    /** Where a call is. */
    enum Phase {
        QUEUED,
        LEASED,
        DONE
    }

    final int id;
    Phase phase = Phase.QUEUED;
    int sent;
    int failedAttempts;
    Execution worst = Execution.NOT_STARTED;
    /** How to stop it where it runs: slot and incarnation, or no slot. */
    int stopSlot = -1;

    int stopIncarnation;
    /** A cancellation has ended it and has not stopped the worker yet. */
    boolean cancelStops;

    List<ToRouter> toRouter;
    /** How often its caller got an outcome, and how often a handler was started for it. */
    int outcomes;

    int starts;
    /** Its caller was told that it was never started. */
    boolean saidNotStarted;

    CallWorld(int id) {
        this.id = id;
        this.toRouter = List.of(new ToRouter.Submit(id));
    }

    boolean isDone() {
        return phase == Phase.DONE;
    }

    boolean lease() {
        boolean free = phase == Phase.QUEUED;
        phase = free ? Phase.LEASED : phase;
        return free;
    }

    boolean requeue() {
        stopSlot = -1;
        stopIncarnation = 0;
        boolean leased = phase == Phase.LEASED;
        phase = leased ? Phase.QUEUED : phase;
        return leased;
    }

    boolean succeed() {
        if (phase != Phase.LEASED) {
            return false;
        }
        return end();
    }

    boolean fail(Execution execution) {
        if (phase == Phase.DONE) {
            return false;
        }
        saidNotStarted = execution == Execution.NOT_STARTED;
        return end();
    }

    private boolean end() {
        phase = Phase.DONE;
        outcomes++;
        return true;
    }

    CallWorld copy() {
        try {
            return (CallWorld) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }
}
