package dev.vivarium.testkit.internal;

import static dev.vivarium.testkit.internal.Refusals.error;

import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.ItemBlock;
import dev.vivarium.protocol.SessionHead;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Invocation;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.ScriptedHandler;
import dev.vivarium.testkit.WorkerScript;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One worker process that is none: it runs a script. How its words get out is its {@link Outlet}'s business, so that the
 * layers FAKE and SCRIPTED behave alike. Thread-safe; what it says is said outside of its lock, in order.
 */
public final class ScriptedProcess {

    /** Raw wait status of an exit: the status in the second byte; of a signal: its number. */
    private static final int EXIT_SHIFT = 8;

    private static final int STATUS = 0xff;

    /** Runs something after a time. */
    public interface Later {
        /** Runs {@code task} once, {@code delay} from now. */
        void schedule(Duration delay, Runnable task);
    }

    /** What the processes of one pool share. */
    public record Shared(WorkerScript script, Gates gates, ExecutionLog log, FaultPlan faults, Later later) {}

    private record Running(long callId, boolean heedsCancel) {}

    private final Shared shared;
    private final String worker;
    private final int slot;
    private final int incarnation;
    private final Outlet outlet;
    private final Speech speech = new Speech();
    private final List<Runnable> stoppedWork = new ArrayList<>();
    private final ScriptedSessions sessions = new ScriptedSessions();
    final ScriptedCallbacks callbacks;
    private ScriptedSessions.@Nullable Call session;
    private @Nullable ScriptedStream stream;
    private @Nullable Running running;
    private long cancelled;
    private boolean ended;
    private boolean stopped;
    private boolean hung;
    private boolean drained;

    ScriptedProcess(Shared shared, String worker, int slot, int incarnation, Outlet outlet) {
        this.shared = shared;
        this.worker = worker;
        this.slot = slot;
        this.incarnation = incarnation;
        this.outlet = outlet;
        this.callbacks = new ScriptedCallbacks(this, outlet);
    }

    /** The process starts. */
    public void start() {
        shared.faults().born(slot, this);
        act(() -> strike(Moment.MID_HANDSHAKE, 0, () -> say(outlet::hello)));
    }

    /** It is told what to load. */
    public void welcome() {
        act(() -> strike(Moment.MID_LOAD, 0, this::load));
    }

    private void load() {
        String failure = shared.script().loadFailure();
        if (failure != null) {
            say(() -> outlet.loadFailed(error(ErrorKind.LOAD, Execution.NOT_STARTED, "ImportError", failure)));
            end(1 << EXIT_SHIFT);
            return;
        }
        List<HandlerInfo> handlers = shared.script().handlers().keySet().stream()
                .sorted()
                .map(name -> new HandlerInfo(
                        name,
                        "(...)",
                        "",
                        Objects.requireNonNull(shared.script().handlers().get(name))
                                .effects()))
                .toList();
        say(() -> outlet.ready(handlers));
    }

    /** It is sent a call by what has no wire: the faults of the sending land here. */
    void send(SentCall sent) {
        synchronized (this) {
            strike(
                    Moment.BEFORE_SEND,
                    sent.callId(),
                    () -> strike(Moment.AFTER_SEND, sent.callId(), () -> step(() -> enter(sent))));
        }
        speech.talk();
    }

    /** It is sent a call. */
    void call(SentCall sent) {
        act(() -> enter(sent));
    }

    /** It may send more items. */
    void credit(long callId, Credit total) {
        ofStream(callId, open -> open.granted(total));
    }

    /** It gets items that it has asked for, or hears, by null, that there are none. */
    void fed(long callId, @Nullable ItemBlock block) {
        ofStream(callId, open -> open.fed(block));
    }

    private void ofStream(long callId, Consumer<ScriptedStream> news) {
        act(() -> {
            ScriptedStream open = stream;
            if (open != null && isRunning(callId)) {
                news.accept(open);
            }
        });
    }

