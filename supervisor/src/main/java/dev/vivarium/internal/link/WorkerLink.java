package dev.vivarium.internal.link;

import dev.vivarium.PoolException;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.callback.CallbackLine;
import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.Connection;
import dev.vivarium.internal.channel.DataChannel;
import dev.vivarium.internal.channel.IoLoop;
import dev.vivarium.internal.channel.PipeData;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.lending.Loan;
import dev.vivarium.internal.worker.WorkerDriver;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Frame;
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
import dev.vivarium.protocol.message.Ready;
import dev.vivarium.protocol.message.WorkerHello;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker process as the JVM sees it. Threads: the slot's actor sends; a thread of the {@link DataLine} reads the data
 * channel and completes calls; the pool's input and output thread serves the control channel and the output.
 */
public final class WorkerLink implements WorkerDriver, Acceptor.Frames {

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
    private final SharedClock clock;
    private final StreamLine streams;
    private final CallbackLine callbacks;
    private final AtomicReference<@Nullable ActiveCall> running = new AtomicReference<>();
    private final DataLine data;
    private final Carried carried;
    private final Checks checks = new Checks();
    private final AtomicBoolean readerDone = new AtomicBoolean();
    private final AtomicReference<@Nullable Exited> exit = new AtomicReference<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final ControlLine control;
    private volatile @Nullable IoLoop loop;
    private volatile @Nullable StatusPage page;
    private volatile @Nullable WorkerHello hello;
    private volatile PipeData.@Nullable Paths pipes;

    /** Creates the link of a process that has not been started. */
    public WorkerLink(PoolContext context, GuardianPort guardian, int slot, int incarnation, WorkerEvents events) {
        this.context = context;
        this.guardian = guardian;
        this.slot = slot;
        this.incarnation = incarnation;
        this.events = events;
        this.output = new WorkerOutput(context, context.worker(slot).toString(), incarnation, () -> {
            ActiveCall call = running.get();
            return call == null ? 0 : call.id();
        });
        this.stdout = output.sink(false);
        this.stderr = output.sink(true);
        this.stacks = new StackCapture(events::stacksRead);
        this.data = new DataLine(context, slot, incarnation, events, new FromWorker());
        this.carried = new Carried(context);
        this.clock = new SharedClock(context.clock());
        this.control = new ControlLine(events::loaded);
        this.streams = new StreamLine(incarnation, control::send, data::writeAside);
        this.callbacks = new CallbackLine(context, slot, incarnation, control::send);
    }

    /** Returns the slot. */
    public int slot() {
        return slot;
    }

    /** Returns the incarnation. */
    public int incarnation() {
        return incarnation;
    }

    /**
     * Prepares the link for connections; the guardian is about to start the process.
     *
     * @param offered the paths of the pipes that the guardian may make for the data channel
     */
    public void begin(IoLoop ioLoop, StatusPage statusPage, PipeData.Paths offered) {
        loop = ioLoop;
        page = statusPage;
        pipes = offered;
        statusPage.clear(slot);
    }

    @Override
    public void spawn() {
        guardian.spawn(this);
    }

