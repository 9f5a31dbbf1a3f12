package dev.vivarium.chaos.internal.twin;

import dev.vivarium.PoolException;
import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.link.SessionFrames;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Moment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The JVM's end of a simulated worker, and the channels between them, on which faults do to frames what the kit's proxy does. Tells its
 * slot what the real link tells. For one thread.
 */
final class TwinLink {

    private final World world;
    private final TwinFaults faults;
    private final TwinSlot slot;
    private final TwinGuardian guardian;
    private final int incarnation;
    private final Chance chance;
    private final TwinProcess process;
    private final Way toWorker;
    private final Way toJvm;
    private final Way orders;
    private final Way signs;
    private final Way fromReader;
    private final Way fromControl;
    private final Way fromGuardian;
    private final List<TwinFaults.Armed> onReply = new ArrayList<>();
    private @Nullable ActiveCall running;
    private long started;
    private long finished;
    private long cancelled;
    private long belated;
    private boolean greeted;
    private boolean readerDone;
    private boolean spawned;
    private boolean ended;
    private boolean released;
    private boolean exitKnown;
    private int status = -1;

    TwinLink(World world, TwinFaults faults, TwinSlot slot, TwinGuardian guardian, int incarnation) {
        this.world = world;
        this.faults = faults;
        this.slot = slot;
        this.guardian = guardian;
        this.incarnation = incarnation;
        this.chance = new Chance(world.streams, "worker/" + slot.number() + "." + incarnation);
        this.process = new TwinProcess(world, faults, slot, this, chance);
        this.toWorker = new Way(world.time);
        this.toJvm = new Way(world.time);
        this.orders = new Way(world.time);
        this.signs = new Way(world.time);
        this.fromReader = new Way(world.time);
        this.fromControl = new Way(world.time);
        this.fromGuardian = new Way(world.time);
    }

    TwinProcess process() {
        return process;
    }

    int incarnation() {
        return incarnation;
    }

    private void tell(Way way, SlotEvent event) {
        way.send(chance.hop(), () -> slot.on(event));
    }

    // What the guardian does.

    void spawn() {
        guardian.spawn(this);
    }

    /** The guardian has started the process. */
    void started() {
        if (released || ended) {
            return; // Its slot has given it up meanwhile.
        }
        spawned = true;
        fromGuardian.send(chance.hop(), () -> slot.spawned(incarnation));
        process.begin();
    }

    /** The guardian was asked to signal a process that it knows nothing of. */
    void unknown() {
        if (!spawned && !ended) {
            ended = true;
            tell(fromGuardian, new SlotEvent.SpawnRefused(incarnation));
        }
    }

    /** The guardian has died, and the process with it. */
    void guardianLost() {
        if (ended || !spawned) {
            return;
        }
        ended = true;
        process.die(Signal.KILL.number());
        tell(fromGuardian, new SlotEvent.GuardianLost(incarnation));
    }

    // What the process does.

    void hello() {
        toJvm.send(chance.pipe(), () -> {
            greeted = true;
            report(new SlotEvent.Hello(incarnation));
        });
    }

    void loaded() {
        long late = 0;
        for (TwinFaults.Armed hit : faults.at(slot, Moment.MID_LOAD)) {
            late += hit.fault() instanceof ChaosFault.SlowStarted slow
                    ? slow.by().toNanos()
                    : 0;
        }
        toJvm.send(late + chance.pipe(), () -> {
            if (!readerDone) {
                fromReader.send(chance.hop(), () -> slot.loaded(incarnation));
            }
        });
    }

    private void report(SlotEvent event) {
        if (!readerDone) {
            tell(fromReader, event);
        }
    }

    void started(long callId) {
        started = callId;
        world.notes
                .line("started")
                .with("call", callId)
                .with("slot", slot.number())
                .write();
        slot.calls().started(callId);
    }

    void finished(long callId) {
        finished = callId;
        slot.calls().finished(callId);
    }

    void pong() {
        signs.send(chance.pipe(), () -> tell(fromControl, new SlotEvent.Pong(incarnation)));
    }

    void stacksRead() {
        signs.send(chance.pipe(), () -> tell(fromControl, new SlotEvent.StacksRead(incarnation)));
    }

    /** The process has ended. */
    void died(int wait) {
        status = wait;
        toWorker.cut();
        orders.cut();
        signs.cut();
        toJvm.open();
        toJvm.send(chance.pipe(), this::endOfData);
        long late = chance.pipe() + chance.hop();
        world.time.after(late, () -> {
            exitKnown = true;
            reportExit();
        });
    }

