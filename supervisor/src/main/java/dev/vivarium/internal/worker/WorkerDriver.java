package dev.vivarium.internal.worker;

import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.protocol.Execution;
import java.util.List;
import java.util.OptionalLong;

/** What a slot can do to one process. No method blocks. */
public interface WorkerDriver {

    /** Makes drivers. */
    interface Factory {
        /** Returns a driver of a process that has not been started yet. */
        WorkerDriver create(int slot, int incarnation, WorkerEvents events);
    }

    /** Starts the process. */
    void spawn();

    /** Answers its hello: what was agreed, and which handlers to load. */
    void welcome();

    /** Sends a call to it; it must be idle. */
    void send(ActiveCall call, long remainingMicros);

    /** Has it let a session go; it must be idle. */
    void closeSession(String session);

    /** Asks it to stop running a call. */
    void cancel(long callId);

    /**
     * Begins to read what the threads of the process do; {@link WorkerEvents#stacksRead} follows, or nothing if the process
     * cannot tell.
     */
    void readStacks();

    /** Ends the reading and returns what has come: a stack for each Python thread, or the empty text. */
    String stacks();

    /** Sends a health check. */
    void ping();

    /** Asks it to end once it is idle. */
    void drain();

    /**
     * Sends a signal.
     *
     * @param group whether to its whole process group
     */
    void signal(int number, boolean group);

    /**
     * Takes a call back, so that no answer of this process can end it any more.
     *
     * @return false when its answer has been read: then it has ended
     */
    boolean takeBack(ActiveCall call);

    /** Returns what is known about a call that was sent to it. */
    Execution executionOf(long callId);

    /**
     * Returns whether a call has not started and, its deadline being over, never will: so it is where the worker reads the same
     * clock.
     */
    boolean isTooLateToStart(ActiveCall call);

    /** Returns how many steps the handlers of this process have reported, over all calls. */
    long progress();

    /** Returns whether the running call waits for the consumer of its stream, or for a function of the JVM's: its handler cannot get on. */
    boolean isHeldBack();

    /** Returns which function of the JVM's the handler waits, or waited, for, as the rest of a sentence; empty for none. */
    String waitedFor();

    /**
     * Returns when the handler of a timed call was about to be entered, by the pool's monotonic clock as far as the worker's
     * can be compared with it; empty when it was not, or that is not known.
     */
    OptionalLong startOf(long callId);

    /** Returns whether it said, before it ended, that it could not read what it was sent. */
    boolean couldNotRead();

    /** Returns the last lines that it wrote to standard error, oldest first. */
    List<String> lastLines();

    /** Says that the guardian does not report what it must: the process was killed, and nothing was heard of it. */
    void suspectGuardian();

    /** Lets go of everything that belongs to it; it has ended. */
    void release();
}
