package dev.vivarium.internal.core;

/** How far a slot has gone to get its worker off a call. */
public enum Rung {
    /** The call runs, and may. */
    RUNNING,
    /** The deadline has passed; its caller is told when it has been read what the worker's threads do. */
    OVERDUE,
    /** Its caller was told that the deadline has passed, and the worker was asked to stop. */
    TIMED_OUT,
    /** Its caller gave it up, and the worker was asked to stop. */
    CANCELLED,
    /** It did not stop; it is ended when it has been read what its threads do. */
    STUCK
}