    private void endOfData() {
        if (!readerDone) {
            readerDone = true;
            tell(fromReader, new SlotEvent.ChannelClosed(incarnation));
        }
        reportExit();
    }

    /** An end is told of when both halves of it are known: an answer that was still in the channel comes first. */
    private void reportExit() {
        if (exitKnown && readerDone && !ended) {
            ended = true;
            // By the reader's way: what it has passed on comes first.
            fromReader.send(chance.hop(), () -> slot.exited(incarnation, status));
        }
    }

    // Answers.

    /** Has a fault do something to the next answer. */
    void arm(TwinFaults.Armed hit) {
        onReply.add(hit);
    }

    void reply(TwinProcess.Reply first) {
        TwinProcess.Reply reply = first;
        long late = 0;
        boolean dropped = false;
        boolean twice = false;
        boolean aside = false;
        boolean endsHere = false;
        for (TwinFaults.Armed hit : List.copyOf(onReply)) {
            late += hit.late();
            if (hit.fault() instanceof ChaosFault.Partitioned cut) {
                partition(hit, cut.direction());
            } else if (hit.fault() instanceof ChaosFault.Swizzled cut) {
                partition(hit, cut.direction());
            } else if (hit.fault() instanceof ChaosFault.Frames frames) {
                switch (frames.effect()) {
                    case CORRUPT, OVERSIZE -> reply = TwinProcess.Reply.garbage();
                    case TRUNCATE -> endsHere = true;
                    case DUPLICATE -> twice = true;
                    case DROP -> dropped = true;
                    case MISADDRESS -> reply = reply.under(Long.MAX_VALUE);
                    case FORGE -> reply = reply.result() == null ? reply : reply.with(TwinProcess.forged());
                    case REORDER -> {
                        aside = true;
                        hit.whenHealed(() -> toJvm.flush(chance.pipe()));
                    }
                    case CROSS -> {
                        long before = reply.callId() - 1;
                        reply = reply.under(before > 0 ? before : reply.callId() + 1);
                    }
                    case BELATE -> belate(hit, first.callId());
                }
            }
        }
        onReply.clear();
        if (dropped) {
            return;
        }
        TwinProcess.Reply sent = endsHere ? TwinProcess.Reply.garbage() : reply;
        if (aside) {
            toJvm.putAside(() -> read(sent));
            return;
        }
        toJvm.send(late + chance.pipe(), () -> read(sent));
        if (twice) {
            toJvm.send(chance.pipe(), () -> read(sent));
        }
    }

    /** Holds an answer, and all behind it, until its call has been cancelled. */
    private void belate(TwinFaults.Armed hit, long callId) {
        if (cancelled == callId || hit.isHealed()) {
            return;
        }
        toJvm.hold();
        belated = callId;
        hit.whenHealed(() -> belatedUntil(callId));
    }

    private void belatedUntil(long callId) {
        if (belated == callId) {
            belated = 0;
            toJvm.release();
        }
    }

    private void partition(TwinFaults.Armed hit, Direction direction) {
        for (Way way : List.of(toWorker, toJvm)) {
            boolean here = direction == Direction.BOTH || (direction == Direction.TO_WORKER) == (way == toWorker);
            if (here) {
                way.hold();
                hit.whenHealed(way::release);
            }
        }
    }

    private void read(TwinProcess.Reply reply) {
        if (readerDone || released) {
            return;
        }
        ActiveCall call = running;
        if (reply.broken() || call == null || call.id() != reply.callId()) {
            violated();
            return;
        }
        if (reply.stateWanted()) {
            if (!SessionFrames.stateWanted(call)) {
                violated();
                return;
            }
            running = null;
        } else {
            running = null;
            PoolException error = reply.error();
            boolean inTime = error != null
                    ? SessionFrames.fail(call, error)
                    : SessionFrames.succeed(call, Objects.requireNonNull(reply.result()), reply.changes(), false);
            if (!inTime) {
                world.context.stats().countLateReply();
            }
        }
        long id = call.id();
        fromReader.send(chance.hop(), () -> slot.answered(incarnation, id));
    }

    private void violated() {
        readerDone = true;
        tell(fromReader, new SlotEvent.Violated(incarnation));
        tell(fromReader, new SlotEvent.ChannelClosed(incarnation));
        reportExit();
    }

    // What the slot does.

