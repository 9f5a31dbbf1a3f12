package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;

/** A circuit breaker is open: too many calls in a row ended their worker or hung, so this one was not sent. */
public final class CircuitOpen extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient Circuit circuit;
    private final Duration retryAfter;

    /**
     * Creates the error.
     *
     * @param circuit whose breaker it is
     * @param retryAfter when the breaker lets a call through again, zero when it depends on calls that run now
     * @param message which call was refused by which breaker
     */
    public CircuitOpen(Circuit circuit, Duration retryAfter, String message) {
        super(ErrorCategory.RESOURCE, Severity.CRITICAL, Execution.NOT_STARTED, List.of(), message, null);
        this.circuit = circuit;
        this.retryAfter = retryAfter;
    }

    /** Returns whose breaker is open. */
    public Circuit circuit() {
        return circuit;
    }

    /** Returns when the breaker lets a call through again, zero when it depends on calls that run now. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
