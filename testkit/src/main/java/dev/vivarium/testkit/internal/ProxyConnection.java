package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Limits;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.Attach;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.Spawn;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Moment;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection through the proxy, with a thread for each direction. */
final class ProxyConnection {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String pool;
    private final SocketChannel child;
    private final Path upstream;
    private final FaultPlan plan;
    private final ProxyWorkers workers;
    private final @Nullable Path gates;
    private final Consumer<ProxyConnection> whenClosed;
    private final Answers answers = new Answers();
    private final Object toChild = new Object();
    private @Nullable SocketChannel jvm;
    private String kind = "";
    private int slot;
    private int incarnation;
    private int ends;
    private boolean killed; // Written by the thread that reads from the worker, and read by it.

    ProxyConnection(
            String pool,
            SocketChannel child,
            Path upstream,
            FaultPlan plan,
            ProxyWorkers workers,
            @Nullable Path gates,
            Consumer<ProxyConnection> whenClosed) {
        this.pool = pool;
        this.child = child;
        this.upstream = upstream;
        this.plan = plan;
        this.workers = workers;
        this.gates = gates;
        this.whenClosed = whenClosed;
    }

    void start() {
        thread("up", this::fromChild);
    }

    private void thread(String direction, Runnable body) {
        plan.thread("testkit-proxy-" + pool + "-" + direction, body);
    }

    /** The guardian has ended, and with it everything that could be at the other end. */
    void childEnded() {
        Channels.close(child);
    }

    /** Sends a frame of the kit's own to the child. */
    void inject(Frame frame) {
        try {
            write(child, toChild, Wire.bytes(frame));
        } catch (IOException gone) {
            childEnded();
        }
    }

    private static void write(SocketChannel channel, Object lock, byte[] bytes) throws IOException {
        synchronized (lock) {
            Wire.write(channel, bytes);
        }
    }

    private void fromChild() {
        ProxyTap tap = new ProxyTap(child, plan);
        FrameReader reader = new FrameReader(tap, Limits.DEFAULTS);
        SocketChannel target = null;
        try {
            Frame attach = reader.read();
            if (attach == null) {
                return;
            }
            tap.passed(attach);
            Attach what = Bodies.read(attach, Attach.class);
            kind = what.kind();
            slot = what.slot();
            incarnation = attach.incarnation();
            target = SocketChannel.open(UnixDomainSocketAddress.of(upstream));
            jvm = target;
            SocketChannel open = target;
            Wire.write(open, Wire.bytes(attach));
            if (kind.equals("guardian")) {
                workers.guardian(this);
            }
            if (isOutput()) {
                workers.outputOpened(slot, incarnation);
                try {
                    copy(child, open);
                } finally {
                    workers.outputEnded(slot, incarnation);
                }
                return;
            }
            thread("down", () -> toChild(open));
            pump(tap, reader, bytes -> Wire.write(open, bytes), false);
        } catch (IOException | ProtocolViolationException | InterruptedException e) {
            Channels.endOutput(child);
        } finally {
            if (target != null) {
                Channels.endOutput(target);
            }
            ended();
        }
    }

    private void toChild(SocketChannel source) {
        ProxyTap tap = new ProxyTap(source, plan);
        try {
            pump(tap, new FrameReader(tap, Limits.DEFAULTS), bytes -> write(child, toChild, bytes), true);
        } catch (IOException | InterruptedException e) {
            Channels.endOutput(source);
        } finally {
            Channels.endOutput(child);
            ended();
        }
    }

