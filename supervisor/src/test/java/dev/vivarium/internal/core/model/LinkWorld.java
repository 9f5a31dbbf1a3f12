package dev.vivarium.internal.core.model;

import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.protocol.Execution;
import java.util.List;

/** One process, and its link as the JVM sees it. Owned by one {@link SlotWorld}. */
final class LinkWorld implements Cloneable {

    /** What the process does. */
    enum Stage {
        ASKED,
        CONNECTING,
        GREETING,
        LOADING,
        SERVING,
        RUNNING,
        DEAD
    }

    static final int DRAIN = 0;

    final int incarnation;
    Stage stage = Stage.ASKED;
    /** Frames on the way to the process: a call's id, or {@link #DRAIN}. */
    List<Integer> toProcess = List.of();
    /** The status page. */
    int started;

    int finished;
    /** The call whose reply lies in the data channel, or 0. */
    int reply;
    /** The call that the link waits for an answer to, or 0. */
    int running;

    boolean hung;
    boolean killAsked;
    int pings;
    /** The reader of the data channel has ended. */
    boolean readerDone;
    /** It died so early that there may be no data channel whose end could be read. */
    boolean neverConnected;
    /** The end was reported to the slot. */
    boolean reported;

    TransitionCause exit = TransitionCause.EXITED;
    /** Why its slot says that it ended; set when it is about to be released. */
    TransitionCause endedBy = TransitionCause.EXITED;

    LinkWorld(int incarnation) {
        this.incarnation = incarnation;
    }

    boolean isAlive() {
        return stage != Stage.ASKED && stage != Stage.DEAD;
    }

    /** Whether the process can still act on what it reads. */
    boolean isActive() {
        return isAlive() && !hung;
    }

    void die(TransitionCause cause) {
        neverConnected = stage == Stage.CONNECTING;
        stage = Stage.DEAD;
        exit = cause;
        toProcess = List.of();
        pings = 0;
        killAsked = false;
        hung = false;
    }

    /** Writes a frame; to a process that has closed its end, the channel is seen to be closed. */
    void write(SlotWorld slot, int frame) {
        if (isAlive() && !readerDone) {
            toProcess = SlotWorld.plus(toProcess, frame);
        } else {
            slot.tell(ToSlot.Sender.CALLER, new SlotEvent.ChannelClosed(incarnation));
        }
    }

    Execution executionOf(int call) {
        if (finished == call) {
            return Execution.RAN;
        }
        return started == call ? Execution.UNKNOWN : Execution.NOT_STARTED;
    }

    LinkWorld copy() {
        try {
            return (LinkWorld) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    Fingerprint print(Interner names) {
        long flags = (hung ? 1 : 0)
                | (killAsked ? 2 : 0)
                | (readerDone ? 4 : 0)
                | (reported ? 8 : 0)
                | (neverConnected ? 16 : 0);
        return Fingerprint.of()
                .with(incarnation * 64L + stage.ordinal())
                .with(flags + 32L * (started + 16L * (finished + 16L * (reply + 16L * (running + 16L * pings)))))
                .with(names.of(toProcess))
                .with(exit.ordinal())
                .done();
    }
}
