package dev.vivarium.internal.guardian;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolStartFailed.Reason;
import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.IoLoop;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.port.ChildProcess;
import dev.vivarium.protocol.StatusPage;
import dev.vivarium.protocol.message.Bodies;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A guardian process with all that belongs to its time: private directory, socket, status page. */
final class GuardianProcess {

    private record Settings(
            String socket,
            String secret,
            @JsonProperty("run") String runId,
            String directory,
            List<String> sharedMemory,
            @JsonProperty("jvm") long jvmPid,
            String pool,
            @Nullable MemoryOrder memory,
            @Nullable TemplateOrder template) {}

    private static final Logger log = LoggerFactory.getLogger(GuardianProcess.class);

    /** What comes before the end of the lifeline of a JVM that lives. */
    private static final byte[] LIVES = "lives\n".getBytes(StandardCharsets.US_ASCII);

    private final ChildProcess child;
    private final RuntimeDirectory directory;
    private final IoLoop loop;
    private final StatusPage page;
    private final AtomicBoolean greeted = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    private GuardianProcess(ChildProcess child, RuntimeDirectory directory, IoLoop loop, StatusPage page) {
        this.child = child;
        this.directory = directory;
        this.loop = loop;
        this.page = page;
    }

    /**
     * Starts a guardian; blocks.
     *
     * @throws PoolStartFailed when it cannot be started
     */
    static GuardianProcess launch(PoolContext context, String runId, Function<GuardianProcess, Acceptor> acceptors) {
        PoolConfig config = context.config();
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (system.contains("windows")) {
            throw new PoolStartFailed(
                    Reason.UNSUPPORTED_PLATFORM,
                    "Windows is not supported: workers need Unix sockets and process groups",
                    null);
        }
        SharedFolders.open(context);
        String token = context.entropy().token(4);
        RuntimeDirectory directory = RuntimeDirectory.create(config.runtimeDirectory(), config.name(), token);
        List<AutoCloseable> undo = new ArrayList<>(List.of(directory));
        try {
            Path scripts = PythonPackage.unpack(config.runtimeDirectory(), token);
            StatusPage page = StatusPage.create(directory.statusPage(), PoolConfig.MAX_WORKERS);
            String secret = context.entropy().token(16);
            // The loop needs to know whom it serves before that exists: nobody connects until it is set below.
            CompletableFuture<Acceptor> acceptor = new CompletableFuture<>();
            IoLoop loop = new IoLoop(config.name(), directory.socket(), secret, new DeferredAcceptor(acceptor));
            undo.add(0, loop);
            ChildProcess child = start(context, runId, scripts, directory);
            GuardianProcess process = new GuardianProcess(child, directory, loop, page);
            acceptor.complete(acceptors.apply(process));
            loop.start();
            Settings settings = new Settings(
                    directory.socket().toString(),
                    secret,
                    runId,
                    directory.path().toString(),
                    context.sharedMemory().paths().stream().map(Path::toString).toList(),
                    ChildProcess.ownPid(),
                    config.name(),
                    MemoryOrder.of(config),
                    TemplateOrder.of(config));
            process.tell(settings);
            return process;
        } catch (IOException e) {
            undo.forEach(IoLoop::closeQuietly);
            throw new PoolStartFailed(
                    Reason.NO_RUNTIME_DIRECTORY, "the pool's private directory cannot be filled: " + e, e);
        } catch (RuntimeException e) {
            undo.forEach(IoLoop::closeQuietly);
            throw e;
        }
    }

    private static ChildProcess start(PoolContext context, String runId, Path scripts, RuntimeDirectory directory) {
        PoolConfig config = context.config();
        String python = config.interpreter().python();
        List<String> command = List.of(
                python, "-I", "-S", scripts.resolve("vivarium_guardian.py").toString());
        Map<String, String> environment = WorkerEnvironment.of(config.interpreter());
        environment.put("VIVARIUM_RUN", runId);
        try {
            return context.processes().start(command, environment, directory.guardianLog());
        } catch (IOException e) {
            throw new PoolStartFailed(
                    Reason.NO_USABLE_PYTHON,
                    "the interpreter '" + python + "' cannot be run (" + e.getMessage()
                            + "); install Python 3.9 or later, or name one with the option 'python'",
                    e);
        }
    }

    private void tell(Settings settings) {
        try {
            child.input().write(Bodies.write(settings));
            child.input().write('\n');
            child.input().flush();
        } catch (IOException e) {
            // It has ended already; its exit is reported with what it said.
            IoLoop.closeQuietly(child.input());
        }
    }

    IoLoop loop() {
        return loop;
    }

    StatusPage page() {
        return page;
    }

    RuntimeDirectory directory() {
        return directory;
    }

    long pid() {
        return child.pid();
    }

    void markGreeted() {
        greeted.set(true);
    }

    boolean greeted() {
        return greeted.get();
    }

    void onExit(IntConsumer listener) {
        child.onExit(listener);
    }

    /** Ends the lifeline: the guardian kills its descendants and exits. What is the pool's it leaves to this living JVM. */
    void hangUp() {
        try {
            child.input().write(LIVES);
            child.input().flush();
        } catch (IOException e) {
            log.debug("the guardian has ended, or its lifeline has", e);
        }
        IoLoop.closeQuietly(child.input());
    }

    void kill() {
        child.kill();
    }

    /** Returns the end of what the guardian wrote to standard error, for a message; blocks shortly. */
    String lastWords() {
        try {
            String text = Files.readString(directory.guardianLog()).strip();
            int from = Math.max(0, text.length() - 2000);
            return text.isEmpty() ? "" : "; it said: " + text.substring(from);
        } catch (IOException e) {
            return "";
        }
    }

    /** Lets go of everything; blocks. */
    void close() {
        if (closed.compareAndSet(false, true)) {
            hangUp();
            loop.close();
            directory.close();
        }
    }
}
