package dev.vivarium.chaos.internal.twin;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.recovery.Recovery;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.testkit.Moment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A simulated worker process: it loads, runs one call at a time, answers checks, and ends. What it does while it is stopped, it does
 * when it is continued. For one thread.
 */
final class TwinProcess {

    /** What an answer of the data channel holds. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Reply(
            long callId,
            byte @Nullable [] result,
            @Nullable Map<String, byte[]> changes,
            @Nullable PoolException error,
            boolean stateWanted,
            boolean broken) {
        static Reply garbage() {
            return new Reply(0, null, null, null, false, true);
        }

        Reply under(long otherId) {
            return new Reply(otherId, result, changes, error, stateWanted, broken);
        }

        Reply with(byte[] otherResult) {
            return new Reply(callId, otherResult, changes, error, stateWanted, broken);
        }
    }

    private record Copy(long version, long value) {}

    static final String FORGED = "forged";
    static final int STATUS_PROTOCOL = 76 << 8;

    private static final long BASE_MEMORY = 20L << 20;
    private static final long BOOT = 30_000_000;
    private static final long LOAD = 60_000_000;
    private static final long HEED = 1_000_000;

    private final World world;
    private final TwinFaults faults;
    private final TwinSlot slot;
    private final TwinLink link;
    private final Chance chance;
    private final Map<String, Copy> copies = new HashMap<>();
    private final List<Runnable> frozen = new ArrayList<>();
    private boolean living;
    private boolean stopped;
    private boolean hung;
    private boolean ending;
    private int pending;
    private @Nullable ActiveCall running;
    private VirtualTime.@Nullable Task work;
    private long memory = BASE_MEMORY;
    private long remaining;

    TwinProcess(World world, TwinFaults faults, TwinSlot slot, TwinLink link, Chance chance) {
        this.world = world;
        this.faults = faults;
        this.slot = slot;
        this.link = link;
        this.chance = chance;
    }

    boolean isLiving() {
        return living;
    }

    long memory() {
        return memory;
    }

    /** Begins to live, and says hello when it has started. */
    void begin() {
        living = true;
        act(chance.about(BOOT), link::hello);
    }

    private void act(long nanos, Runnable what) {
        world.time.after(nanos, () -> perform(what));
    }

    private void perform(Runnable what) {
        if (!living) {
            return;
        }
        if (stopped) {
            frozen.add(what);
        } else {
            what.run();
        }
    }

    /** The pool has welcomed it. */
    void welcomed() {
        perform(() -> act(chance.about(LOAD), link::loaded));
    }

    /** A call has come. */
    void call(ActiveCall call) {
        perform(() -> read(call));
    }

    /** A frame has come that it cannot read. */
    void garbage() {
        perform(() -> die(STATUS_PROTOCOL));
    }

    private void read(ActiveCall call) {
        if (running != null) {
            die(STATUS_PROTOCOL);
            return;
        }
        if (call.deadline() - world.time.nanoTime() <= 0) {
            link.reply(error(
                    call,
                    new CallTimedOut(
                            Recovery.ofAttempts(call.attempts()),
                            call.timeout(),
                            world.context.snapshot(),
                            call.attempts(),
                            call + " came too late to be started",
                            "")));
            return;
        }
        SessionAttempt attempt = attempt(call);
        if (attempt != null && !hasState(attempt)) {
            link.reply(new Reply(call.id(), null, null, null, true, false));
            return;
        }
        running = call;
        link.started(call.id());
        long work = chance.about(world.scenario.load().work().toNanos());
        for (TwinFaults.Armed hit : faults.at(slot, Moment.STARTED)) {
            work += befall(hit);
        }
        if (living && !hung) {
            finishIn(work);
        } else if (hung) {
            remaining = work;
        }
    }

    private long befall(TwinFaults.Armed hit) {
        ChaosFault fault = hit.fault();
        if (fault instanceof ChaosFault.Signalled signalled) {
            signal(signalled.signal().number());
            hit.whenHealed(() -> signal(Signal.CONT.number()));
        } else if (fault instanceof ChaosFault.Exited exited) {
            die(exited.status() << 8);
        } else if (fault instanceof ChaosFault.Hung) {
            hung = true;
            hit.whenHealed(this::unhang);
        } else if (fault instanceof ChaosFault.Grown grown) {
            long before = memory;
            memory = Math.min(Math.max(memory, BASE_MEMORY + grown.most()), memory + grown.bytes());
            if (before == BASE_MEMORY) {
                hit.whenHealed(() -> memory = BASE_MEMORY);
            }
        } else if (fault instanceof ChaosFault.Burned burned) {
            return burned.time().toNanos();
        }
        return 0;
    }

    private void unhang() {
        if (hung) {
            hung = false;
            if (pending != 0) {
                die(pending);
            } else if (running != null) {
                finishIn(remaining);
            }
        }
    }

