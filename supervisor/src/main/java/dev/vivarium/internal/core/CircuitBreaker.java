package dev.vivarium.internal.core;

import dev.vivarium.Circuit;
import dev.vivarium.CircuitBreakerPolicy;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether calls go through: {@code (state, what happened, now) -> state}. The states are Nygard's ("Release It!",
 * 2007).
 *
 * <p>Each time a breaker opens, a new period begins. Whatever began in an earlier one says nothing any more.
 */
public final class CircuitBreaker {

    /** How a call that went through has ended. */
    public enum Outcome {
        /** The worker did its work, whatever the handler made of it. */
        SOUND,
        /** The call ended its worker, or hung. */
        BROKEN,
        /** It says nothing: cancelled, never sent, killed from outside. */
        UNTOLD
    }

    /** Where a breaker stands. */
    public sealed interface State {
        /** Returns how often it has opened. */
        int period();

        /** Returns the state's public name. */
        Circuit.State name();
    }

    /** Calls go through; so many in a row have ended badly. */
    public record Closed(int period, int failures) implements State {
        @Override
        public Circuit.State name() {
            return Circuit.State.CLOSED;
        }
    }

    /** Calls are refused until a time. */
    public record Open(int period, long until) implements State {
        @Override
        public Circuit.State name() {
            return Circuit.State.OPEN;
        }
    }

    /** So many probes run, and so many have ended well. */
    public record HalfOpen(int period, int running, int succeeded) implements State {
        @Override
        public Circuit.State name() {
            return Circuit.State.HALF_OPEN;
        }
    }

    /**
     * The right to run one call; to be given back once.
     *
     * @param period the breaker's period
     * @param probe whether it takes one of the few places of a half-open breaker
     */
    public record Pass(int period, boolean probe) {}

    /**
     * What a request for a pass leads to.
     *
     * @param pass null when the call is refused
     * @param retryAfterNanos for a refused call, when to try again; 0 when it depends on calls that run now
     */
    public record Entry(State state, @Nullable Pass pass, long retryAfterNanos) {}

    private final CircuitBreakerPolicy policy;

    /** Creates the core. */
    public CircuitBreaker(CircuitBreakerPolicy policy) {
        this.policy = policy;
    }

    /** Returns the state of a new breaker. */
    public static State initial() {
        return new Closed(0, 0);
    }

    /** A call wants to go through. */
    public Entry enter(State state, long now) {
        if (state instanceof Open open) {
            long left = open.until() - now;
            return left > 0
                    ? new Entry(open, null, left)
                    : new Entry(new HalfOpen(open.period(), 1, 0), new Pass(open.period(), true), 0);
        }
        if (state instanceof HalfOpen half) {
            return half.running() >= policy.halfOpenCalls()
                    ? new Entry(half, null, 0)
                    : new Entry(
                            new HalfOpen(half.period(), half.running() + 1, half.succeeded()),
                            new Pass(half.period(), true),
                            0);
        }
        return new Entry(state, new Pass(state.period(), false), 0);
    }

    /** A call that had gone through has ended. */
    public State leave(State state, Pass pass, Outcome outcome, long now) {
        if (pass.period() != state.period()) {
            return state;
        }
        if (state instanceof Closed closed) {
            return closed(closed, outcome, now);
        }
        if (state instanceof HalfOpen half && pass.probe()) {
            return halfOpen(half, outcome, now);
        }
        return state;
    }

    private State closed(Closed state, Outcome outcome, long now) {
        return switch (outcome) {
            case SOUND -> state.failures() == 0 ? state : new Closed(state.period(), 0);
            case UNTOLD -> state;
            case BROKEN ->
                state.failures() + 1 >= policy.failureThreshold()
                        ? opened(state.period(), now)
                        : new Closed(state.period(), state.failures() + 1);
        };
    }

    private State halfOpen(HalfOpen state, Outcome outcome, long now) {
        return switch (outcome) {
            case SOUND ->
                state.succeeded() + 1 >= policy.successThreshold()
                        ? new Closed(state.period(), 0)
                        : new HalfOpen(state.period(), state.running() - 1, state.succeeded() + 1);
            case UNTOLD -> new HalfOpen(state.period(), state.running() - 1, state.succeeded());
            case BROKEN -> opened(state.period(), now);
        };
    }

    private Open opened(int period, long now) {
        return new Open(period + 1, now + policy.openFor().toNanos());
    }
}
