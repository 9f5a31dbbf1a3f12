package dev.vivarium.testkit;

/** A point in the life of a worker, or of a call in it, at which a fault can land. */
public enum Moment {
    /** The worker has said hello and has not been answered. */
    MID_HANDSHAKE,
    /** The worker has been told what to load and is not ready. */
    MID_LOAD,
    /** A health check is about to reach the worker. */
    CHECKED,
    /** A call is about to be written to the worker. */
    BEFORE_SEND,
    /** A call has been written to the worker, which may or may not have seen it. */
    AFTER_SEND,
    /** The handler has started. */
    STARTED,
    /** An item of a stream is about to reach the JVM. */
    STREAMED,
    /** The handler has finished, and its answer has not reached the JVM. */
    EXECUTED
}
