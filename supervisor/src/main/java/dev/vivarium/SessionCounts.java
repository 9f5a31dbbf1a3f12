package dev.vivarium;

/**
 * What has become of a pool's sessions.
 *
 * @param bindings sessions that are with a worker at this moment, or have calls
 * @param hits calls that went to the worker that had their session
 * @param misses calls that did not: first calls, and those whose worker was busy or gone
 * @param rebinds times that a session went from one worker process to another
 * @param expired bindings that ended because they were not used
 * @param lost times that {@link SessionLost} was told
 * @param conflicts calls whose changes were dropped because others had come first
 * @param replayed calls that were answered from the answers kept for idempotency keys
 */
public record SessionCounts(
        long bindings, long hits, long misses, long rebinds, long expired, long lost, long conflicts, long replayed) {

    /** No sessions. */
    public static final SessionCounts NONE = new SessionCounts(0, 0, 0, 0, 0, 0, 0, 0);
}
