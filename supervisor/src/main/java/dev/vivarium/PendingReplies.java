package dev.vivarium;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A call on its way to every worker. It completes exactly once: with what each worker made of it, or with a {@link
 * PoolException} when it could be sent to none, because the pool is closed or its arguments have no encoding.
 *
 * <p>Stages that depend on it run on the pool's callback executor, unless they are added when it has ended, or is just ending.
 * Thread-safe.
 *
 * @param <T> the type of each worker's result
 */
public interface PendingReplies<T> extends CompletionStage<WorkerReplies<T>> {

    /**
     * Cancels the call in every worker where it has not ended. Those workers are reported with {@link CallCancelled}; what the
     * others have answered stays.
     */
    void cancel();

    /** Returns whether every worker has answered, failed or ended. */
    boolean isDone();

    /**
     * Waits for all workers. An interrupt ends the wait, not the calls.
     *
     * @throws PoolException when the call could be sent to no worker
     * @throws InterruptedException when this thread is interrupted
     */
    WorkerReplies<T> await() throws InterruptedException;

    /**
     * Waits for all workers, but not longer than {@code atMost}. The calls go on when the wait is over.
     *
     * @throws PoolException when the call could be sent to no worker
     * @throws java.util.concurrent.TimeoutException when not all workers have ended it in time
     * @throws InterruptedException when this thread is interrupted
     */
    WorkerReplies<T> await(Duration atMost) throws InterruptedException, java.util.concurrent.TimeoutException;
}