    /** Passes everything on, what is no frame and what is no whole frame included. */
    private void pump(ProxyTap tap, FrameReader reader, ProxyLine.Wired to, boolean down)
            throws IOException, InterruptedException {
        ProxyLine line = new ProxyLine(to);
        if (!kind.equals("guardian")) {
            tap.into(to); // What the guardian says must be understood here, whole.
        }
        try {
            for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
                if (!tap.passed(frame)) {
                    pass(frame, line, down);
                }
            }
        } catch (ProtocolViolationException e) {
            tap.into(to);
            tap.passRest();
        }
    }

    /** Whether only the worker speaks, and no frames. */
    private boolean isOutput() {
        return kind.equals("stdout") || kind.equals("stderr") || kind.equals("stacks");
    }

    private static void copy(SocketChannel from, SocketChannel to) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
        while (from.read(buffer.clear()) >= 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
                to.write(buffer);
            }
        }
    }

    private synchronized void ended() {
        boolean oneWay = jvm == null || isOutput();
        if (++ends == (oneWay ? 1 : 2)) {
            Channels.close(child);
            if (jvm != null) {
                Channels.close(jvm);
            }
            whenClosed.accept(this);
        }
    }

    /** Passes a frame on, with whatever fault is due before, on, and after it. */
    private void pass(Frame frame, ProxyLine line, boolean down)
            throws IOException, ProtocolViolationException, InterruptedException {
        if (kind.equals("guardian")) {
            passGuardian(frame, line, down);
            return;
        }
        if (down && isCall(frame)) {
            send(frame, line);
            return;
        }
        boolean answer = isAnswer(frame);
        boolean started = answer && workers.hasStarted(slot, incarnation, frame.callId());
        if (answer && answers.isDropped(frame.callId(), started)) {
            return; // Its worker was killed before this moment.
        }
        Moment moment = moment(frame, down);
        if (killed) {
            return; // It was killed before it could say this.
        }
        if (moment != null && gates != null && strike(moment)) {
            killed = moment == Moment.STREAMED; // What it came from is dead, and more may follow.
            return;
        }
        forward(frame, moment, line, down);
    }

    private void forward(Frame frame, @Nullable Moment moment, ProxyLine line, boolean down)
            throws IOException, InterruptedException {
        FaultLease wire = moment == null ? null : plan.takeLease(moment, slot, Fault.OnWire.class);
        // A partition that has landed on one frame holds everything in its directions, on all of the worker's
        // connections.
        for (FaultLease cut = plan.partition(slot, down); cut != null; cut = plan.partition(slot, down)) {
            cut.awaitHealed();
        }
        if (wire != null && wire.fault() instanceof Fault.Belated) {
            workers.awaitCancelled(slot, incarnation, frame.callId(), wire);
        }
        line.pass(frame, wire);
        if (down && frame.type() == FrameType.CANCEL) {
            workers.cancelled(frame.callId());
        }
    }

    /** Sends a call. Its answer stays here while a signal is due that must come before it. */
    private void send(Frame call, ProxyLine line) throws IOException, InterruptedException {
        Frame sent = gates == null ? call : instead(call, gates);
        if (strike(Moment.BEFORE_SEND)) {
            return; // What it was meant for is dead.
        }
        boolean inHandler = gates != null && plan.isDue(Moment.STARTED, slot, Fault.Signalled.class);
        if (!inHandler && !plan.isDue(Moment.AFTER_SEND, slot, Fault.Signalled.class)) {
            forward(sent, Moment.BEFORE_SEND, line, true);
            return;
        }
        answers.hold(call.callId());
        boolean dead = false;
        try (HandlerHalt halt = inHandler && gates != null ? HandlerHalt.of(gates, sent) : HandlerHalt.NONE) {
            forward(sent, Moment.BEFORE_SEND, line, true);
            dead = strike(Moment.AFTER_SEND)
                    || (inHandler && awaitStarted(call.callId(), halt) && strike(Moment.STARTED));
        } finally {
            answers.letGo(call.callId(), dead);
        }
    }

    /** Waits until a call's handler has started, and returns false if it never will or nothing is due any more. */
    private boolean awaitStarted(long callId, HandlerHalt halt) throws InterruptedException {
        while (plan.isDue(Moment.STARTED, slot, Fault.Signalled.class) && !workers.hasEnded(slot, incarnation)) {
            boolean come = answers.hasCome(callId); // First: what has answered has started before.
            // The status page is shared memory and tells of nothing: it must be looked at.
            boolean started = workers.hasStarted(slot, incarnation, callId);
            if (come || (started && halt.isReached())) {
                // One that keeps the record and answers without having waited has refused its arguments.
                return started && halt.isReached() && answers.mayStrike(callId);
            }
            answers.awaitChange();
        }
        return false;
    }

    private void passGuardian(Frame frame, ProxyLine line, boolean down)
            throws IOException, ProtocolViolationException, InterruptedException {
        if (down && frame.type() == FrameType.SPAWN) {
            Spawn spawn = Bodies.read(frame, Spawn.class);
            workers.spawning(spawn.slot(), frame.incarnation(), new StatusPageReader(Path.of(spawn.statusPage())));
            line.pass(workers.spawn(frame, spawn), null);
            return;
        }
        if (down || frame.type() != FrameType.EXITED) {
            line.pass(frame, null);
            return;
        }
        int ended = Bodies.read(frame, Exited.class).slot();
        workers.awaitOutput(ended, frame.incarnation());
        line.pass(frame, null);
        workers.exited(ended, frame.incarnation());
    }

    private static boolean isCall(Frame frame) {
        return switch (frame.type()) {
            case CALL, SESSION_CALL, STREAM_CALL -> true;
            default -> false;
        };
    }

    private static boolean isAnswer(Frame frame) {
        return frame.callId() != 0
                && (frame.type() == FrameType.REPLY
                        || frame.type() == FrameType.SESSION_REPLY
                        || frame.type() == FrameType.ERROR);
    }

    private static @Nullable Moment moment(Frame frame, boolean down) {
        return switch (frame.type()) {
            case HELLO -> down ? null : Moment.MID_HANDSHAKE;
            case READY -> Moment.MID_LOAD;
            case PING -> Moment.CHECKED;
            case ITEMS -> down ? null : Moment.STREAMED;
            case REPLY, SESSION_REPLY, ERROR -> isAnswer(frame) ? Moment.EXECUTED : null;
            default -> null;
        };
    }

    /** Lets a signal land that is due; returns whether the worker is dead. */
    private boolean strike(Moment moment) throws InterruptedException {
        FaultLease lease = plan.takeLease(moment, slot, Fault.Signalled.class);
        if (lease == null || !(lease.fault() instanceof Fault.Signalled signalled)) {
            return false;
        }
        boolean fatal = Signals.isFatal(signalled.signal());
        workers.signal(slot, incarnation, signalled.signal(), fatal);
        if (signalled.signal() == Signals.STOP) {
            lease.onHeal(this::goOn);
            // Nothing tells when it has stopped. What it would not read or write any more stays here meanwhile.
            lease.awaitHealed();
        }
        return fatal;
    }

    private void goOn() {
        if (workers.hasEnded(slot, incarnation)) {
            return;
        }
        try {
            workers.signal(slot, incarnation, Signals.CONT, false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Replaces a call by what a fault has the process do itself; the call's arguments stay behind. A call that is to hang stays
     * what it is, if its handler can wait for the healing.
     */
    private Frame instead(Frame call, Path folder) throws IOException {
        FaultLease lease = plan.takeLease(Moment.STARTED, slot, Fault.Exited.class);
        lease = lease != null ? lease : plan.takeLease(Moment.STARTED, slot, Fault.Hung.class);
        lease = lease != null ? lease : plan.takeLease(Moment.STARTED, slot, Fault.InPython.class);
        if (lease == null) {
            return call;
        }
        List<Object> body;
        if (lease.fault() instanceof Fault.Exited exited) {
            body = List.of("leave", List.of(exited.status()), java.util.Map.of());
        } else if (lease.fault() instanceof Fault.Ballooned ballooned) {
            String until = HealLock.create(folder, lease);
            body = List.of("balloon", List.of(ballooned.bytes(), until), java.util.Map.of());
        } else if (lease.fault() instanceof Fault.Opened opened) {
            String until = HealLock.create(folder, lease);
            body = List.of("open_many", List.of(opened.files(), until), java.util.Map.of());
        } else {
            HealLock.hang(folder, call.callId(), lease);
            if (HandlerHalt.keepsRecord(folder, call)) {
                return call;
            }
            body = List.of("hung", List.of(), java.util.Map.of());
        }
        return new Frame(
                call.type() == FrameType.STREAM_CALL ? FrameType.STREAM_CALL : FrameType.CALL,
                call.callId(),
                call.remainingMicros(),
                call.incarnation(),
                JSON.writeValueAsBytes(body),
                call.attachments());
    }
}
