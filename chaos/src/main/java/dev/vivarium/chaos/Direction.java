package dev.vivarium.chaos;

/** Which way frames go between the JVM and a worker. */
public enum Direction {
    /** Calls. */
    TO_WORKER,
    /** Answers. */
    TO_JVM,
    /** Both; for partitions only. */
    BOTH
}