    /** Carries out an effect that concerns the process. */
    void carryOut(SlotEffect effect) {
        if (effect instanceof SlotEffect.Welcome) {
            welcome();
        } else if (effect instanceof SlotEffect.SendCancel cancel) {
            cancelled = cancel.callId();
            orders.send(chance.pipe(), () -> process.cancel(cancel.callId()));
            belatedUntil(cancel.callId());
        } else if (effect instanceof SlotEffect.ReadStacks) {
            readStacks();
        } else if (effect instanceof SlotEffect.Terminate) {
            guardian.signal(this, Signal.TERM.number());
        } else if (effect instanceof SlotEffect.SendPing) {
            // A check that is lost, and one under a number that nobody sent, come to the same: no answer to the last
            // one.
            if (faults.at(slot, Moment.CHECKED).isEmpty()) {
                orders.send(chance.pipe(), process::ping);
            }
        } else if (effect instanceof SlotEffect.SendDrain) {
            write(chance.pipe(), process::drain);
        } else if (effect instanceof SlotEffect.Kill) {
            guardian.signal(this, Signal.KILL.number());
        } else if (effect instanceof SlotEffect.Release) {
            release();
        } else {
            throw new IllegalStateException("no way to carry out " + effect);
        }
    }

    private void welcome() {
        write(chance.pipe(), process::welcomed);
    }

    void send(ActiveCall call) {
        running = call;
        long late = 0;
        int copies = 1;
        boolean broken = false;
        boolean aside = false;
        for (TwinFaults.Armed hit : faults.at(slot, Moment.BEFORE_SEND)) {
            ChaosFault fault = hit.fault();
            late += hit.late();
            if (fault instanceof ChaosFault.Signalled signalled) {
                signal(hit, signalled);
            } else if (fault instanceof ChaosFault.Partitioned cut) {
                partition(hit, cut.direction());
            } else if (fault instanceof ChaosFault.Swizzled cut) {
                partition(hit, cut.direction());
            } else if (fault instanceof ChaosFault.HealthLied) {
                copies = 0;
            } else if (fault instanceof ChaosFault.Frames frames) {
                copies =
                        frames.effect() == FrameEffect.DUPLICATE ? 2 : frames.effect() == FrameEffect.DROP ? 0 : copies;
                if (frames.effect() == FrameEffect.REORDER) {
                    aside = true;
                    hit.whenHealed(() -> toWorker.flush(chance.pipe()));
                } else {
                    broken |= copies == 1;
                }
            }
        }
        Runnable arrival = broken ? process::garbage : () -> process.call(call);
        if (aside) {
            toWorker.putAside(arrival);
        } else {
            for (int i = 0; i < copies; i++) {
                write(late + chance.pipe(), arrival);
            }
        }
        for (TwinFaults.Armed hit : faults.at(slot, Moment.AFTER_SEND)) {
            if (hit.fault() instanceof ChaosFault.Signalled signalled) {
                signal(hit, signalled);
            }
        }
    }

    private void signal(TwinFaults.Armed hit, ChaosFault.Signalled signalled) {
        process.signal(signalled.signal().number());
        if (signalled.signal() == Signal.STOP) {
            hit.whenHealed(() -> process.signal(Signal.CONT.number()));
        }
    }

    /** Writes to the process; to one that has ended, the channel is seen to be closed. */
    private void write(long nanos, Runnable arrival) {
        if (process.isLiving() && !readerDone) {
            toWorker.send(nanos, arrival);
        } else {
            tell(fromReader, new SlotEvent.ChannelClosed(incarnation));
        }
    }

    private void readStacks() {
        if (greeted) {
            orders.send(chance.pipe(), process::readStacks);
        } else {
            tell(fromControl, new SlotEvent.StacksRead(incarnation));
        }
    }

    private void release() {
        released = true;
        toJvm.cut();
        orders.cut();
        process.die(Signal.KILL.number());
    }

    /** Returns whether it was still waited for the call's answer, which it is no more. */
    boolean takeBack(ActiveCall call) {
        boolean open = running == call;
        running = open ? null : running;
        return open;
    }

    Execution executionOf(long callId) {
        if (finished == callId) {
            return Execution.RAN;
        }
        return started == callId ? Execution.UNKNOWN : Execution.NOT_STARTED;
    }

    boolean isTooLateToStart(ActiveCall call) {
        return call.deadline() - world.time.nanoTime() <= 0 && executionOf(call.id()) == Execution.NOT_STARTED;
    }
}
