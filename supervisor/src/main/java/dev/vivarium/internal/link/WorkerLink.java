package dev.vivarium.internal.link;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolException;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.Connection;
import dev.vivarium.internal.channel.IoLoop;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.worker.WorkerDriver;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Handshake;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.StatusPage;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.LogBody;
import dev.vivarium.protocol.message.MemoryUse;
import dev.vivarium.protocol.message.PoolHello;
import dev.vivarium.protocol.message.Ready;
import dev.vivarium.protocol.message.WorkerHello;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker process as the JVM sees it.
 *
 * <p>Threads: the slot's actor sends; the link's own thread reads the data channel and completes calls; the pool's input
 * and output thread serves the control channel and the output. A small frame is written by the actor itself: the worker is
 * idle, so the socket is empty and takes the frame at once, even if the process is stopped. A large one goes through a thread
 * that may block.
 */
public final class WorkerLink implements WorkerDriver, Acceptor.Frames {

    /** Frames up to this size are written by the actor. Well below the smallest default buffer of a Unix socket. */
    static final int INLINE_WRITE_BYTES = 32 * 1024;

    private static final Logger log = LoggerFactory.getLogger(WorkerLink.class);

    private final PoolContext context;
    private final GuardianPort guardian;
    private final int slot;
    private final int incarnation;
    private final WorkerEvents events;
    private final WorkerOutput output;
    private final WorkerOutput.Sink stdout;
    private final WorkerOutput.Sink stderr;
    private final StackCapture stacks;
    private final AtomicReference<@Nullable ActiveCall> running = new AtomicReference<>();
    private final AtomicReference<@Nullable SocketChannel> data = new AtomicReference<>();
    private final AtomicBoolean readerDone = new AtomicBoolean();
    private final AtomicReference<@Nullable Exited> exit = new AtomicReference<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final ByteBuffer outgoing = ByteBuffer.allocateDirect(INLINE_WRITE_BYTES);
    private volatile @Nullable Connection control;
    private volatile @Nullable IoLoop loop;
    private volatile @Nullable StatusPage page;
    private volatile @Nullable WorkerHello hello;

    /** Creates the link of a process that has not been started. */
    public WorkerLink(PoolContext context, GuardianPort guardian, int slot, int incarnation, WorkerEvents events) {
        this.context = context;
        this.guardian = guardian;
        this.slot = slot;
        this.incarnation = incarnation;
        this.events = events;
        this.output = new WorkerOutput(context, slot, incarnation, () -> {
            ActiveCall call = running.get();
            return call == null ? 0 : call.id();
        });
        this.stdout = output.sink(false);
        this.stderr = output.sink(true);
        this.stacks = new StackCapture(events::stacksRead);
    }

    /** Returns the slot. */
    public int slot() {
        return slot;
    }

    /** Returns the incarnation. */
    public int incarnation() {
        return incarnation;
    }

    /** Prepares the link for connections; the guardian is about to start the process. */
    public void begin(IoLoop ioLoop, StatusPage statusPage) {
        loop = ioLoop;
        page = statusPage;
        statusPage.clear(slot);
    }

    @Override
    public void spawn() {
        guardian.spawn(this);
    }

    /** Reports that the process runs. */
    public void spawned(long pid) {
        events.spawned(pid);
    }

    /** Reports that the process could not be started. */
    public void spawnRefused(String reason) {
        events.spawnRefused(reason);
    }

    /** Reports that the guardian, and the process with it, has ended; a process that was never asked for has not. */
    public void guardianLost() {
        if (loop != null && ended.compareAndSet(false, true)) {
            events.guardianLost();
        }
    }

    /** Returns who gets what the process writes. */
    public Acceptor.Bytes output(Acceptor.Stream stream) {
        return switch (stream) {
            case STDOUT -> stdout;
            case STDERR -> stderr;
            case STACKS -> stacks;
        };
    }

    /** Takes the data channel over and starts to read it. */
    public void attachData(SocketChannel channel) {
        if (!data.compareAndSet(null, channel)) {
            IoLoop.closeQuietly(channel);
            return;
        }
        Thread reader = new Thread(
                () -> readData(channel),
                "vivarium-" + context.worker(slot).toString().replace('/', '-') + "." + incarnation);
        reader.setDaemon(true);
        reader.start();
    }

    private void readData(SocketChannel channel) {
        FrameReader reader = new FrameReader(channel, context.config().calls().limits());
        try {
            Frame frame = reader.read();
            while (frame != null) {
                onData(frame);
                frame = reader.read();
            }
        } catch (ProtocolViolationException e) {
            events.violated(e.violation());
        } catch (IOException e) {
            log.debug("the data channel of {} ended", context.worker(slot), e);
        } catch (RuntimeException e) {
            log.error("a defect in reading from {}", context.worker(slot), e);
        } finally {
            events.channelClosed();
            readerDone.set(true);
            reportExit();
        }
    }