    /**
     * Reports that the process runs.
     *
     * @param hasPipes whether its data channel is the pipes that were offered
     */
    public void spawned(long pid, boolean hasPipes) {
        events.spawned(pid);
        PipeData.Paths made = pipes;
        if (hasPipes && made != null) {
            try {
                attachData(PipeData.open(made, context.io()));
            } catch (IOException e) {
                log.warn("the data channel of {} cannot be opened: {}", context.worker(slot), e.toString());
                events.channelClosed();
            }
        }
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
    public void attachData(DataChannel channel) {
        data.attach(channel, "vivarium-" + context.worker(slot).toString().replace('/', '-') + "." + incarnation);
    }

    private final class FromWorker implements DataLine.Reader {
        @Override
        public void frame(Frame frame) throws ProtocolViolationException {
            onData(frame);
        }

        @Override
        public void ended() {
            readerDone.set(true);
            reportExit();
        }
    }

    private void onData(Frame frame) throws ProtocolViolationException {
        if (frame.incarnation() != incarnation) {
            throw Violations.of(
                    ProtocolViolation.Kind.WRONG_INCARNATION,
                    frame,
                    "expected " + incarnation + ", got " + frame.incarnation());
        }
        switch (frame.type()) {
            case REPLY, SESSION_REPLY -> answered(frame, null);
            case STATE_WANTED -> stateWanted(frame);
            case ITEMS, WANTED -> streams.received(frame, running.get());
            case CALLBACK -> callbacks.received(running(frame), frame);
            case SPACE_WANTED -> {
                var unused = running(frame);
                control.send(carried.space(frame));
            }
            case ERROR -> {
                ErrorBody error = Bodies.read(frame, ErrorBody.class);
                if (frame.callId() == 0) {
                    events.loadFailed(error);
                } else {
                    answered(frame, error);
                }
            }
            case HELLO -> {
                WorkerHello said = Bodies.read(frame, WorkerHello.class);
                clock.read(said.monotonicNanos());
                hello = said;
                events.hello();
            }
            case READY -> control.ready(Bodies.read(frame, Ready.class));
            case BYE -> log.debug("{} says goodbye", context.worker(slot));
            default ->
                throw Violations.of(ProtocolViolation.Kind.UNEXPECTED_TYPE, frame, frame.type() + " on a data channel");
        }
    }

    private ActiveCall running(Frame frame) throws ProtocolViolationException {
        ActiveCall call = running.get();
        if (call == null || call.id() != frame.callId()) {
            throw Violations.notRunning(frame, call);
        }
        return call;
    }

    private void answered(Frame frame, @Nullable ErrorBody error) throws ProtocolViolationException {
        ActiveCall call = running(frame);
        PoolException failure = error == null ? null : callbacks.told(call, error, carried.failure(call, error, slot));
        SessionFrames.Answer answer = error == null ? SessionFrames.read(call, frame) : null;
        streams.ending(call, frame);
        ReplyAttachments attached = answer == null ? ReplyAttachments.NONE : carried.read(answer, call);
        if (!running.compareAndSet(call, null)) {
            attached.release();
            throw Violations.notRunning(frame, null);
        }
        if (!StreamLine.isFed(call)) {
            data.hasReadAll();
        }
        carried.letGo();
        call.received(attached);
        call.replied();
        // Now it is this answer that ends the call, unless its caller has ended it: nothing may come between.
        boolean inTime = answer != null ? answer.end(call) : SessionFrames.fail(call, Objects.requireNonNull(failure));
        callbacks.over(call.id()); // Whoever ends it otherwise meanwhile can still say what it waited for.
        if (!inTime) {
            call.received(ReplyAttachments.NONE);
            context.stats().countLateReply();
        }
        Loan.with(() -> events.answered(frame.callId()));
    }

    private void stateWanted(Frame frame) throws ProtocolViolationException {
        ActiveCall call = running.get();
        if (call == null || call.id() != frame.callId() || !running.compareAndSet(call, null)) {
            throw Violations.notRunning(frame, call);
        }
        if (!SessionFrames.stateWanted(call)) {
            running.set(call);
            throw Violations.of(ProtocolViolation.Kind.UNEXPECTED_TYPE, frame, "the state was sent, or there is none");
        }
        carried.letGo();
        events.answered(frame.callId());
    }

    @Override
    public void welcome() {
        WorkerHello offered = hello;
        if (offered == null) {
            return;
        }
        try {
            data.write(Welcome.answer(offered, context, slot, incarnation, carried.offer()));
        } catch (Handshake.Refused e) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.UNEXPECTED_TYPE, String.valueOf(e.getMessage()), new byte[0]));
        }
    }

    @Override
    public void send(ActiveCall call, long remainingMicros) {
        running.set(call);
        if (!carried.hold(call)) {
            // It has ended on the way here, and what it carried may be another's: the process is not told of it.
            running.set(null);
            events.answered(call.id());
            return;
        }
        StatusPage known = page;
        if (known != null) {
            if (call.times() != null) {
                known.askForStart(slot, call.id());
            }
            known.deadline(slot, clock.ofWorker(call.deadline()));
        }
        data.write(streams.begin(call, SessionFrames.call(call, incarnation, remainingMicros)));
    }

    @Override
    public void closeSession(String session) {
        data.write(SessionFrames.close(session, incarnation));
    }

    @Override
    public void cancel(long callId) {
        control.send(Frame.of(FrameType.CANCEL, callId, incarnation));
        callbacks.cancelled(callId);
    }

    @Override
    public void readStacks() {
        callbacks.deadlinePassed();
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
        control.send(checks.next(incarnation));
    }

    @Override
    public void drain() {
        data.write(Frame.of(FrameType.DRAIN, 0, incarnation));
    }

    @Override
    public void signal(int number, boolean group) {
        guardian.signal(slot, incarnation, number, group);
    }

    @Override
    public boolean takeBack(ActiveCall call) {
        boolean open = running.compareAndSet(call, null);
        StreamLine.close(call);
        callbacks.over(call.id());
        return open;
    }

    @Override
    public boolean isHeldBack() {
        return callbacks.isWaitedFor() || StreamLine.isHeldBack(running.get());
    }

    @Override
    public String waitedFor() {
        return callbacks.waitedFor();
    }

    @Override
    public Execution executionOf(long callId) {
        StatusPage known = page;
        return known == null ? Execution.NOT_STARTED : known.executionOf(slot, incarnation, callId);
    }

    @Override
    public boolean isTooLateToStart(ActiveCall call) {
        return clock.isOverForBoth(call.deadline()) && executionOf(call.id()) == Execution.NOT_STARTED;
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
    public boolean couldNotRead() {
        StatusPage known = page;
        return known != null && known.stage(slot) == StatusPage.VIOLATED;
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
        callbacks.release();
        carried.release();
        data.close();
        PipeData.Paths offered = pipes;
        if (offered != null && !data.isAttached()) {
            offered.delete();
        }
        control.close();
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
        if (!data.isAttached()) {
            readerDone.set(true);
        }
        reportExit();
    }

    /** Tells the slot of the process's end, once the data channel has ended, too: an answer in it must reach its caller first. */
    private void reportExit() {
        Exited report = exit.get();
        if (report != null && readerDone.get() && ended.compareAndSet(false, true)) {
            events.exited(report);
        }
    }

    @Override
    public void opened(Connection connection) {
        control.opened(connection);
        if (data.isClosed()) {
            connection.close(); // It came when nobody waited for it any more.
        }
    }

    @Override
    public void frame(Frame frame) {
        try {
            if (frame.type() == FrameType.PONG) {
                checks.answered(frame, events);
            } else if (frame.type() == FrameType.LOG) {
                output.log(Bodies.read(frame, LogBody.class), frame.callId());
            } else {
                events.violated(Violations.of(
                                ProtocolViolation.Kind.UNEXPECTED_TYPE, frame, frame.type() + " on a control channel")
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
        control.closed();
        output.closed();
        events.channelClosed(); // Without it no cancellation, credit or check could reach the process any more.
    }
}
