package dev.vivarium.internal.callback;

import dev.vivarium.CallTimedOut;
import dev.vivarium.CallbackOutcome;
import dev.vivarium.PoolException;
import dev.vivarium.PoolFunction;
import dev.vivarium.PythonException;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.Functions;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.CallbackBlock;
import dev.vivarium.protocol.CalledFunction;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.CallbackErrorBody;
import dev.vivarium.protocol.message.CallbackErrorKind;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The callbacks of one worker process: what their frames mean; see PROTOCOL.md, section 12. One thread brings what the worker asks;
 * everything else may be called by any.
 *
 * <p>A callback is open until its function has ended or its call has. Whoever ends a call does so first and looks for its callbacks
 * then; whoever opens one looks at the call after that. So one of the two sees the other.
 */
public final class CallbackLine implements Callback.Owner {

    /** The Python exception that says that a callback was not answered in its time. */
    public static final String TIMED_OUT = "vivarium_worker.callback_errors.CallbackTimedOut";

    private static final Logger log = LoggerFactory.getLogger(CallbackLine.class);

    /** Failures of functions that are kept until their call has ended. */
    private static final int MOST_FAILURES = 100;

    private record Failure(long callId, Throwable thrown) {}

    private final PoolContext context;
    private final Functions functions;
    private final int slot;
    private final int incarnation;
    private final Consumer<Frame> toWorker;
    private final Map<Long, Callback> open = new ConcurrentHashMap<>();
    private final Map<Long, Failure> failures = new ConcurrentHashMap<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile boolean used;
    private volatile boolean closed;
    private volatile String waitedFor = "";
    // Only the thread that brings what the worker asks uses it.
    private long last;

    /**
     * Creates the line.
     *
     * @param toWorker sends a frame to the process, on the control channel; on any thread, and without blocking
     */
    public CallbackLine(PoolContext context, int slot, int incarnation, Consumer<Frame> toWorker) {
        this.context = context;
        this.functions = context.functions();
        this.slot = slot;
        this.incarnation = incarnation;
        this.toWorker = toWorker;
    }

    /**
     * Takes what a handler asks: a CALLBACK.
     *
     * @param call the call that the handler runs
     * @throws ProtocolViolationException when it is not what it must be
     */
    public void received(ActiveCall call, Frame frame) throws ProtocolViolationException {
        try {
            received(call, frame.body());
        } catch (CodecException e) {
            throw new ProtocolViolationException(new ProtocolViolation(
                    ProtocolViolation.Kind.MALFORMED_BODY,
                    String.valueOf(e.getMessage()),
                    Arrays.copyOf(frame.body(), Math.min(frame.body().length, ProtocolViolation.QUOTED_BYTES))));
        }
    }

    private void received(ActiveCall call, byte[] body) throws CodecException {
        long number = CallbackBlock.number(body);
        if (number <= last) {
            throw new CodecException("callback " + number + " came where a number above " + last + " is next", null);
        }
        last = number;
        int size = body.length - CallbackBlock.NUMBER_BYTES;
        if (size > functions.maxBytes()) {
            throw new CodecException(
                    "functions.max-bytes is " + functions.maxBytes() + ", the arguments of callback " + number
                            + " have " + size,
                    null);
        }
        CalledFunction called = context.codec().decodeCalled(body, CallbackBlock.NUMBER_BYTES);
        used = true;
        PoolFunction function = functions.named(called.function());
        CallbackErrorBody refusal = function == null ? unknown(called.function()) : refusal(call, called.function());
        if (refusal != null) {
            refuse(call, number, called.function(), refusal);
            return;
        }
        begin(new Callback(
                context,
                this,
                call,
                context.worker(slot),
                incarnation,
                number,
                called,
                Objects.requireNonNull(function)));
    }

    private void begin(Callback callback) {
        note(callback, null);
        open.put(callback.number(), callback);
        if (closed || callback.call().isDone() || isLate(callback.call())) {
            abandon(callback, true);
            return;
        }
        try {
            functions.execute(callback);
        } catch (RuntimeException | Error e) { // Whatever a user's executor throws, its handler is owed an answer.
            log.debug("the executor of the functions refused {}", callback, e);
            if (callback.abandon() && open.remove(callback.number(), callback)) {
                note(callback, CallbackOutcome.REFUSED);
                answer(
                        callback.call().id(),
                        callback.number(),
                        error(
                                CallbackErrorKind.REFUSED,
                                "the executor of the functions refused it: " + e.getMessage()));
            }
        }
    }

