package dev.vivarium.testkit;

import java.time.Duration;

/** What can go wrong on purpose. */
public sealed interface Fault {

    /** A fault of a worker process. Possible on every layer. */
    sealed interface OnProcess extends Fault {}

    /** A fault of the connections between the JVM and a worker. Possible on the layers SCRIPTED and PYTHON. */
    sealed interface OnWire extends Fault {}

    /** A fault that needs a real interpreter: the call it lands on does this in place of its handler. Layer PYTHON only. */
    sealed interface InPython extends Fault {}

    /**
     * The process gets a signal, which does on every layer what it does to a Python worker. 19 stops it until the fault is
     * healed, 18 lets it go on; 2 (INT), 13, 17, 20 to 23, 25, 28, 41 and 42 do nothing; the
     * others end it.
     */
    record Signalled(int signal) implements OnProcess {}

    /** The process exits with a status. From {@link Moment#STARTED} on only, as it takes the process's own doing. */
    record Exited(int status) implements OnProcess {}

    /** The process does not go on with what it does, and heeds no cancellation. */
    record Hung() implements OnProcess {}

    /** A frame comes late. */
    record Delayed(Duration by) implements OnWire {}

    /** A frame, and all after it in the same direction, is held back until the fault is healed. */
    record Partitioned(boolean toWorker, boolean toJvm) implements OnWire {}

    /** A frame's body, or header when it has none, is changed in one bit. */
    record Corrupted() implements OnWire {}

    /** A frame comes twice. */
    record Duplicated() implements OnWire {}

    /** A frame comes after the next one in the same direction. */
    record Reordered() implements OnWire {}

    /** A frame announces more bytes than any limit allows. */
    record Oversized() implements OnWire {}

    /** Half of a frame comes, and then the end of the connection. */
    record Truncated() implements OnWire {}

    /** A frame is lost. */
    record Dropped() implements OnWire {}

    /** The call takes and keeps memory, then returns. */
    record Ballooned(long bytes) implements InPython {}

    /** The call opens and keeps files, then returns. */
    record Opened(int files) implements InPython {}
}
