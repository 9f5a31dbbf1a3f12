package dev.vivarium.testkit.internal;

import dev.vivarium.PoolException;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.call.StreamAttempt;
import dev.vivarium.internal.call.StreamTicket;
import dev.vivarium.internal.callback.CallbackLine;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.link.CallErrors;
import dev.vivarium.internal.link.SessionFrames;
import dev.vivarium.internal.worker.WorkerDriver;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.ItemBlock;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.StreamHead;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.protocol.message.MemoryUse;
import dev.vivarium.protocol.message.Ready;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Drives a {@link ScriptedProcess} without any channel. */
final class FakeDriver implements WorkerDriver, Outlet {

    private record Progress(long callId, Execution execution, long started) {}

    private final PoolContext context;
    private final int slot;
    private final int incarnation;
    private final long pid;
    private final WorkerEvents events;
    private final Consumer<FakeDriver> died;
    private final Consumer<FakeDriver> born;
    private final FaultPlan faults;
    private final ScriptedProcess process;
    private final CallbackLine callbacks;
    private final AtomicReference<@Nullable ActiveCall> running = new AtomicReference<>();
    private final AtomicLong steps = new AtomicLong();
    private volatile Progress progress = new Progress(0, Execution.NOT_STARTED, 0);
    private volatile boolean spawned;
    private volatile String stacks = "";

    FakeDriver(
            PoolContext context,
            ScriptedProcess.Shared shared,
            int slot,
            int incarnation,
            long pid,
            WorkerEvents events,
            Consumer<FakeDriver> died,
            Consumer<FakeDriver> born) {
        this.context = context;
        this.slot = slot;
        this.pid = pid;
        this.events = events;
        this.died = died;
        this.born = born;
        this.faults = shared.faults();
        this.process = new ScriptedProcess(shared, context.worker(slot).toString(), slot, incarnation, this);
        this.callbacks = new CallbackLine(context, slot, incarnation, process.callbacks::answered);
        this.incarnation = incarnation;
    }

    @Override
    public void spawn() {
        spawned = true;
        born.accept(this);
        events.spawned(pid);
        process.start();
    }

    @Override
    public void welcome() {
        process.welcome();
    }

    @Override
    public void send(ActiveCall call, long remainingMicros) {
        running.set(call);
        Encoded body = new Encoded(call.body(), call.attachments().views());
        SessionTicket ticket = call.session();
        SessionAttempt attempt = ticket == null ? null : ticket.attempt();
        StreamTicket stream = call.stream();
        StreamHead streamed = null;
        if (stream != null) {
            var unused = stream.begin(new Line(call.id()));
            streamed = stream.head(attempt != null);
        }
        process.send(new SentCall(
                call.id(),
                body,
                streamed,
                attempt == null ? null : attempt.head(),
                attempt == null ? null : attempt.base().state()));
    }

    private final class Line implements StreamAttempt.Line {
        private final long callId;

        Line(long callId) {
            this.callId = callId;
        }

        @Override
        public void credit(Credit total) {
            process.credit(callId, total);
        }