    private static CallbackErrorBody error(CallbackErrorKind kind, String message) {
        return new CallbackErrorBody(kind, "", message, List.of());
    }

    private CallbackErrorBody unknown(String name) {
        List<String> known = functions.names();
        return new CallbackErrorBody(
                CallbackErrorKind.UNKNOWN_FUNCTION,
                "",
                "pool '" + context.config().name() + "' has no function named '" + name + "'; "
                        + (known.isEmpty() ? "it has none" : "there are: " + String.join(", ", known)),
                known);
    }

    /** Says why a callback does not get a place; null when it has got one. */
    private @Nullable CallbackErrorBody refusal(ActiveCall call, String function) {
        if (isLate(call)) {
            return late(call, function, "");
        }
        if (call.isDone()) {
            return over(call);
        }
        int perWorker = functions.policy().maxPerWorker();
        if (inFlight.incrementAndGet() > perWorker) {
            inFlight.decrementAndGet();
            return error(
                    CallbackErrorKind.TOO_MANY,
                    "functions.max-per-worker is " + perWorker + ", and as many callbacks of " + context.worker(slot)
                            + " are in flight");
        }
        if (!functions.tryEnter()) {
            inFlight.decrementAndGet();
            return error(
                    CallbackErrorKind.TOO_MANY,
                    "functions.max-in-flight is " + functions.policy().maxInFlight()
                            + ", and as many callbacks of pool '"
                            + context.config().name() + "' are in flight");
        }
        return null;
    }

    private boolean isLate(ActiveCall call) {
        return call.deadline() - context.clock().nanoTime() <= 0;
    }

    private static CallbackErrorBody late(ActiveCall call, String function, String why) {
        return error(
                CallbackErrorKind.TIMED_OUT,
                "function '" + function + "' had no result when the deadline of " + call + " passed" + why);
    }

    private static CallbackErrorBody over(ActiveCall call) {
        return error(CallbackErrorKind.REFUSED, call + " has ended for its caller");
    }

    private void refuse(ActiveCall call, long number, String function, CallbackErrorBody refusal) {
        CallbackNews.refused(context, slot, incarnation, call, number, function, refusal);
        answer(call.id(), number, refusal);
    }

    private void answer(long callId, long number, CallbackErrorBody error) {
        send(FrameType.CALLBACK_ERROR, callId, number, Bodies.write(error));
    }

    private void send(FrameType type, long callId, long number, byte[] content) {
        toWorker.accept(Frame.of(type, callId, incarnation, CallbackBlock.encode(number, content)));
    }

    @Override
    public void late(Callback callback) {
        abandon(callback, true);
    }

    @Override
    public void begun(Callback callback) {
        note(callback, null);
    }

    @Override
    public void ended(Callback callback, @Nullable Object value, @Nullable Throwable failure) {
        if (!open.remove(callback.number(), callback)) {
            return;
        }
        byte[] result = new byte[0];
        CallbackErrorBody error = null;
        if (failure != null) {
            error = failed(callback, failure);
        } else {
            try {
                result = context.codec().encode(value);
                error = tooLarge(callback, result.length);
            } catch (CodecException | RuntimeException | Error e) {
                // Whatever the result's classes do when they are looked at: the handler is owed an answer.
                error = unencodable(callback, e);
            }
        }
        note(callback, error == null ? CallbackOutcome.RETURNED : CallbackOutcome.FAILED, error);
        if (error == null) {
            send(FrameType.CALLBACK_REPLY, callback.callId(), callback.number(), result);
        } else {
            answer(callback.callId(), callback.number(), error);
        }
    }

    private CallbackErrorBody failed(Callback callback, Throwable failure) {
        keep(callback, failure);
        String message;
        try {
            message = failure.getMessage();
        } catch (RuntimeException broken) {
            message = "the message cannot be had: " + broken.getClass().getName();
        }
        return new CallbackErrorBody(
                CallbackErrorKind.FUNCTION, failure.getClass().getName(), message == null ? "" : message, List.of());
    }

    private @Nullable CallbackErrorBody tooLarge(Callback callback, int size) {
        return size <= functions.maxBytes()
                ? null
                : error(
                        CallbackErrorKind.RESULT_TOO_LARGE,
                        "functions.max-bytes is " + functions.maxBytes() + ", the result of function '"
                                + callback.function() + "' has " + size);
    }

