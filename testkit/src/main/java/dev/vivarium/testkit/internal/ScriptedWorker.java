package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Handshake;
import dev.vivarium.protocol.ItemBlock;
import dev.vivarium.protocol.Limits;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.SessionEntries;
import dev.vivarium.protocol.SessionHead;
import dev.vivarium.protocol.StreamHead;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.protocol.message.PoolHello;
import dev.vivarium.protocol.message.Ready;
import dev.vivarium.protocol.message.WorkerHello;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A worker of layer SCRIPTED: speaks the protocol over real sockets, from two threads of this JVM. */
final class ScriptedWorker implements Outlet {

    /** The connections that a worker inherits from its guardian. */
    record Sockets(
            SocketChannel data,
            SocketChannel control,
            SocketChannel stdout,
            SocketChannel stderr,
            SocketChannel stacks) {
        void close() {
            for (SocketChannel channel : List.of(data, control, stdout, stderr, stacks)) {
                try {
                    channel.close();
                } catch (IOException e) {
                    throw new IllegalStateException("a socket could not be closed", e);
                }
            }
        }
    }

    /** Hears how a worker ended. */
    interface End {
        /** Tells the raw wait status, and how many out-of-memory kills the kernel counted; -1 when unknown. */
        void with(int rawStatus, long oomKills);
    }

    /** The sender keeps to its own; these are beyond all of them. */
    private static final Limits LIMITS = new Limits(1 << 30, Integer.MAX_VALUE, 0xffff);

    private final int slot;
    private final int incarnation;
    private final long pid;
    private final Sockets sockets;
    private final StatusPageWriter page;
    private final End whenEnded;
    private final LongConsumer whenMeasured;
    private final ScriptedProcess process;
    private volatile long lastCheck;
    private volatile List<String> folders = List.of();

    ScriptedWorker(
            ScriptedProcess.Shared shared,
            String worker,
            int slot,
            int incarnation,
            long pid,
            Sockets sockets,
            StatusPageWriter page,
            End whenEnded,
            LongConsumer whenMeasured) {
        this.slot = slot;
        this.incarnation = incarnation;
        this.pid = pid;
        this.sockets = sockets;
        this.page = page;
        this.whenEnded = whenEnded;
        this.whenMeasured = whenMeasured;
        this.process = new ScriptedProcess(shared, worker, slot, incarnation, this);
        String thread = "testkit-scripted-" + worker + "." + incarnation;
        shared.faults().thread(thread + "-data", () -> serve(sockets.data()));
        shared.faults().thread(thread + "-control", () -> serve(sockets.control()));
        process.start();
    }

    void signal(int number) {
        process.signal(number);
    }

