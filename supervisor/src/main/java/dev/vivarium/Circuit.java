package dev.vivarium;

import org.jspecify.annotations.Nullable;

/**
 * What a circuit breaker guards.
 *
 * @param pool the pool's name
 * @param handler the handler, or null for the pool as a whole
 */
public record Circuit(String pool, @Nullable String handler) {

    /** The states of a circuit breaker. */
    public enum State {
        /** Calls go through. */
        CLOSED,
        /** Calls are refused. */
        OPEN,
        /** A few calls go through, to see whether they end well. */
        HALF_OPEN
    }

    /** Names what is guarded. */
    @Override
    public String toString() {
        return handler == null ? "pool '" + pool + "'" : "handler '" + handler + "' of pool '" + pool + "'";
    }
}
