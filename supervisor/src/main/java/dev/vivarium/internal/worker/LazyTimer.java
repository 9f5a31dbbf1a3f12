package dev.vivarium.internal.worker;

import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A timer that is started and stopped with every call, and hardly ever fires: starting and stopping it is a note. The
 * scheduler's own timer runs on and, when it fires, is set again for what is left, if anything is. The slot's actor owns it.
 */
final class LazyTimer {

    private final Scheduler scheduler;
    private final Clock clock;
    private final SlotNote.Look look;
    private WorkerSlot.@Nullable Command message;
    private long due;
    private boolean armed;
    private long armedFor;

    /** Has the slot told something after a time, in place of what it was to be told by the same timer before. */
    interface Scheduler {
        void tellAfter(SlotNote.Look look, Duration in);
    }

    /**
     * Creates a timer that is stopped.
     *
     * @param name tells it from the actor's other timers
     */
    LazyTimer(Scheduler scheduler, Clock clock, String name) {
        this.scheduler = scheduler;
        this.clock = clock;
        this.look = new SlotNote.Look(name);
    }

    /** Returns what the actor is told when the scheduler's timer has fired. */
    SlotNote.Look look() {
        return look;
    }

    /** Has the message sent after this time, in place of any that was to be sent before. */
    void start(WorkerSlot.Command what, Duration in) {
        startUntil(what, clock.nanoTime() + in.toNanos());
    }

    /** Has the message sent at a moment of the clock, at once if it has passed, in place of any that was to be sent before. */
    void startUntil(WorkerSlot.Command what, long at) {
        long now = clock.nanoTime();
        message = what;
        due = at;
        if (!armed || due - armedFor < 0) {
            arm(now);
        }
    }

    private void arm(long now) {
        armed = true;
        armedFor = due;
        scheduler.tellAfter(look, Duration.ofNanos(Math.max(0, due - now)));
    }

    /** Has nothing sent. */
    void stop() {
        message = null;
    }

    /** The scheduler's timer has fired: returns the message if it is due, or null. */
    WorkerSlot.@Nullable Command fired() {
        armed = false;
        WorkerSlot.Command sent = message;
        long now = clock.nanoTime();
        if (sent != null && due - now > 0) {
            arm(now);
            return null;
        }
        message = null;
        return sent;
    }
}