    /** It is told to let a session go. */
    public void closeSession(String name) {
        act(() -> sessions.close(name));
    }

    private void enter(SentCall sent) {
        SessionHead head = sent.session();
        session = head == null ? null : sessions.enter(head, sent.state());
        stream = sent.stream() == null ? null : new ScriptedStream(sent.stream(), sent.callId(), this, outlet);
        if (head != null && session == null) {
            say(() -> outlet.stateWanted(sent.callId()));
        } else {
            run(sent.callId(), sent.body());
        }
    }

    private void forgetSession() {
        if (session != null) {
            session.drop();
            session = null;
        }
    }

    /** It is asked to stop running a call; on a wire of its own, so that the call itself may come later. */
    public void cancel(long callId) {
        act(() -> {
            cancelled = callId;
            heedCancel();
        });
    }

    private void heedCancel() {
        Running current = running;
        if (current != null && current.callId() == cancelled && current.heedsCancel()) {
            long callId = current.callId();
            finish(callId);
            say(() -> outlet.error(
                    callId, error(ErrorKind.CANCELLED, Execution.RAN, "CallCancelled", "the call was cancelled")));
        }
    }

    /** It is asked whether it is well. */
    public void ping() {
        act(() -> {
            if (!hung) {
                strike(Moment.CHECKED, running == null ? 0 : running.callId(), () -> say(outlet::pong));
            }
        });
    }

    /** It is asked to end once it is idle. */
    public void drain() {
        act(() -> {
            drained = true;
            if (running == null && !hung) {
                end(0);
            }
        });
    }

    /** It gets a signal, which does what it would do to a Python worker. */
    public void signal(int number) {
        synchronized (this) {
            deliver(number);
        }
        speech.talk();
    }

    private void deliver(int number) {
        switch (Signals.effect(number)) {
            case STOPS -> stopped = true;
            case CONTINUES -> goOn();
            case ENDS -> {
                if (stopped && number != Signals.KILL) {
                    stoppedWork.add(0, () -> end(number)); // Pending.
                } else {
                    end(number);
                }
            }
            case TELLS_STACKS -> step(() -> say(() -> outlet.stacks(PythonText.stacks(running != null))));
            case NOTHING -> {}
        }
    }

    private void goOn() {
        stopped = false;
        List<Runnable> left = List.copyOf(stoppedWork);
        stoppedWork.clear();
        left.forEach(this::step);
    }

    /** The JVM went away, or hung up. */
    public void hangUp() {
        act(() -> end(1 << EXIT_SHIFT));
    }

    /** It is measured, which it does not notice. */
    void measure(long bytes) {
        synchronized (this) {
            if (ended) {
                return;
            }
            say(() -> outlet.measured(bytes));
        }
        speech.talk();
    }

    private void run(long callId, Encoded body) {
        Invocation call;
        try {
            call = Invocations.read(callId, slot, incarnation, body, session == null ? null : session.view());
        } catch (IOException e) {
            say(() -> outlet.error(
                    callId,
                    error(ErrorKind.UNDECODABLE_ARGUMENTS, Execution.NOT_STARTED, "ValueError", String.valueOf(e))));
            return;
        }
        ScriptedHandler handler = shared.script().handlers().get(call.handler());
        ErrorBody refusal = Refusals.of(shared.script(), call, stream != null);
        if (handler == null || refusal != null) {
            forgetSession();
            say(() -> outlet.error(callId, Objects.requireNonNull(refusal)));
            return;
        }
        if (handler instanceof StandardHandler standard && refuses(standard, call)) {
            return;
        }
        running = new Running(callId, true);
        shared.log().add(callId, ExecutionLog.What.STARTED, worker);
        say(() -> outlet.progress(callId, Execution.UNKNOWN));
        strike(Moment.STARTED, callId, () -> handle(handler, call));
    }

