package dev.vivarium.chaos.internal.twin;

import dev.vivarium.internal.core.SlotEvent.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** The timers of a slot, of which each kind runs at most once at a time. For one thread. */
final class TwinTimers {

    /** Is told when a timer has run out. */
    interface Fired {
        void fired(int incarnation, Timer timer);
    }

    private final VirtualTime time;
    private final Fired listener;
    private final Map<Timer, VirtualTime.Task> running = new EnumMap<>(Timer.class);

    TwinTimers(VirtualTime time, Fired listener) {
        this.time = time;
        this.listener = listener;
    }

    /** Starts a timer, in place of a running one of its kind. */
    void start(int incarnation, Timer timer, Duration length) {
        stop(timer);
        running.put(timer, time.after(length, () -> {
            running.remove(timer);
            listener.fired(incarnation, timer);
        }));
    }

    void stop(Timer timer) {
        VirtualTime.Task task = running.remove(timer);
        if (task != null) {
            task.cancel();
        }
    }

    boolean runs(Timer timer) {
        return running.containsKey(timer);
    }

    void stopAll() {
        running.values().forEach(VirtualTime.Task::cancel);
        running.clear();
    }
}