        @Override
        public void feed(long first, List<byte[]> items) {
            try {
                process.fed(callId, ItemBlock.decode(ItemBlock.encode(first, items)));
            } catch (CodecException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void feedEnd() {
            process.fed(callId, null);
        }
    }

    private static @Nullable StreamAttempt attempt(@Nullable ActiveCall call) {
        StreamTicket stream = call == null ? null : call.stream();
        return stream == null ? null : stream.attempt();
    }

    @Override
    public boolean isHeldBack() {
        StreamAttempt attempt = attempt(running.get());
        return callbacks.isWaitedFor() || (attempt != null && attempt.isHeldBack());
    }

    @Override
    public String waitedFor() {
        return callbacks.waitedFor();
    }

    @Override
    public void calledBack(long callId, byte[] body) {
        ActiveCall call = running.get();
        if (call == null || call.id() != callId) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.UNEXPECTED_TYPE, "a callback of call " + callId, new byte[0]));
            return;
        }
        try {
            callbacks.received(call, Frame.of(FrameType.CALLBACK, callId, incarnation, body));
        } catch (ProtocolViolationException e) {
            events.violated(e.violation());
        }
    }

    private interface Part {
        void of(StreamAttempt attempt) throws CodecException;
    }

    private void streamed(long callId, Part part) {
        ActiveCall call = running.get();
        StreamAttempt attempt = attempt(call);
        if (call == null || call.id() != callId || attempt == null) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.UNEXPECTED_TYPE, "a part of the stream of call " + callId, new byte[0]));
            return;
        }
        try {
            part.of(attempt);
        } catch (CodecException e) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.MALFORMED_BODY, String.valueOf(e.getMessage()), new byte[0]));
        }
    }

    @Override
    public void items(long callId, byte[] block) {
        streamed(callId, attempt -> attempt.received(ItemBlock.decode(block)));
    }

    @Override
    public void wanted(long callId, Credit most) {
        streamed(callId, attempt -> attempt.wanted(most));
    }

    @Override
    public void closeSession(String session) {
        process.closeSession(session);
    }

    @Override
    public void cancel(long callId) {
        process.cancel(callId);
        callbacks.cancelled(callId);
    }

    @Override
    public void readStacks() {
        callbacks.deadlinePassed();
        stacks = "";
        process.signal(Signals.STACKS);
    }

    @Override
    public String stacks() {
        return stacks;
    }

    @Override
    public void stacks(String text) {
        stacks = text;
        events.stacksRead();
    }

    @Override
    public void ping() {
        process.ping();
    }

    @Override
    public void drain() {
        process.drain();
    }

    @Override
    public void signal(int number, boolean group) {
        if (spawned) {
            process.signal(number);
        } else {
            events.spawnRefused("it was never started");
        }
    }

    @Override
    public boolean takeBack(ActiveCall call) {
        boolean open = running.compareAndSet(call, null);
        StreamAttempt attempt = attempt(call);
        if (attempt != null) {
            attempt.close();
        }
        callbacks.over(call.id());
        return open;
    }

    @Override
    public Execution executionOf(long callId) {
        Progress known = progress;
        return known.callId() == callId ? known.execution() : Execution.NOT_STARTED;
    }

    @Override
    public boolean isTooLateToStart(ActiveCall call) {
        return false; // It has no clock to hold against a deadline.
    }

    @Override
    public boolean couldNotRead() {
        return false;
    }

    @Override
    public long progress() {
        return steps.get();
    }

    @Override
    public OptionalLong startOf(long callId) {
        Progress known = progress;
        return known.callId() == callId ? OptionalLong.of(known.started()) : OptionalLong.empty();
    }

    @Override
    public List<String> lastLines() {
        return List.of();
    }

    @Override
    public void suspectGuardian() {
        throw new IllegalStateException("a fake worker that was killed did not end");
    }

    @Override
    public void release() {
        callbacks.release();
        died.accept(this);
    }

    @Override
    public void hello() {
        events.hello();
    }

    @Override
    public void ready(List<HandlerInfo> handlers) {
        events.loaded(new Ready(handlers, 0, List.of()));
    }

    @Override
    public void loadFailed(ErrorBody error) {
        events.loadFailed(error);
    }

    @Override
    public void progress(long callId, Execution execution) {
        Progress before = progress;
        long started =
                before.callId() == callId ? before.started() : context.clock().nanoTime();
        progress = new Progress(callId, execution, started);
    }

    @Override
    public void step() {
        steps.incrementAndGet();
    }

    @Override
    public void reply(long callId, Encoded body) {
        answered(callId, body, call -> SessionFrames.succeed(call, body.json(), null, false));
    }

    @Override
    public void sessionReply(long callId, Encoded body, Map<String, byte @Nullable []> changes, boolean resident) {
        answered(callId, body, call -> SessionFrames.succeed(call, body.json(), changes, resident));
    }

    @Override
    public void stateWanted(long callId) {
        answered(callId, SessionFrames::stateWanted);
    }

    @Override
    public void error(long callId, ErrorBody body) {
        ActiveCall failed = running.get();
        PoolException failure = failed == null || failed.id() != callId
                ? null // It has been taken back, or never was: the one place that says so is below.
                : callbacks.told(failed, body, CallErrors.of(failed, body, context, slot));
        answered(callId, call -> SessionFrames.fail(call, Objects.requireNonNull(failure)));
    }

    private interface End {
        boolean of(ActiveCall call);
    }

    private void answered(long callId, Encoded result, End end) {
        StreamAttempt attempt = attempt(running.get());
        try {
            if (attempt != null) {
                attempt.checkEnd(result.json());
            }
        } catch (CodecException e) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.MALFORMED_BODY, String.valueOf(e.getMessage()), new byte[0]));
            return;
        }
        answered(callId, call -> {
            call.received(new ReplyAttachments(result.attached(), () -> {}));
            return end.of(call);
        });
    }

    private void answered(long callId, End end) {
        ActiveCall call = running.get();
        if (call == null || call.id() != callId || !running.compareAndSet(call, null)) {
            events.violated(new ProtocolViolation(
                    ProtocolViolation.Kind.UNEXPECTED_TYPE, "an answer to call " + callId, new byte[0]));
            return;
        }
        call.replied();
        boolean inTime = end.of(call);
        callbacks.over(callId);
        if (!inTime) {
            call.received(ReplyAttachments.NONE);
            context.stats().countLateReply();
        }
        events.answered(callId);
    }

    @Override
    public void raw(byte[] bytes) {
        String needed = "a reaction that writes bytes needs a channel: layer SCRIPTED, this is FAKE";
        faults.problem(needed);
        events.violated(new ProtocolViolation(ProtocolViolation.Kind.BAD_MAGIC, needed, bytes));
    }

    @Override
    public void pong() {
        events.pong();
    }

    @Override
    public void measured(long bytes) {
        events.measured(new MemoryUse(slot, bytes, 1));
    }

    @Override
    public void ended(int rawStatus, long oomKills) {
        events.channelClosed();
        events.exited(new Exited(slot, pid, rawStatus, 0, 0, 0, oomKills, 0));
    }
}