    private void onData(Frame frame) throws ProtocolViolationException {
        if (frame.incarnation() != incarnation) {
            throw violation(
                    ProtocolViolation.Kind.WRONG_INCARNATION,
                    frame,
                    "expected " + incarnation + ", got " + frame.incarnation());
        }
        switch (frame.type()) {
            case REPLY, SESSION_REPLY -> answered(frame, null);
            case STATE_WANTED -> stateWanted(frame);
            case ERROR -> {
                ErrorBody error = Bodies.read(frame, ErrorBody.class);
                if (frame.callId() == 0) {
                    events.loadFailed(error);
                } else {
                    answered(frame, error);
                }
            }
            case HELLO -> {
                hello = Bodies.read(frame, WorkerHello.class);
                events.hello();
            }
            case READY -> events.loaded(Bodies.read(frame, Ready.class));
            case BYE -> log.debug("{} says goodbye", context.worker(slot));
            default ->
                throw violation(ProtocolViolation.Kind.UNEXPECTED_TYPE, frame, frame.type() + " on a data channel");
        }
    }

    private static ProtocolViolationException violation(ProtocolViolation.Kind kind, Frame frame, String detail) {
        byte[] quoted =
                java.util.Arrays.copyOf(frame.body(), Math.min(frame.body().length, ProtocolViolation.QUOTED_BYTES));
        return new ProtocolViolationException(new ProtocolViolation(kind, detail, quoted));
    }

    private void answered(Frame frame, @Nullable ErrorBody error) throws ProtocolViolationException {
        ActiveCall call = running.get();
        if (call == null || call.id() != frame.callId()) {
            throw notRunning(frame, call);
        }
        PoolException failure = error == null ? null : CallErrors.of(call, error, context, slot);
        SessionFrames.Answer answer = error == null ? SessionFrames.read(call, frame) : null;
        if (!running.compareAndSet(call, null)) {
            throw notRunning(frame, null);
        }
        call.replied();
        // Now it is this answer that ends the call, unless its caller has ended it: nothing may come between.
        boolean inTime = answer != null ? answer.end(call) : SessionFrames.fail(call, Objects.requireNonNull(failure));
        if (!inTime) {
            context.stats().countLateReply();
        }
        events.answered(frame.callId());
    }

    private void stateWanted(Frame frame) throws ProtocolViolationException {
        ActiveCall call = running.get();
        if (call == null || call.id() != frame.callId() || !running.compareAndSet(call, null)) {
            throw notRunning(frame, call);
        }
        if (!SessionFrames.stateWanted(call)) {
            running.set(call);
            throw violation(ProtocolViolation.Kind.UNEXPECTED_TYPE, frame, "the state was sent, or there is none");
        }
        events.answered(frame.callId());
    }

    private static ProtocolViolationException notRunning(Frame frame, @Nullable ActiveCall call) {
        return violation(
                ProtocolViolation.Kind.UNEXPECTED_TYPE,
                frame,
                frame.type() + " for call " + frame.callId()
                        + (call == null ? ", none is running" : ", running is " + call.id()));
    }

