package dev.vivarium.protocol;

/** What is known about whether a call's handler ran. */
public enum Execution {
    /** It certainly did not run and will not. */
    NOT_STARTED,
    /** It started, or may have; whether it finished is not known. */
    UNKNOWN,
    /** It ran to its end, by returning or by raising. */
    RAN
}