    private void serve(SocketChannel channel) {
        FrameReader reader = new FrameReader(channel, LIMITS);
        try {
            for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
                heard(frame);
            }
        } catch (IOException | ProtocolViolationException e) {
            // Its own sockets were closed, or the JVM's were; the same to a process.
        } finally {
            process.hangUp();
        }
    }

    private void heard(Frame frame) throws ProtocolViolationException {
        switch (frame.type()) {
            case HELLO -> {
                folders = Bodies.read(frame, PoolHello.class).attachments().folders();
                process.welcome();
            }
            case CALL -> call(frame, null, frame.attachments());
            case SESSION_CALL -> sessionCall(frame, null, frame.attachments());
            case STREAM_CALL -> streamCall(frame);
            case CREDIT -> process.credit(frame.callId(), credit(frame));
            case ITEMS -> process.fed(frame.callId(), items(frame));
            case ITEMS_END -> process.fed(frame.callId(), null);
            case SESSION_CLOSE -> process.closeSession(new String(frame.body(), StandardCharsets.UTF_8));
            case CANCEL -> process.cancel(frame.callId());
            case CALLBACK_REPLY, CALLBACK_ERROR -> process.callbacks.answered(frame);
            case PING -> {
                lastCheck = frame.callId();
                process.ping();
            }
            case DRAIN -> process.drain();
            default -> throw new IllegalStateException("the JVM sent " + frame + " to a worker");
        }
    }

    private Encoded body(Frame frame, List<ByteBuffer> parts) {
        try {
            return new Encoded(frame.body(), Attachments.read(parts, folders));
        } catch (IOException | CodecException e) {
            throw new IllegalStateException("the JVM sent " + frame + " to a worker", e);
        }
    }

    private static Credit credit(Frame frame) {
        try {
            return Credit.decode(frame.body());
        } catch (CodecException e) {
            throw new IllegalStateException("the JVM sent " + frame + " to a worker", e);
        }
    }

    private static ItemBlock items(Frame frame) {
        try {
            return ItemBlock.decode(frame.body());
        } catch (CodecException e) {
            throw new IllegalStateException("the JVM sent " + frame + " to a worker", e);
        }
    }

    private void streamCall(Frame frame) {
        try {
            StreamHead stream = StreamHead.decode(frame.attachments().get(0));
            List<ByteBuffer> rest =
                    frame.attachments().subList(1, frame.attachments().size());
            if (stream.ofSession()) {
                sessionCall(frame, stream, rest);
            } else {
                call(frame, stream, rest);
            }
        } catch (CodecException e) {
            throw new IllegalStateException("the JVM sent " + frame + " to a worker", e);
        }
    }

    private void call(Frame frame, @Nullable StreamHead stream, List<ByteBuffer> carried) {
        process.call(new SentCall(frame.callId(), body(frame, carried), stream, null, null));
    }

    private void sessionCall(Frame frame, @Nullable StreamHead stream, List<ByteBuffer> session) {
        try {
            SessionHead head = SessionHead.decode(session.get(0));
            Map<String, byte[]> state = null;
            if (session.size() > 1 && session.get(1).hasRemaining()) {
                state = new LinkedHashMap<>();
                for (Map.Entry<String, byte @Nullable []> entry :
                        SessionEntries.decode(session.get(1)).entrySet()) {
                    state.put(entry.getKey(), Objects.requireNonNull(entry.getValue(), "a state has no removed keys"));
                }
            }
            List<ByteBuffer> carried = session.subList(Math.min(2, session.size()), session.size());
            process.call(new SentCall(frame.callId(), body(frame, carried), stream, head, state));
        } catch (CodecException e) {
            throw new IllegalStateException("the JVM sent " + frame + " to a worker", e);
        }
    }

    private void send(SocketChannel channel, Frame frame) {
        write(channel, Wire.bytes(frame));
    }

    @Override
    public void hello() {
        page.stage(slot, incarnation);
        send(
                sockets.data(),
                Frame.of(
                        FrameType.HELLO,
                        0,
                        incarnation,
                        Bodies.write(new WorkerHello(
                                List.of(Frame.VERSION),
                                List.of("json"),
                                Handshake.FEATURES,
                                pid,
                                "scripted",
                                "3.9.0",
                                "testkit",
                                Signals.STACKS,
                                0,
                                Map.of()))));
    }

    @Override
    public void ready(List<HandlerInfo> handlers) {
        send(
                sockets.data(),
                Frame.of(FrameType.READY, 0, incarnation, Bodies.write(new Ready(handlers, 0, List.of()))));
    }

    @Override
    public void loadFailed(ErrorBody error) {
        send(sockets.data(), Frame.of(FrameType.ERROR, 0, incarnation, Bodies.write(error)));
    }

    @Override
    public void progress(long callId, Execution execution) {
        page.progress(slot, callId, execution);
    }

    @Override
    public void step() {
        page.step(slot);
    }

    @Override
    public void reply(long callId, Encoded body) {
        List<ByteBuffer> parts = Attachments.parts(body.attached());
        send(sockets.data(), new Frame(FrameType.REPLY, callId, 0, incarnation, body.json(), parts));
    }

    @Override
    public void sessionReply(long callId, Encoded body, Map<String, byte @Nullable []> changes, boolean resident) {
        List<ByteBuffer> parts = new ArrayList<>();
        parts.add(ByteBuffer.wrap(new byte[] {(byte) (resident ? SessionHead.RESIDENT : 0)}));
        parts.add(SessionEntries.encode(changes));
        parts.addAll(Attachments.parts(body.attached()));
        send(sockets.data(), new Frame(FrameType.SESSION_REPLY, callId, 0, incarnation, body.json(), parts));
    }

    @Override
    public void items(long callId, byte[] block) {
        send(sockets.data(), Frame.of(FrameType.ITEMS, callId, incarnation, block));
    }

    @Override
    public void wanted(long callId, Credit most) {
        send(sockets.data(), Frame.of(FrameType.WANTED, callId, incarnation, most.encode()));
    }

    @Override
    public void calledBack(long callId, byte[] body) {
        send(sockets.data(), Frame.of(FrameType.CALLBACK, callId, incarnation, body));
    }

    @Override
    public void stateWanted(long callId) {
        send(sockets.data(), Frame.of(FrameType.STATE_WANTED, callId, incarnation));
    }

    @Override
    public void error(long callId, ErrorBody body) {
        send(sockets.data(), Frame.of(FrameType.ERROR, callId, incarnation, Bodies.write(body)));
    }

    @Override
    public void raw(byte[] bytes) {
        write(sockets.data(), bytes);
    }

    @Override
    public void stacks(String text) {
        write(sockets.stacks(), text.getBytes(StandardCharsets.UTF_8));
    }

    private void write(SocketChannel channel, byte[] bytes) {
        try {
            Wire.write(channel, bytes);
        } catch (IOException e) {
            process.hangUp();
        }
    }

    @Override
    public void pong() {
        send(sockets.control(), Frame.of(FrameType.PONG, lastCheck, incarnation));
    }

    @Override
    public void measured(long bytes) {
        whenMeasured.accept(bytes);
    }

    @Override
    public void ended(int rawStatus, long oomKills) {
        sockets.close();
        whenEnded.with(rawStatus, oomKills);
    }
}
