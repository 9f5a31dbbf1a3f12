package dev.vivarium;

/**
 * What the pool does, one after the other, to get a worker off a call that is over: its deadline has passed, or its caller
 * gave it up. A worker that answers meanwhile is idle again, and nothing more is done.
 */
public enum LadderRung {
    /** The process is asked what its Python threads do: before its call is cancelled, or before it is ended. */
    READ_STACKS,
    /** The handler is cancelled: an exception is raised in its thread. */
    CANCEL,
    /** The process group gets SIGTERM: the handler did not end within {@code cancelGrace}. */
    TERMINATE,
    /** The process group gets SIGKILL: the process did not end within {@code terminateGrace}. */
    KILL
}
