package dev.vivarium.chaos;

/** A process of a pool's that is no worker. */
public enum PoolProcess {
    /** The one that starts, signals and reaps workers. */
    GUARDIAN,
    /** The one that workers are forked from; it takes a pool that has one, such as by {@code template.enabled = true}. */
    TEMPLATE
}
