package dev.vivarium.internal.core.model;

import dev.vivarium.CallAttempt;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
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
    /** Its caller has made it. */
    boolean made = true;
    /** When it is sent again, or less than 0 when it does not wait for that; and whether a timer runs for it. */
    int due = -1;

    boolean retryTimer;
    /** How its attempts ended; kept where there is a recovery. */
    List<CallAttempt> attempts = List.of();
    /** How it has just ended, for the recovery; null after the step. */
    Outcome ending;
    /** Its caller was told that it was never started. */
    boolean saidNotStarted;

    CallWorld(int id) {
        this.id = id;
        this.toRouter = List.of(new ToRouter.Submit(id));
    }

    /** Returns a call that its caller has yet to make. */
    static CallWorld unmade(int id) {
        CallWorld call = new CallWorld(id);
        call.made = false;
        call.toRouter = List.of();
        return call;
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
        return end(Outcome.SOUND);
    }

    boolean fail(Execution execution) {
        return fail(execution, Outcome.UNTOLD);
    }

    /** Its deadline has passed; a worker that has it and may have started it hangs. */
    boolean timeOut(Execution execution) {
        boolean hung = phase == Phase.LEASED && execution != Execution.NOT_STARTED;
        return fail(execution, hung ? Outcome.BROKEN : Outcome.UNTOLD);
    }

    private boolean fail(Execution execution, Outcome outcome) {
        if (phase == Phase.DONE) {
            return false;
        }
        saidNotStarted = execution == Execution.NOT_STARTED;
        return end(outcome);
    }

    /** It is not let in. */
    void refuse() {
        phase = Phase.DONE;
        saidNotStarted = true;
        outcomes++;
    }

    /** It waits before it is sent again. */
    void delay(int until) {
        due = until;
        retryTimer = true;
    }

    void undelay() {
        due = -1;
        retryTimer = false;
    }

    private boolean end(Outcome outcome) {
        phase = Phase.DONE;
        outcomes++;
        ending = outcome;
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
