package dev.vivarium;

/** Why a worker that works is replaced. */
public enum RecycleReason {
    /** It has answered so many calls; see {@link RecyclePolicy#maxCalls()}. */
    CALLS,
    /** It has been ready for so long; see {@link RecyclePolicy#maxAge()}. */
    AGE,
    /** Its process tree has so much memory; see {@link RecyclePolicy#maxMemory()}. */
    MEMORY,
    /** Somebody asked for it; see {@link PythonPool#rollingRestart()}. */
    ON_DEMAND
}
