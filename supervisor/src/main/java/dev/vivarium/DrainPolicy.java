package dev.vivarium;

import java.time.Duration;

/**
 * What becomes of a pool's calls when it closes. No call is accepted any more; those that run may finish, and those that wait
 * are finished or refused. When the time is up, what is left is ended: workers are killed. Immutable; every method returns a
 * changed copy.
 *
 * @param queued what becomes of calls that wait
 * @param timeout how long {@link PythonPool#close()} waits for calls, 0 to 30 days
 * @param shutdownTimeout the same where the actor system shuts down, 0 to 1 day. Pekko gives its phase
 *     {@code service-requests-done} 5 s, workers' ends included; who wants more here raises that too
 */
public record DrainPolicy(Queued queued, Duration timeout, Duration shutdownTimeout) {

    /** Queued calls are finished, within 30 s, or 3 s when the actor system shuts down. */
    public static final DrainPolicy DEFAULT =
            new DrainPolicy(Queued.FINISH, Duration.ofSeconds(30), Duration.ofSeconds(3));

    /** What becomes of calls that wait for a worker. */
    public enum Queued {
        /** They are sent and finished, as those that run. */
        FINISH,
        /**
         * They fail at once with {@link PoolClosed}, NOT_STARTED unless they have been sent before. A call that loses its
         * worker from then on is not repeated.
         */
        REFUSE
    }

    /** Sets what becomes of calls that wait. */
    public DrainPolicy queued(Queued value) {
        return new DrainPolicy(value, timeout, shutdownTimeout);
    }

    /** Sets how long {@link PythonPool#close()} waits for calls. */
    public DrainPolicy timeout(Duration value) {
        return new DrainPolicy(queued, value, shutdownTimeout);
    }

    /** Sets how long the shutdown of the actor system waits for calls. */
    public DrainPolicy shutdownTimeout(Duration value) {
        return new DrainPolicy(queued, timeout, value);
    }
}
