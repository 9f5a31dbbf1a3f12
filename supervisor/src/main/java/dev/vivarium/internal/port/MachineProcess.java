package dev.vivarium.internal.port;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

/** A process of the operating system's. */
record MachineProcess(Process process) implements ChildProcess {

    static ChildProcess start(List<String> command, Map<String, String> environment, Path errors) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        return new MachineProcess(builder.start());
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public OutputStream input() {
        return process.getOutputStream();
    }

    @Override
    public void onExit(IntConsumer listener) {
        CompletableFuture<Process> ended = process.onExit();
        var unused = ended.whenCompleteAsync((it, failure) -> listener.accept(process.exitValue()), Runnable::run);
    }

    @Override
    public void kill() {
        // An interpreter that is a script has Python, or whatever it waits for, below it.
        List<ProcessHandle> below = process.descendants().toList();
        var unused = process.destroyForcibly();
        below.forEach(ProcessHandle::destroyForcibly);
    }
}
