package dev.vivarium;

/**
 * Something that somebody should look at.
 *
 * @param kind what about
 * @param value what was measured
 * @param threshold the limit that it reached
 * @param message one sentence with the numbers
 */
public record Alert(Kind kind, double value, double threshold, String message) {

    /** What an alert is about. */
    public enum Kind {
        /** Too many calls fail. */
        HIGH_ERROR_RATE,
        /** A circuit breaker opened. */
        CIRCUIT_OPENED,
        /** Several circuit breakers are open. */
        MANY_CIRCUITS_OPEN
    }
}
