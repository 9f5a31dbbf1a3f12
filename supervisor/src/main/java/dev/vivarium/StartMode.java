package dev.vivarium;

/** When a pool starts its workers. */
public enum StartMode {
    /** All wanted workers at once, in parallel, when the pool starts. */
    EAGER,
    /** A worker when a call needs one, up to the wanted number. */
    LAZY
}
