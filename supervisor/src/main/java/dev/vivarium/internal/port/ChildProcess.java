package dev.vivarium.internal.port;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

/** A child process of the JVM's. Its standard input is a pipe, so that the child can see the JVM end. */
public final class ChildProcess {

    private final Process process;

    private ChildProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts a process; blocks for as long as the operating system takes.
     *
     * @param command the program and its arguments
     * @param environment the whole environment
     * @param errors the file that gets standard error; standard output is dropped
     * @throws IOException when the program cannot be run
     */
    public static ChildProcess start(List<String> command, Map<String, String> environment, Path errors)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        return new ChildProcess(builder.start());
    }

    /** Returns the process id. */
    public long pid() {
        return process.pid();
    }

    /** Returns the pipe to the child's standard input. Closing it is the child's sign to end. */
    public OutputStream input() {
        return process.getOutputStream();
    }

    /** Has {@code listener} told the exit status when the process ends, on a thread of the JVM's. */
    public void onExit(IntConsumer listener) {
        CompletableFuture<Process> ended = process.onExit();
        var unused = ended.whenCompleteAsync((it, failure) -> listener.accept(process.exitValue()), Runnable::run);
    }

    /** Ends the process with SIGKILL, if it has not ended. */
    public void kill() {
        var unused = process.destroyForcibly();
    }

    /** Returns this JVM's process id. */
    public static long ownPid() {
        return ProcessHandle.current().pid();
    }
}
