package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.internal.port.ChildProcess;
import dev.vivarium.internal.port.ProcessLauncher;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Limits;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.Attach;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.GuardianHello;
import dev.vivarium.protocol.message.MemoryUse;
import dev.vivarium.protocol.message.Refused;
import dev.vivarium.protocol.message.SignalRequest;
import dev.vivarium.protocol.message.Spawn;
import dev.vivarium.protocol.message.Spawned;
import dev.vivarium.protocol.message.TemplateNews;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * A guardian that is a thread of this JVM, with workers that are threads of this JVM; everything between them and the pool
 * is real.
 */
public final class ScriptedGuardian implements ChildProcess {

    private static final int ESRCH = 3;
    private static final int KILLED = 137;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final AtomicLong PIDS = new AtomicLong(2_000_000);

    private final ScriptedProcess.Shared shared;
    private final long pid = PIDS.incrementAndGet();
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private final Map<Integer, ScriptedWorker> workers = new ConcurrentHashMap<>();
    private final Lifeline lifeline = new Lifeline();
    private volatile SocketChannel connection;
    private String socket = "";
    private String secret = "";
    private String pool = "";
    private boolean hasTemplate;

    private ScriptedGuardian(ScriptedProcess.Shared shared, SocketChannel connection) {
        this.shared = shared;
        this.connection = connection;
    }

    /** Returns what starts such guardians. */
    public static ProcessLauncher launcher(ScriptedProcess.Shared shared) {
        return (command, environment, errors) ->
                new ScriptedGuardian(shared, SocketChannel.open(StandardProtocolFamily.UNIX));
    }

    /** The standard input of a guardian: one line of settings, and then its end. */
    private final class Lifeline extends OutputStream {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        @Override
        public void write(int b) throws IOException {
            if (b == '\n') {
                begin(JSON.readTree(line.toByteArray()));
            } else {
                line.write(b);
            }
        }

        @Override
        public void close() {
            end(0);
        }
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public OutputStream input() {
        return lifeline;
    }

    @Override
    public void onExit(IntConsumer listener) {
        var unused = exit.thenAccept(listener::accept);
    }

    @Override
    public void kill() {
        end(KILLED);
    }

    private void begin(JsonNode settings) {
        socket = settings.get("socket").asText();
        secret = settings.get("secret").asText();
        pool = settings.get("pool").asText();
        hasTemplate = settings.hasNonNull("template");
        shared.faults().thread("testkit-scripted-guardian-" + pool, this::serve);
    }

    private void end(int status) {
        workers.values().forEach(worker -> worker.signal(9));
        try {
            connection.close();
        } catch (IOException e) {
            throw new IllegalStateException("a socket could not be closed", e);
        }
        var unused = exit.complete(status);
    }

    private SocketChannel attach(String kind, int slot, int incarnation) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        Wire.write(
                channel,
                Wire.bytes(Frame.of(FrameType.ATTACH, 0, incarnation, Bodies.write(new Attach(kind, slot, secret)))));
        return channel;
    }

    private void serve() {
        try {
            connection.close();
            connection = attach("guardian", 0, 0);
            send(Frame.of(
                    FrameType.HELLO,
                    0,
                    0,
                    Bodies.write(
                            new GuardianHello(pid, "3.9.0", "scripted", "scripted", "linux", true, true, true, 0))));
            if (hasTemplate) { // Its workers are threads: there is nothing to load.
                send(Frame.of(
                        FrameType.TEMPLATE, 0, 0, Bodies.write(new TemplateNews(TemplateNews.READY, pid, 0, ""))));
            }
            FrameReader reader = new FrameReader(connection, Limits.CONTROL);
            for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
                if (frame.type() == FrameType.SPAWN) {
                    spawn(frame);
                } else if (frame.type() == FrameType.SIGNAL) {
                    signal(frame);
                } else if (frame.type() == FrameType.DRAIN) {
                    break;
                }
            }
            end(0);
        } catch (IOException | ProtocolViolationException e) {
            end(1);
        }
    }

    private synchronized void send(Frame frame) throws IOException {
        Wire.write(connection, Wire.bytes(frame));
    }

    private void spawn(Frame frame) throws IOException, ProtocolViolationException {
        Spawn spawn = Bodies.read(frame, Spawn.class);
        int slot = spawn.slot();
        int incarnation = frame.incarnation();
        long workerPid = PIDS.incrementAndGet();
        ScriptedWorker.Sockets sockets = new ScriptedWorker.Sockets(
                attach("data", slot, incarnation),
                attach("control", slot, incarnation),
                attach("stdout", slot, incarnation),
                attach("stderr", slot, incarnation),
                attach("stacks", slot, incarnation));
        send(Frame.of(
                FrameType.SPAWNED, frame.callId(), incarnation, Bodies.write(new Spawned(slot, workerPid, 0, false))));
        CompletableFuture<ScriptedWorker> self = new CompletableFuture<>();
        ScriptedWorker worker = new ScriptedWorker(
                shared,
                pool + "/" + slot,
                slot,
                incarnation,
                workerPid,
                sockets,
                new StatusPageWriter(Path.of(spawn.statusPage())),
                (status, oomKills) -> {
                    var unused = self.thenAccept(known -> workers.remove(slot, known));
                    exited(incarnation, new Exited(slot, workerPid, status, 0, 0, 0, oomKills, 0));
                },
                bytes -> report(FrameType.MEMORY, incarnation, new MemoryUse(slot, bytes, 1)));
        workers.put(slot, worker);
        var unused = self.complete(worker);
    }

    private void exited(int incarnation, Exited how) {
        report(FrameType.EXITED, incarnation, how);
    }

    private void report(FrameType type, int incarnation, Object body) {
        try {
            send(Frame.of(type, 0, incarnation, Bodies.write(body)));
        } catch (IOException e) {
            end(1); // Nobody hears it: the connection is gone, and the guardian with it.
        }
    }

    private void signal(Frame frame) throws IOException, ProtocolViolationException {
        SignalRequest request = Bodies.read(frame, SignalRequest.class);
        ScriptedWorker worker = workers.get(request.slot());
        if (worker == null) {
            send(Frame.of(
                    FrameType.REFUSED,
                    frame.callId(),
                    frame.incarnation(),
                    Bodies.write(new Refused(request.slot(), "no such process", ESRCH))));
        } else {
            worker.signal(request.signal());
        }
    }

    /** Names the pool. */
    @Override
    public String toString() {
        return "scripted guardian of " + pool + ", workers " + List.copyOf(workers.keySet());
    }
}