    /** Arguments that do not fit: the wrapper that keeps Python's record raises, and nothing is recorded. */
    private boolean refuses(StandardHandler handler, Invocation call) {
        long callId = call.callId();
        String misfit = handler.misfit(call);
        if (misfit == null) {
            return false;
        }
        forgetSession();
        say(() -> outlet.progress(callId, Execution.UNKNOWN));
        say(() -> outlet.progress(callId, Execution.RAN));
        ErrorBody raised = error(ErrorKind.HANDLER, Execution.RAN, "TypeError", misfit);
        strike(Moment.EXECUTED, callId, () -> say(() -> outlet.error(callId, raised)));
        return true;
    }

    @SuppressWarnings("CatchingUnchecked") // A test's own handler may throw anything, an AssertionError for one.
    private void handle(ScriptedHandler handler, Invocation call) {
        long callId = call.callId();
        if (!isRunning(callId)) {
            return; // Cancelled while it was stopped.
        }
        Reaction reaction;
        try {
            reaction = Objects.requireNonNull(handler.on(call), "a scripted handler returned null");
        } catch (Throwable e) {
            reaction = new Reaction.Raise(e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
        }
        perform(callId, reaction);
        heedCancel();
    }

    void perform(long callId, Reaction reaction) {
        if (callbacks.takes(callId, reaction) || (stream != null && stream.takes(reaction))) {
            return;
        }
        if (reaction instanceof Reaction.Reply reply) {
            encoded(callId, reply.result(), result -> reply(callId, result));
        } else if (reaction instanceof Reaction.Raise raise) {
            answer(
                    callId,
                    () -> outlet.error(callId, error(ErrorKind.HANDLER, Execution.RAN, raise.type(), raise.message())));
        } else if (reaction instanceof Reaction.RetryAfter retry) {
            retryAfter(callId, retry);
        } else if (reaction instanceof Reaction.Exit exit) {
            end((exit.status() & STATUS) << EXIT_SHIFT);
        } else if (reaction instanceof Reaction.OutOfMemory) {
            end(Signals.KILL, 1);
        } else if (reaction instanceof Reaction.Die die) {
            die(callId, die.signal());
        } else if (reaction instanceof Reaction.Hang hang) {
            running = new Running(callId, hang.heedsCancel());
        } else if (reaction instanceof Reaction.Later later) {
            shared.later().schedule(later.delay(), () -> act(() -> resume(callId, later.then())));
        } else if (reaction instanceof Reaction.AtGate atGate) {
            shared.gates().whenOpen(atGate.gate(), () -> act(() -> resume(callId, atGate.then())));
        } else if (reaction instanceof Reaction.Progress progress) {
            say(outlet::step);
            perform(callId, progress.then());
        } else if (reaction instanceof Reaction.Twice twice) {
            answer(callId, twice.result(), result -> {
                outlet.reply(callId, result);
                outlet.reply(callId, result);
            });
        } else if (reaction instanceof Reaction.Foreign foreign) {
            answer(callId, foreign.result(), result -> outlet.reply(foreign.callId(), result));
        } else if (reaction instanceof Reaction.Raw raw) {
            say(() -> outlet.raw(raw.bytes()));
        } else if (reaction instanceof Reaction.OfStream) {
            encoded(callId, new Object(), bytes -> {}); // As Python says of a generator that nobody asked for.
        } else if (reaction instanceof Reaction.Partial partial) {
            encoded(callId, partial.result(), result -> {
                running = new Running(callId, false);
                say(() -> outlet.raw(Wire.start(callId, incarnation, result.json(), partial.bytes())));
            });
        }
    }

    private void retryAfter(long callId, Reaction.RetryAfter retry) {
        if (shared.log().starts(callId) > retry.times()) {
            perform(callId, retry.then());
        } else {
            answer(callId, () -> outlet.error(callId, StandardHandler.retryAfter(retry.delay())));
        }
    }

    /** It signals itself and waits for its end, which not every signal brings about. */
    private void die(long callId, int number) {
        if (number != 0 && !Signals.exists(number)) {
            perform(callId, new Reaction.Raise("OSError", "[Errno 22] Invalid argument"));
        } else if (Signals.isFatal(number)) {
            end(number);
        } else {
            running = new Running(callId, true);
            stopped = number == Signals.STOP;
        }
    }

    void reply(long callId, Encoded result) {
        ScriptedSessions.Change change = session == null ? null : session.answer();
        session = null;
        answer(callId, () -> {
            if (change == null) {
                outlet.reply(callId, result);
            } else {
                outlet.sessionReply(callId, result, change.entries(), change.resident());
            }
        });
    }

    private void answer(long callId, @Nullable Object result, Consumer<Encoded> answer) {
        encoded(callId, result, bytes -> answer(callId, () -> answer.accept(bytes)));
    }

    /** Encodes before anything is said: what is no JSON is the handler's error, as it is in Python. */
    private void encoded(long callId, @Nullable Object result, Consumer<Encoded> then) {
        encodedBy(PythonJson::encode, callId, result, then);
    }

    <T> void encodedBy(PythonJson.Encoding<T> encoding, long callId, @Nullable Object result, Consumer<T> then) {
        T bytes;
        try {
            bytes = encoding.of(result);
        } catch (IOException | RuntimeException | StackOverflowError e) {
            String type = result == null ? "null" : result.getClass().getName();
            ErrorBody body = error(ErrorKind.UNENCODABLE_RESULT, Execution.RAN, type, String.valueOf(e.getMessage()));
            answer(callId, () -> outlet.error(callId, body));
            return;
        }
        then.accept(bytes);
    }

    private void resume(long callId, Reaction then) {
        if (isRunning(callId)) {
            perform(callId, then);
        }
    }

    boolean isRunning(long callId) {
        return running != null && running.callId() == callId;
    }

    boolean isStruckBetweenItems() {
        return shared.faults().isDue(Moment.STREAMED, slot, Fault.OnProcess.class);
    }

    void answer(long callId, Runnable answer) {
        finish(callId);
        strike(Moment.EXECUTED, callId, () -> {
            say(answer);
            if (drained) {
                end(0);
            }
        });
    }

    private void finish(long callId) {
        running = null;
        stream = null;
        forgetSession();
        shared.log().add(callId, ExecutionLog.What.FINISHED, worker);
        say(() -> outlet.progress(callId, Execution.RAN));
    }

    /** Goes on with the rest of a step, unless a fault is due at this moment that ends or stops the process. */
    void strike(Moment moment, long callId, Runnable rest) {
        FaultLease lease = shared.faults().takeLease(moment, slot, Fault.OnProcess.class);
        Fault fault = lease == null ? null : lease.fault();
        if (lease == null) {
            rest.run();
        } else if (fault instanceof Fault.Signalled signalled) {
            deliver(signalled.signal());
            if (Signals.effect(signalled.signal()) == Signals.Effect.STOPS) {
                lease.onHeal(() -> signal(Signals.CONT));
            }
            step(rest);
        } else if (fault instanceof Fault.Exited exited) {
            end((exited.status() & STATUS) << EXIT_SHIFT);
        } else {
            Running before = running;
            hung = true;
            running = callId == 0 ? null : new Running(callId, false);
            lease.onHeal(() -> act(() -> {
                hung = false;
                running = before;
                rest.run();
            }));
        }
    }

    /** Runs a step of the process, now or when it goes on after a stop. */
    void act(Runnable step) {
        synchronized (this) {
            step(step);
        }
        speech.talk();
    }

    private void step(Runnable step) {
        if (ended) {
            return;
        }
        if (stopped) {
            stoppedWork.add(step);
        } else {
            step.run();
        }
    }

    private void end(int rawStatus) {
        end(rawStatus, -1);
    }

    private synchronized void end(int rawStatus, long oomKills) {
        if (!ended) {
            ended = true;
            running = null;
            shared.faults().died(slot, this);
            say(() -> outlet.ended(rawStatus, oomKills));
        }
    }

    void say(Runnable words) {
        speech.say(words);
    }
}
