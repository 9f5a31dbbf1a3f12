package dev.vivarium.internal.core.model;

/** What can go wrong in a pool, or be asked of it out of turn; a scenario says how much of it happens. */
enum Adversity {
    /** A process dies of itself. */
    CRASH,
    /** A process is killed from outside. */
    KILL,
    /** A process exits because its handlers cannot be loaded. */
    LOAD_FAILURE,
    /** The guardian cannot start a process. */
    SPAWN_REFUSAL,
    /** A process breaks the protocol. */
    VIOLATION,
    /** A process says hello, ready or "cannot load" out of turn. */
    BABBLE,
    /** A process closes one of its channels and lives on. */
    CLOSED_CHANNEL,
    /** A process takes more memory than it may. */
    GREED,
    /** A handler does not end. */
    HANG,
    /** A caller cancels. */
    CANCEL,
    /** A slot is dismissed. */
    DISMISS,
    /** A slot is told to end at once. */
    END_NOW,
    /** The pool is closed: waiting calls are refused and all slots end at once. */
    CLOSE,
    /** The guardian dies, and every process with it. */
    GUARDIAN_LOST,
    /** A health check is made. */
    HEALTH_CHECK,
    /** A health check is not answered in time. */
    MISSED_PONG,
    /** A handler raises in one worker and not in the others. */
    OUTLIER,
    /** A start takes too long. */
    SLOW_START,
    /** A process takes long to end, whatever ends it. */
    SLOW_END,
    /** A kill gets lost on its way. */
    LOST_KILL,
    /** The router's actor fails and is restarted; its timers are gone. */
    ROUTER_FAILURE,
    /** What no link does: the exit is reported before the end of the data channel. */
    EARLY_EXIT,
    /** What no link does: an answer is passed on that belongs to no call of the worker. */
    STRAY_ANSWER
}
