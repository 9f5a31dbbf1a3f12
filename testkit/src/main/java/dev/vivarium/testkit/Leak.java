package dev.vivarium.testkit;

/**
 * Something that a test left behind.
 *
 * @param kind what it is
 * @param name which one
 */
public record Leak(Kind kind, String name) {

    /** The kinds of things that can be left behind. */
    public enum Kind {
        /** A process that carries the test's mark, or that the test has started itself. */
        PROCESS,
        /** A thread of the pool's, its actor system's or the kit's. */
        THREAD,
        /** An open connection to the pool's socket. */
        DESCRIPTOR,
        /** A file in the shared memory folder that bears the pool's name, or that its processes had open when it was closed. */
        SHARED_MEMORY,
        /** A file in the pool's own folder, or in the one for its workers' temporary files. */
        FILE,
        /** A call or worker that still counts as open in the pool's books. */
        LEASE,
        /** A warning that the test did not expect. */
        WARNING,
        /** A fault that was armed and never landed. */
        FAULT,
        /** The kit itself failed, or the pool did not end. */
        KIT
    }

    /** Kind and name. */
    @Override
    public String toString() {
        return kind + ": " + name;
    }
}
