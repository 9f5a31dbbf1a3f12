package dev.vivarium.session;

import java.time.Duration;

/** What must have happened to a change before its call is answered, and so what a call that was answered survives. */
public sealed interface Durability {

    /** It is on the disk: survives the loss of power. */
    Durability FSYNC = new Fsync();

    /** It is with the operating system: survives {@code kill -9} of the JVM, and not the loss of power. */
    Durability PROCESS_CRASH = new ProcessCrash();

    /**
     * It is in memory, and written within a time: the changes of that time may be lost with the JVM, the latest first.
     *
     * @throws IllegalArgumentException when the time is not 1 ms to 1 hour
     */
    static Durability relaxed(Duration within) {
        return new Relaxed(within);
    }

    /** See {@link #FSYNC}. */
    record Fsync() implements Durability {}

    /** See {@link #PROCESS_CRASH}. */
    record ProcessCrash() implements Durability {}

    /**
     * See {@link #relaxed}.
     *
     * @param within how long a change may wait before it is written, 1 ms to 1 hour
     */
    record Relaxed(Duration within) implements Durability {
        /** Checks the time. */
        public Relaxed {
            if (within.compareTo(Duration.ofMillis(1)) < 0 || within.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("within must be 1 ms to 1 hour, got " + within);
            }
        }
    }
}
