package dev.vivarium;

/**
 * Why an incarnation changed its state. For {@link WorkerState#TERMINATED} it is the first true cause: a later, vaguer
 * one never replaces it.
 */
public enum TransitionCause {
    /** The slot started a process. */
    STARTED,
    /** The handlers were loaded. */
    LOADED,
    /** A call leased the worker. */
    LEASED,
    /** The call ended and the worker proved idle. */
    RELEASED,
    /** A health check was not answered in time. */
    HEALTH_CHECK_FAILED,
    /** Checks and probes went well again, or the other workers turned out to fail alike. */
    HEALTH_RESTORED,
    /** Its calls failed where those of the other workers did not; see {@link OutlierPolicy}. */
    OUTLIER,
    /** The process could not be started at all. */
    SPAWN_FAILED,
    /** The process did not say hello within the connect limit. */
    CONNECT_TIMEOUT,
    /** A handler source could not be loaded. */
    LOAD_FAILED,
    /** Loading did not end within the load limit. */
    LOAD_TIMEOUT,
    /** The process died of a signal that began in it: SEGV, ABRT, BUS, FPE, ILL and the like. */
    CRASHED,
    /** The process exited by itself. */
    EXITED,
    /** The process was ended by a signal that no fault raises, such as KILL or TERM, and that the pool did not send. */
    KILLED,
    /** The process was killed and the kernel counted an out-of-memory kill in its lifetime. */
    OUT_OF_MEMORY,
    /** The process tree had more memory than {@link MemoryPolicy#limit()}, and was killed by the pool. */
    MEMORY_LIMIT,
    /** A call did not end within the grace after its deadline or cancellation. */
    HUNG,
    /** The worker broke the protocol. */
    PROTOCOL_VIOLATION,
    /** Too many health checks or probes in a row failed. */
    UNHEALTHY,
    /** The slot is no longer wanted. */
    RETIRED,
    /** It had served long enough, and its replacement is ready; see {@link RecyclePolicy}. */
    RECYCLED,
    /** The pool is closing. */
    DRAINED,
    /** The guardian died, and its workers with it. */
    GUARDIAN_LOST
}
