package dev.vivarium.session;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Keeps sessions: asynchronous, versioned, with compare-and-set. Thread-safe.
 *
 * <p>No method blocks. A stage always completes, also when the store is closed meanwhile; a store that cannot do what it was
 * asked fails it with whatever exception it likes, and the caller of the session gets {@link dev.vivarium.SessionStoreFailed}.
 * Callbacks run on a thread of the store's, or on the caller's when the stage has completed.
 *
 * <p>Every method but {@link #close()} is called by the pool's router, which may run on any thread that makes a call: with the
 * locks, context class loader and thread-locals that it has, and liable to be interrupted by others. So a store that reads or
 * writes through interruptible channels does that on a thread of its own.
 */
public interface SessionStore extends AutoCloseable {

    /** Reads a session; empty when it was never written, or was forgotten. */
    CompletionStage<Optional<SessionRecord>> load(String session);

    /**
     * Writes a session if its stored revision is the expected one.
     *
     * @param expected the revision that the update is based on; 0 for a session that is not stored
     */
    CompletionStage<Commit> commit(String session, long expected, SessionUpdate update);

    /** Forgets a session; completes with whether there was one. */
    CompletionStage<Boolean> remove(String session);

    /**
     * Looks for sessions that have expired, from where it has stopped the last time, and forgets them.
     *
     * @param now the time to compare with
     * @param atMost how many sessions to look at, so that one call does not take long
     * @return completes with how many were forgotten
     */
    CompletionStage<Integer> removeExpired(Instant now, int atMost);

    /** Lets go of what the store holds; pending stages complete. Idempotent. */
    @Override
    void close();
}