    private void finishIn(long nanos) {
        ActiveCall call = running;
        work = world.time.after(
                nanos,
                () -> perform(() -> {
                    if (call != null && running == call) {
                        finish(call);
                    }
                }));
    }

    private static @Nullable SessionAttempt attempt(ActiveCall call) {
        SessionTicket ticket = call.session();
        return ticket == null ? null : ticket.attempt();
    }

    private boolean hasState(SessionAttempt attempt) {
        String session = attempt.head().session();
        long version = attempt.base().version();
        Map<String, byte[]> state = attempt.base().state();
        if (state != null) {
            byte[] stored = state.get(TwinCalls.COUNTER);
            copies.put(session, new Copy(version, stored == null ? 0 : TwinCalls.number(stored)));
        } else if (version == 0) {
            copies.put(session, new Copy(0, 0));
        }
        Copy copy = copies.get(session);
        return copy != null && copy.version() == version;
    }

    private void finish(ActiveCall call) {
        running = null;
        link.finished(call.id());
        Reply reply = answer(call);
        for (TwinFaults.Armed hit : faults.at(slot, Moment.EXECUTED)) {
            if (hit.fault() instanceof ChaosFault.Signalled signalled) {
                signal(signalled.signal().number());
                hit.whenHealed(() -> signal(Signal.CONT.number()));
            } else {
                link.arm(hit);
            }
        }
        if (living) {
            perform(() -> {
                link.reply(reply);
                endIfAsked();
            });
        }
    }

    private Reply answer(ActiveCall call) {
        SessionAttempt attempt = attempt(call);
        if (attempt == null) {
            return new Reply(call.id(), TwinCalls.bytes(call.id()), null, null, false, false);
        }
        String session = attempt.head().session();
        Copy copy = copies.getOrDefault(session, new Copy(0, 0));
        if (!call.handler().equals(TwinCalls.COUNT)) {
            return new Reply(call.id(), TwinCalls.bytes(copy.value()), null, null, false, false);
        }
        byte[] next = TwinCalls.bytes(copy.value() + 1);
        copies.put(session, new Copy(copy.version() + 1, copy.value() + 1));
        return new Reply(call.id(), next, Map.of(TwinCalls.COUNTER, next), null, false, false);
    }

    private Reply error(ActiveCall call, PoolException error) {
        return new Reply(call.id(), null, null, error, false, false);
    }

    /** It is asked to stop a call: a handler that is not stuck raises. */
    void cancel(long callId) {
        perform(() -> act(HEED, () -> {
            ActiveCall call = running;
            VirtualTime.Task task = work;
            if (call == null || call.id() != callId || hung) {
                return;
            }
            if (task != null) {
                task.cancel();
            }
            running = null;
            link.finished(callId);
            SessionAttempt attempt = attempt(call);
            if (attempt != null) {
                copies.remove(attempt.head().session());
            }
            link.reply(error(
                    call,
                    new PythonException(new ErrorBody(
                            ErrorKind.CANCELLED,
                            Execution.RAN,
                            "CallCancelled",
                            "asked to",
                            List.of(),
                            List.of(),
                            List.of(),
                            null))));
            endIfAsked();
        }));
    }

    /** A check has come. */
    void ping() {
        perform(() -> {
            if (!hung) {
                act(HEED, link::pong);
            }
        });
    }

    /** It is asked to end when it is idle. */
    void drain() {
        perform(() -> {
            ending = true;
            endIfAsked();
        });
    }

    private void endIfAsked() {
        if (ending && running == null) {
            act(chance.about(5 * HEED), () -> die(0));
        }
    }

    /** Its threads are to be read, which needs no lock of the interpreter's. */
    void readStacks() {
        perform(() -> act(HEED, link::stacksRead));
    }

    /** It gets a signal. */
    void signal(int number) {
        if (!living) {
            return;
        }
        if (number == Signal.STOP.number()) {
            stopped = true;
        } else if (number == Signal.CONT.number()) {
            resume();
        } else if (number == Signal.KILL.number() || (!stopped && !(hung && isHeeded(number)))) {
            die(number);
        } else {
            pending = pending == 0 ? number : pending;
        }
    }

    /** Python's own handlers run when the interpreter's lock is free. */
    private static boolean isHeeded(int number) {
        return number == Signal.TERM.number() || number == Signal.INT.number();
    }

    private void resume() {
        if (!stopped) {
            return;
        }
        stopped = false;
        if (pending != 0 && !(hung && isHeeded(pending))) {
            die(pending);
            return;
        }
        List<Runnable> due = List.copyOf(frozen);
        frozen.clear();
        due.forEach(this::perform);
    }

    /** Ends with a raw wait status. */
    void die(int status) {
        if (living) {
            living = false;
            running = null;
            link.died(status);
        }
    }

    /** Returns what a worker would answer if it lied. */
    static byte[] forged() {
        return FORGED.getBytes(StandardCharsets.UTF_8);
    }
}