    @Override
    public void welcome() {
        WorkerHello offered = hello;
        if (offered == null) {
            return;
        }
        PoolConfig config = context.config();
        try {
            Handshake agreed = Handshake.choose(offered, List.of(context.codec().name()));
            List<String> path = config.interpreter().pythonPath().stream()
                    .map(p -> p.toAbsolutePath().toString())
                    .toList();
            List<String> sources = config.handlers().stream()
                    .map(source -> source.endsWith(".py")
                            ? Path.of(source).toAbsolutePath().toString()
                            : source)
                    .toList();
            write(Frame.of(
                    FrameType.HELLO,
                    0,
                    incarnation,
                    Bodies.write(new PoolHello(
                            agreed.version(),
                            agreed.codec(),
                            agreed.features(),
                            config.name(),
                            context.worker(slot).toString(),
                            sources,
                            path,
                            config.calls().limits()))));
        } catch (Handshake.Refused e) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.UNEXPECTED_TYPE, String.valueOf(e.getMessage()), new byte[0]));
        }
    }

    @Override
    public void send(ActiveCall call, long remainingMicros) {
        running.set(call);
        StatusPage known = page;
        if (call.times() != null && known != null) {
            known.askForStart(slot, call.id());
        }
        write(SessionFrames.call(call, incarnation, remainingMicros));
    }

    @Override
    public void closeSession(String session) {
        write(SessionFrames.close(session, incarnation));
    }

    /** Writes to the idle worker. Only the slot's actor calls this, so writes never overlap. */
    private void write(Frame frame) {
        SocketChannel channel = data.get();
        if (channel == null) {
            events.channelClosed();
            return;
        }
        if (frame.encodedLength() <= INLINE_WRITE_BYTES) {
            outgoing.clear();
            FrameEncoder.put(frame, outgoing);
            writeFully(channel, outgoing.flip());
        } else {
            context.io().execute(() -> writeFully(channel, FrameEncoder.encode(frame)));
        }
    }

    private void writeFully(SocketChannel channel, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            log.debug("writing to {} failed", context.worker(slot), e);
            events.channelClosed();
        }
    }

    @Override
    public void cancel(long callId) {
        sendControl(Frame.of(FrameType.CANCEL, callId, incarnation));
    }

    @Override
    public void readStacks() {
        stacks.begin();
        WorkerHello known = hello;
        int number = known == null ? 0 : known.stacksSignal();
        if (number == 0) {
            events.stacksRead(); // It cannot tell.
        } else {
            // Twice, because a thread that is just entering a function may show a part of its stack only, and no end.
            guardian.signal(slot, incarnation, number, false);
            guardian.signal(slot, incarnation, number, false);
        }
    }

    @Override
    public String stacks() {
        return stacks.end();
    }

    @Override
    public void ping() {
        sendControl(Frame.of(FrameType.PING, 1, incarnation));
    }

    @Override
    public void drain() {
        write(Frame.of(FrameType.DRAIN, 0, incarnation));
    }

    private void sendControl(Frame frame) {
        Connection connection = control;
        if (connection != null) {
            connection.send(frame);
        }
    }

    @Override
    public void signal(int number, boolean group) {
        guardian.signal(slot, incarnation, number, group);
    }

    @Override
    public boolean takeBack(ActiveCall call) {
        return running.compareAndSet(call, null);
    }

    @Override
    public Execution executionOf(long callId) {
        StatusPage known = page;
        return known == null ? Execution.NOT_STARTED : known.executionOf(slot, incarnation, callId);
    }

    @Override
    public long progress() {
        StatusPage known = page;
        return known == null ? 0 : known.progress(slot);
    }

    @Override
    public OptionalLong startOf(long callId) {
        StatusPage known = page;
        return known == null ? OptionalLong.empty() : known.startOf(slot, incarnation, callId);
    }

    @Override
    public List<String> lastLines() {
        return stderr.lastLines();
    }

    @Override
    public void suspectGuardian() {
        guardian.suspect(this);
    }

    /** The guardian knows no such process: it has reported the end, or never started it. */
    public void unknownToGuardian() {
        if (exit.get() == null) {
            events.spawnRefused("the guardian knows no such process");
        } else {
            readerDone.set(true);
            reportExit();
        }
    }

    @Override
    public void release() {
        SocketChannel channel = data.get();
        if (channel != null) {
            IoLoop.closeQuietly(channel);
        }
        Connection connection = control;
        if (connection != null) {
            connection.close();
        }
        guardian.forget(this);
    }

    /** Passes on what the guardian has measured. */
    public void measured(MemoryUse use) {
        events.measured(use);
    }

    /** Takes the guardian's report; called on the input and output thread. */
    public void processExited(Exited report) {
        IoLoop known = loop;
        if (known != null) {
            known.drain(stdout);
            known.drain(stderr);
        }
        exit.set(report);
        if (data.get() == null) {
            readerDone.set(true);
        }
        reportExit();
    }

    /**
     * Tells the slot about the end of the process, once both halves of it are known: the report, and the end of the data
     * channel. An answer that was still in the channel must reach its caller before the call counts as lost.
     */
    private void reportExit() {
        Exited report = exit.get();
        if (report != null && readerDone.get() && ended.compareAndSet(false, true)) {
            events.exited(report);
        }
    }

    @Override
    public void opened(Connection connection) {
        control = connection;
    }

    @Override
    public void frame(Frame frame) {
        try {
            if (frame.type() == FrameType.PONG) {
                events.pong();
            } else if (frame.type() == FrameType.LOG) {
                output.log(Bodies.read(frame, LogBody.class), frame.callId());
            } else {
                events.violated(
                        violation(ProtocolViolation.Kind.UNEXPECTED_TYPE, frame, frame.type() + " on a control channel")
                                .violation());
            }
        } catch (ProtocolViolationException e) {
            events.violated(e.violation());
        }
    }

    @Override
    public void violated(ProtocolViolation violation) {
        events.violated(violation);
    }

    @Override
    public void closed() {
        control = null;
    }
}
