package dev.vivarium.testkit;

/** How much of a pool is real in a test. */
public enum Layer {
    /** Workers are objects in this JVM that run a {@link WorkerScript}; no process, no channel, virtual time. */
    FAKE,
    /** The real protocol over real sockets, against workers that are threads of this JVM and run a {@link WorkerScript}. */
    SCRIPTED,
    /** Real Python processes. */
    PYTHON
}
