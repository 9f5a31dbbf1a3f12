package dev.vivarium;

import org.jspecify.annotations.Nullable;

/**
 * How a call ended: exactly one of a value or a typed error.
 *
 * @param <T> the result's type
 */
public sealed interface CallOutcome<T> {

    /** Returns the call's id, unique within its pool. */
    long callId();

    /** Returns what happened to the call and when; null unless it was {@link PythonCall#timed()}. */
    @Nullable
    CallTimeline timeline();

    /**
     * The handler returned.
     *
     * @param value the converted result; null when the handler returned {@code None}
     * @param attempts how many times the call was sent to a worker, from 1
     * @param timeline what happened to it and when; null unless it was timed
     */
    record Succeeded<T>(
            long callId,
            @Nullable T value,
            int attempts,
            @Nullable CallTimeline timeline) implements CallOutcome<T> {

        /** Creates the outcome of a call that was not timed. */
        public Succeeded(long callId, @Nullable T value, int attempts) {
            this(callId, value, attempts, null);
        }
    }

    /**
     * The call failed.
     *
     * @param error what went wrong, and whether the handler ran
     * @param attempts how many times the call was sent to a worker; 0 when it never was
     */
    record Failed<T>(long callId, PoolException error, int attempts) implements CallOutcome<T> {
        @Override
        public @Nullable CallTimeline timeline() {
            return error.timeline().orElse(null);
        }
    }
}
