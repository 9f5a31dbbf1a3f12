package dev.vivarium;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A call on its way. It completes exactly once: with the result, or with a {@link PoolException}.
 *
 * <p>Stages that depend on it run on the pool's callback executor, unless they are added when the call has ended, or is just
 * ending: then they may run on the thread that adds them, or that awaits the call. Thread-safe.
 *
 * @param <T> the result's type
 */
public interface PendingCall<T> extends CompletionStage<T> {

    /** Returns the call's id, unique within its pool. */
    long id();

    /**
     * Ends the call for its caller with {@link CallCancelled} and asks the worker to stop running it. Returns true when
     * this invocation ended the call, false when it had ended before.
     */
    boolean cancel();

    /** Returns how many times the call has been sent to a worker so far; 0 while it waits for the first. */
    int attempts();

    /**
     * Returns what has happened to the call so far and when, and all of it once the call has ended; empty unless the call was
     * {@link PythonCall#timed()}.
     */
    default Optional<CallTimeline> timeline() {
        return Optional.empty();
    }

    /** Returns whether the call has ended. */
    boolean isDone();

    /**
     * Waits for the result. An interrupt ends the wait, not the call: follow with {@link #cancel()} to end it too.
     *
     * @throws PoolException when the call fails
     * @throws InterruptedException when this thread is interrupted
     */
    T await() throws InterruptedException;

    /**
     * Waits for the result, but not longer than {@code atMost}. The call goes on when the wait is over.
     *
     * @throws PoolException when the call fails
     * @throws java.util.concurrent.TimeoutException when the call has not ended in time
     * @throws InterruptedException when this thread is interrupted
     */
    T await(Duration atMost) throws InterruptedException, java.util.concurrent.TimeoutException;
}
