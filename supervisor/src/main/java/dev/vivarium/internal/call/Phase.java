package dev.vivarium.internal.call;

/** Where a call is. */
enum Phase {
    /** Waiting for a worker. */
    QUEUED,
    /** Given to a worker. */
    LEASED,
    /** Answered; what it changed in its session is being stored. */
    COMMITTING,
    /** Ended for its caller. */
    DONE
}
