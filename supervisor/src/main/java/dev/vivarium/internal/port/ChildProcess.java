package dev.vivarium.internal.port;

import java.io.OutputStream;
import java.util.function.IntConsumer;

/** A child process of the JVM's. Its standard input is a pipe, so that the child can see the JVM end. */
public interface ChildProcess {

    /** Returns the process id. */
    long pid();

    /** Returns the pipe to the child's standard input. Closing it is the child's sign to end. */
    OutputStream input();

    /** Has {@code listener} told the exit status when the process ends, on a thread of the JVM's. */
    void onExit(IntConsumer listener);

    /** Ends the process with SIGKILL, if it has not ended. */
    void kill();

    /** Returns this JVM's process id. */
    static long ownPid() {
        return ProcessHandle.current().pid();
    }
}
