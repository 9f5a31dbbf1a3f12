package dev.vivarium.internal.port;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Starts operating-system processes, so that tests can stand in their place or between them and the JVM. */
public interface ProcessLauncher {

    /**
     * Starts a process; blocks for as long as the operating system takes.
     *
     * @param command the program and its arguments
     * @param environment the whole environment
     * @param errors the file that gets standard error; standard output is dropped
     * @throws IOException when the program cannot be run
     */
    ChildProcess start(List<String> command, Map<String, String> environment, Path errors) throws IOException;

    /** Returns the machine's launcher. */
    static ProcessLauncher system() {
        return MachineProcess::start;
    }
}
