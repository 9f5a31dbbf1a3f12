package dev.vivarium.internal.recovery;

import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.recovery.Breakers.Passes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
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
    private Duration lastDelay = Duration.ZERO;

    Admission(Recovery recovery, String handler, byte[] body, Passes passes) {
        this.recovery = recovery;
        this.handler = handler;
        this.body = body;
        this.passes = new AtomicReference<>(passes);
    }

    /** The call has ended. Only the first end counts. */
    public void ended(Outcome outcome) {
        over = true;
        giveBack(outcome);
        if (outcome == Outcome.SOUND) {
            recovery.survived(body);
        }
    }

    /** An attempt of the call has ended its worker; what it went in with is spent. */
    void broke() {
        giveBack(Outcome.BROKEN);
    }

    /** Asks for leave again, after an attempt that broke. */
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
