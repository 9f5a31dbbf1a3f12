package dev.vivarium.internal.recovery;

import dev.vivarium.CallCancelled;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.recovery.Breakers.Passes;
import dev.vivarium.internal.recovery.Recoveries.End;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One call's leave to run. It holds a place in a half-open breaker, so whoever ends the call gives it back. Thread-safe,
 * except that only the router breaks and renews it.
 */
public final class Admission {

    private final Recovery recovery;
    private final String handler;
    private final byte[] body;
    private final AtomicReference<@Nullable Passes> passes;
    private volatile boolean over;
    private volatile boolean hung;
    private Duration lastDelay = Duration.ZERO;
    private final AtomicBoolean place = new AtomicBoolean();
    private final AtomicBoolean recovering = new AtomicBoolean();
    private long waited;
    private long lostAt;
    private boolean waiting;
    private long waitsUntil;
    private @Nullable Supplier<PoolException> overBudget;

    Admission(Recovery recovery, String handler, byte[] body, @Nullable Passes passes) {
        this.recovery = recovery;
        this.handler = handler;
        this.body = body;
        this.passes = new AtomicReference<>(passes);
    }

    /** The call has ended. Only the first end counts. */
    public void ended(Outcome outcome) {
        over = true;
        giveBack(outcome);
        finish(outcome);
    }

    /** The call has ended because its worker did not end it in time; what that means is known when the worker is off it. */
    public void endedHung() {
        over = true;
        hung = true;
        finish(Outcome.UNTOLD);
    }

    /**
     * The worker is off the call. Nothing to do unless that has ended without an answer.
     *
     * @param within whether it was the worker's own doing; what was killed from outside may have been stopped from there as well
     */
    public void released(boolean within) {
        if (hung) {
            giveBack(within ? Outcome.BROKEN : Outcome.UNTOLD);
        }
    }

    private void finish(Outcome outcome) {
        givePlaceBack();
        if (outcome == Outcome.SOUND) {
            recovery.survived(body);
        }
    }

    /** The call has ended: so has its recovery, if there was one. */
    public void recoveryEnded(@Nullable PoolException error) {
        if (recovering.getAndSet(false)) {
            boolean answer = error == null || error instanceof PythonException;
            recovery.recoveries()
                    .ended(answer ? End.ANSWERED : error instanceof CallCancelled ? End.CANCELLED : End.FAILED);
        }
    }

    /** The call is to be tried again, for the first time or once more. */
    void recovers() {
        if (recovering.compareAndSet(false, true)) {
            recovery.recoveries().begun();
            if (over && recovering.getAndSet(false)) {
                recovery.recoveries().ended(End.CANCELLED); // It ended meanwhile, and nobody else counts this one.
            }
        }
    }

    /**
     * Takes one of the places for calls that have lost a worker and are tried again, if the call has; false when there is
     * none, and it is told when there is.
     */
    public boolean takePlace() {
        if (place.get() || !recovering.get()) {
            return true;
        }
        Recoveries recoveries = recovery.recoveries();
        if (!recoveries.take()) {
            recoveries.wanted(true);
            if (!recoveries.take()) {
                return false;
            }
        }
        place.set(true);
        if (over) {
            givePlaceBack(); // It ended meanwhile, and nobody else gives this one back.
        }
        return true;
    }

    /** Returns whether the call has one of those places. */
    public boolean hasPlace() {
        return place.get();
    }

    void givePlaceBack() {
        if (place.getAndSet(false)) {
            recovery.recoveries().giveBack();
        }
    }

    /** Returns how long the call has waited for its next tries, those that are over. */
    long waited() {
        return waited;
    }

    /** The call waits for its next try from now on. */
    void waitsFrom(long now, long budgetNanos, Supplier<PoolException> otherwise) {
        lostAt = now;
        waitsUntil = now + budgetNanos;
        overBudget = otherwise;
        waiting = true;
    }

    /** The call has a worker again. */
    public void resumed(long now) {
        if (waiting) {
            waiting = false;
            waited += now - lostAt;
        }
    }

    /** Returns until when the call may wait for a worker: its deadline, or the end of its budget. */
    public long waitsUntil(long deadline) {
        return waiting && waitsUntil - deadline < 0 ? waitsUntil : deadline;
    }

    /** Returns what the call fails with when its budget is used up before its deadline comes; null otherwise. */
    public @Nullable PoolException overBudget(long deadline, long now) {
        Supplier<PoolException> error = overBudget;
        return waiting && error != null && deadline - now > 0 && waitsUntil - now <= 0 ? error.get() : null;
    }

    /** An attempt of the call has ended its worker; what it went in with is spent. */
    void broke() {
        giveBack(Outcome.BROKEN);
    }

    /**
     * The call's handler asked to be called again later: its worker works, and what the call went in with is not kept for so
     * long.
     */
    void postponed() {
        giveBack(Outcome.SOUND);
    }

    /** Asks for leave again, after an attempt that broke or was postponed. */
    Breakers.Answer renew() {
        Breakers.Answer answer = recovery.breakers().enter(handler);
        if (answer.passes() != null) {
            passes.set(answer.passes());
            if (over) {
                giveBack(Outcome.UNTOLD); // It ended meanwhile, and nobody else gives this one back.
            }
        }
        return answer;
    }

    /** Returns the call as it is encoded, handler and arguments. */
    byte[] body() {
        return body;
    }

    boolean isSpent() {
        return passes.get() == null;
    }

    private void giveBack(Outcome outcome) {
        Passes held = passes.getAndSet(null);
        if (held != null) {
            recovery.breakers().leave(handler, held, outcome);
        }
    }

    Duration lastDelay() {
        return lastDelay;
    }

    void lastDelay(Duration delay) {
        lastDelay = delay;
    }
}