    private CallbackErrorBody unencodable(Callback callback, Throwable e) {
        keep(callback, e);
        return error(
                CallbackErrorKind.UNENCODABLE_RESULT,
                "the result of function '" + callback.function() + "' has no encoding: "
                        + (e.getMessage() == null ? e.toString() : e.getMessage()));
    }

    private void keep(Callback callback, Throwable failure) {
        if (failures.size() < MOST_FAILURES) {
            failures.put(callback.number(), new Failure(callback.callId(), failure));
        }
    }

    @Override
    public void gone() {
        inFlight.decrementAndGet();
        functions.leave();
    }

    private void note(Callback callback, @Nullable CallbackOutcome outcome) {
        note(callback, outcome, null);
    }

    private void note(Callback callback, @Nullable CallbackOutcome outcome, @Nullable CallbackErrorBody error) {
        CallbackNews.of(context, callback, outcome, error);
    }

    /**
     * Returns what an error of the worker's means: one that a callback's failure has become has that for a cause, and where that
     * was the deadline, it is the call's.
     *
     * @param otherwise what it means else
     */
    public PoolException told(ActiveCall call, ErrorBody error, PoolException otherwise) {
        Long number = error.callback();
        if (number == null || error.kind() != ErrorKind.HANDLER) {
            return otherwise;
        }
        if (error.type().equals(TIMED_OUT) || isLate(call)) {
            return new CallTimedOut(
                    Execution.RAN,
                    call.timeout(),
                    context.snapshot(),
                    call.attempts(),
                    call + " did not end within " + call.timeout() + ": " + error.message(),
                    "");
        }
        Failure known = failures.get(number);
        return known == null || known.callId() != call.id()
                ? otherwise
                : new PythonException(error, call.attempts(), known.thrown());
    }

    /** Returns whether a handler waits for a function. */
    public boolean isWaitedFor() {
        return used && !open.isEmpty();
    }

    /** Returns what the handler of a call that is late waits, or waited, for, as the rest of a sentence; empty for nothing. */
    public String waitedFor() {
        return !used ? "" : waitedFor.isEmpty() ? describe() : waitedFor;
    }

    private String describe() {
        Callback oldest = open.values().stream()
                .min((one, other) -> Long.compare(one.number(), other.number()))
                .orElse(null);
        if (oldest == null) {
            return "";
        }
        int others = open.size() - 1;
        return "; its handler was waiting for function '" + oldest.function() + "', since "
                + Duration.ofNanos(Math.max(0, context.clock().nanoTime() - oldest.asked()))
                + (oldest.isBegun() ? "" : ", and " + functions.whatIsWaitedFor())
                + (others > 0 ? " (and for " + others + " more)" : "");
    }

    /** The deadlines of calls that run have passed: their functions are told. */
    public void deadlinePassed() {
        if (isWaitedFor()) {
            waitedFor = describe();
            abandon(callback -> isLate(callback.call()), true);
        }
    }

    /** A call has ended for its caller, and the worker was told so: its functions are told. */
    public void cancelled(long callId) {
        if (used) {
            abandon(callback -> callback.callId() == callId, true);
        }
    }

    /** The worker has answered a call, or will not any more: what is open of it is for nobody. */
    public void over(long callId) {
        if (used) {
            waitedFor = "";
            failures.values().removeIf(failure -> failure.callId() == callId);
            abandon(callback -> callback.callId() == callId, false);
        }
    }

    /** The process has ended. */
    public void release() {
        closed = true;
        if (used) {
            abandon(callback -> true, false);
        }
    }

    private void abandon(Predicate<Callback> which, boolean tellWorker) {
        for (Callback callback : open.values()) {
            if (which.test(callback)) {
                abandon(callback, tellWorker);
            }
        }
    }

    private void abandon(Callback callback, boolean tellWorker) {
        if (open.remove(callback.number(), callback) && callback.abandon()) {
            note(callback, CallbackOutcome.ABANDONED);
            if (tellWorker) {
                ActiveCall call = callback.call();
                String why = callback.isBegun() ? "" : ": " + functions.whatIsWaitedFor();
                answer(call.id(), callback.number(), isLate(call) ? late(call, callback.function(), why) : over(call));
            }
        }
    }
}
