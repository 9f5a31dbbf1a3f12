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

    /**
     * The process does not go on with what it does, and heeds no cancellation, until the fault is healed: then its call ends
     * as the handler ends it. In Python that takes a handler that keeps the kit's record; in place of any other runs one that
     * raises {@code RuntimeError} once it is healed.
     */
    record Hung() implements OnProcess {}

    /**
     * A frame comes late, and those behind it in the same direction.
     *
     * @param by how late
     * @param jitter how much more or less than that at most, drawn for each frame
     * @param correlation how much a frame's draw is like the one before it, 0 to 1
     */
    record Delayed(Duration by, Duration jitter, double correlation) implements OnWire {
        /** Each frame is as late as the others. */
        public Delayed(Duration by) {
            this(by, Duration.ZERO, 0);
        }
    }

    /**
     * A frame comes in pieces, and those behind it after it. When the fault is healed, the rest comes at once.
     *
     * @param bytes how many in each piece, 1 or more
     * @param pause before each piece but the first
     */
    record Sliced(int bytes, Duration pause) implements OnWire {}

    /**
     * A frame comes as slowly as a line of that width carries it, and those behind it after it. When the fault is healed, the rest
     * comes at once.
     *
     * @param bytesPerSecond 1 or more
     */
    record Throttled(long bytesPerSecond) implements OnWire {}

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

    /**
     * An answer comes under the id of a call that nobody made; or a health check under a number that nobody sent, which is what its
     * answer then bears. Lands at {@link Moment#EXECUTED} and {@link Moment#CHECKED} only.
     */
    record Misaddressed() implements OnWire {}

    /** An answer comes under the id of the call that was made before its own: another's. Lands at {@link Moment#EXECUTED} only. */
    record Crossed() implements OnWire {}

    /** An answer comes when its call has been cancelled, or the fault is healed. Lands at {@link Moment#EXECUTED} only. */
    record Belated() implements OnWire {}

    /**
     * The result in an answer is replaced by another well-formed one, a text: only its caller can find that, by a checksum of its own.
     * Lands at {@link Moment#EXECUTED} only; errors pass as they are.
     */
    record Forged() implements OnWire {}

    /** The call takes memory, which the process keeps until the fault is healed, and returns how much. */
    record Ballooned(long bytes) implements InPython {}

    /** The call opens files, which the process keeps until the fault is healed, and returns how many. */
    record Opened(int files) implements InPython {}
}
