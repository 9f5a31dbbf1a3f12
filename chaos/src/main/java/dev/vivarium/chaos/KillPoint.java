package dev.vivarium.chaos;

/** Where in a call a signal lands. */
public enum KillPoint {
    /** One of the others, drawn anew for each target. */
    ANY,
    /** From outside and at no moment of a call, as another program's signal does. */
    OUTSIDE,
    /** A call is about to be written to the worker. */
    BEFORE_SEND,
    /** A call has been written to the worker, which may or may not have seen it. */
    AFTER_SEND,
    /** The handler has started. */
    STARTED,
    /** The handler has finished, and its answer has not reached the JVM. */
    EXECUTED
}
