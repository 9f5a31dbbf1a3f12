package dev.vivarium.pooltests.storm;

/** Wrongs that can be planted, to see that the criterion that looks for them is missed. */
enum Sabotage {
    /** Faults of one kind are planned and never carried out. */
    UNLANDED,
    /** Some retry-safe calls are not declared so to the pool, and are cancelled. */
    UNSAFE,
    /** The handlers take much longer in the storm. */
    SLOW,
    /** Some outcomes do not reach their callers. */
    LOST,
    /** Some outcomes reach their callers twice. */
    DOUBLED,
    /** Some calls that may not be repeated are made twice. */
    RERUN,
    /** Some callers get another call's answer. */
    FOREIGN,
    /** Some errors say that the handler did not run. */
    MISREPORTED,
    /** Some outcomes come long after the deadline. */
    LATE,
    /** A slot is missing from some snapshots. */
    LEASES,
    /** A worker is taken from the pool near the end. */
    CAPACITY,
    /** A thread is left. */
    THREADS,
    /** A descriptor is left. */
    DESCRIPTORS,
    /** A process is left. */
    CHILDREN,
    /** 8 MiB of heap are left. */
    HEAP,
    /** Calls that nobody meant to cancel are cancelled. */
    STRAY,
    /** A worker is killed where none should be. */
    KILLED
}
