package dev.vivarium;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What happened to one call, and when; kept for calls that are {@link PythonCall#timed()}.
 *
 * <p>Every instant is the pool's wall clock at {@code queued} plus time that passed on its monotonic clock, so that a clock
 * that is set in between does not tear a timeline apart. What cannot be known is null, never a guess.
 *
 * @param queued when the call was made: before its arguments were encoded, and what its deadline counts from
 * @param attempts each lease of a worker, oldest first; the last {@link #MAX_ATTEMPTS} of them. Empty as long as the call
 *     waits for its first worker, and when it ended there
 * @param callbacks what its handler called of the JVM's functions, oldest first; the last {@link #MAX_CALLBACKS} of them
 * @param ended when the call ended for its caller, with whatever outcome; null while it has not
 */
public record CallTimeline(
        Instant queued,
        List<Attempt> attempts,
        List<Callback> callbacks,
        @Nullable Instant ended) {

    /** The most attempts that are kept of one call. */
    public static final int MAX_ATTEMPTS = 100;

    /** The most callbacks that are kept of one call. */
    public static final int MAX_CALLBACKS = 100;

    /**
     * One lease of a worker.
     *
     * @param worker the slot
     * @param incarnation the process
     * @param leased when the worker was chosen
     * @param sent when the JVM began to write the call to it; null when that did not happen, because the worker had just
     *     ended or the call had
     * @param started when the worker was about to enter the handler, by the worker's own note in the pool's status page. Null
     *     when the handler had not started when the attempt or the call ended, and when it is not known: a worker that
     *     keeps no such note, or whose clock cannot be compared with the JVM's
     * @param replied when the JVM had read the answer, a result or an error, before it was decoded; null when none came
     */
    public record Attempt(
            WorkerId worker,
            int incarnation,
            Instant leased,
            @Nullable Instant sent,
            @Nullable Instant started,
            @Nullable Instant replied) {}

    /**
     * One call of a {@link PoolFunction} by the handler.
     *
     * @param function the name that the handler used
     * @param worker the slot of the handler
     * @param incarnation its process
     * @param asked when the JVM had read what was asked
     * @param started when a thread began to run the function; null when none did
     * @param ended when it ended; null when it had not when the call ended
     * @param outcome how it ended; null when it had not
     */
    public record Callback(
            String function,
            WorkerId worker,
            int incarnation,
            Instant asked,
            @Nullable Instant started,
            @Nullable Instant ended,
            @Nullable CallbackOutcome outcome) {}

    /** Copies the lists. */
    public CallTimeline {
        attempts = List.copyOf(attempts);
        callbacks = List.copyOf(callbacks);
    }

    /** Creates the timeline of a call whose handler called no function. */
    public CallTimeline(Instant queued, List<Attempt> attempts, @Nullable Instant ended) {
        this(queued, attempts, List.of(), ended);
    }

    /** Returns how long the call waited for its first worker; empty when it has had none. */
    public Optional<Duration> queueWait() {
        return attempts.isEmpty()
                ? Optional.empty()
                : Optional.of(Duration.between(queued, attempts.get(0).leased()));
    }

    /** Returns how long the call took for its caller; empty while it has not ended. */
    public Optional<Duration> total() {
        return ended == null ? Optional.empty() : Optional.of(Duration.between(queued, ended));
    }
}
