package dev.vivarium.internal.core.model;

/** What must hold in a pool, whatever happens in whatever order. A violation names the one that it breaks. */
enum Invariant {
    /** Every accepted call ends exactly once. */
    ONE_OUTCOME,
    /** A call is ended only by an answer of the incarnation that holds its lease. */
    NO_FOREIGN_ANSWER,
    /** A call is in exactly one place until it ends, and the router knows of every worker that is ready. */
    LEASES_CONSERVED,
    /** An event of an old incarnation changes nothing, and a slot has one process at a time. */
    STALE_DOES_NOTHING,
    /** A call that is not retry-safe starts at most once, and what a failure says about its execution is true. */
    EXECUTION_IS_KNOWN,
    /** An incarnation moves along the edges of its table, one after the other. */
    LEGAL_MOVES,
    /** A place in a half-open breaker is held by one call, is given back once, and no call runs without leave. */
    PLACES_CONSERVED,
    /** A call that has ended too many processes is refused and not sent again, and no other is. */
    POISON_IS_REFUSED,
    /** There are no more retries than are paid for, none that comes too late, and none when the pool closes. */
    RETRIES_ARE_PAID,
    /** From every state, when nothing else goes wrong, every call ends and every wanted slot gets ready again. */
    WAY_BACK
}
