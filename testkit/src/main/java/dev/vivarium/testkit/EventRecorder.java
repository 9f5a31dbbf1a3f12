package dev.vivarium.testkit;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Everything a pool tells of itself, and ways to wait for some of it. Thread-safe. */
public final class EventRecorder {

    /** How many events a failed wait shows. */
    public static final int SHOWN = 50;

    /** An event may be recorded between a look and a wait. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    private final List<PoolEvent> events = new ArrayList<>();
    private final Duration patience;
    private int seen;
    private int happenings;

    EventRecorder() {
        this(Patience.LIMIT);
    }

    EventRecorder(Duration patience) {
        this.patience = patience;
    }

    synchronized void add(PoolEvent event) {
        events.add(event);
        if (!(event instanceof PoolEvent.HealthChecked checked && checked.answered())) {
            happenings++;
        }
        notifyAll();
    }

    /** Returns every event so far, in order. */
    public synchronized List<PoolEvent> all() {
        return List.copyOf(events);
    }

    /** Returns what the next wait may find at once. */
    synchronized List<PoolEvent> unseen() {
        return List.copyOf(events.subList(seen, events.size()));
    }

    /** Returns how much has happened. That a worker answers its health checks is nothing that happens. */
    synchronized int count() {
        return happenings;
    }

    /** Passes over what has been recorded so far: later waits do not find it. */
    public synchronized void skip() {
        seen = events.size();
    }

    /**
     * Waits for an event that fits, from after the one that the last wait found. What lies between is passed over.
     *
     * @throws AssertionError when there is none within the kit's patience, showing the last {@value #SHOWN} events
     */
    public synchronized <E extends PoolEvent> E await(String what, Class<E> type, Predicate<E> fits)
            throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            for (; seen < events.size(); seen++) {
                PoolEvent event = events.get(seen);
                if (type.isInstance(event) && fits.test(type.cast(event))) {
                    seen++;
                    return type.cast(event);
                }
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("no " + what + " within " + patience.toMillis() + " ms; " + last());
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** Waits for any further event, until {@code end} of the JVM's monotonic clock. */
    void awaitChange(long end, Supplier<String> trouble) throws InterruptedException {
        awaitChange(end, LOOK_AGAIN, trouble);
    }

    /** Waits a little for any further event. */
    synchronized void awaitChange() throws InterruptedException {
        TimeUnit.NANOSECONDS.timedWait(this, LOOK_AGAIN.toNanos());
    }

    synchronized void awaitChange(long end, Duration look, Supplier<String> trouble) throws InterruptedException {
        long left = end - System.nanoTime();
        if (left <= 0) {
            throw new AssertionError(trouble.get() + " after " + Patience.LIMIT.toSeconds() + " s; " + last());
        }
        TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, look.toNanos()));
    }

    /** Waits for an event of a kind; see {@link #await(String, Class, Predicate)}. */
    public <E extends PoolEvent> E await(Class<E> type) throws InterruptedException {
        return await(type.getSimpleName(), type, event -> true);
    }

    /**
     * Waits until a worker enters a state; see {@link #await(String, Class, Predicate)}. All waits of this object go forward
     * together; {@link TestWorker#awaitState} is for where a worker stands.
     */
    public PoolEvent.WorkerTransitioned awaitState(int slot, WorkerState state) throws InterruptedException {
        return await(
                "transition of slot " + slot + " to " + state,
                PoolEvent.WorkerTransitioned.class,
                event -> event.worker().slot() == slot && event.to() == state);
    }

    /**
     * Waits until a slot is in a state, of an incarnation that is not over. Moves no other wait on.
     *
     * @param incarnation the first that counts
     */
    synchronized PoolEvent.WorkerTransitioned awaitPresent(int slot, WorkerState state, int incarnation)
            throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        PoolEvent.WorkerTransitioned present = lastOf(slot);
        int next = events.size();
        // The end of a process may have been told before its last transition.
        if (present != null
                && present.to() == state
                && (state == WorkerState.TERMINATED || present.incarnation() > lastEnded(slot))
                && (state == WorkerState.TERMINATED || present.incarnation() >= incarnation)) {
            return present;
        }
        while (true) {
            for (; next < events.size(); next++) {
                if (events.get(next) instanceof PoolEvent.WorkerTransitioned later
                        && later.worker().slot() == slot
                        && later.to() == state
                        && (state == WorkerState.TERMINATED || later.incarnation() >= incarnation)) {
                    return later;
                }
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("slot " + slot + " is not " + state + ", of incarnation " + incarnation
                        + " or later, within " + patience.toMillis() + " ms; " + last());
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private PoolEvent.@Nullable WorkerTransitioned lastOf(int slot) {
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.get(i) instanceof PoolEvent.WorkerTransitioned transition
                    && transition.worker().slot() == slot) {
                return transition;
            }
        }
        return null;
    }

    private int lastEnded(int slot) {
        return events.stream()
                .filter(event -> event instanceof PoolEvent.WorkerExited exited
                        && exited.exit().worker().slot() == slot)
                .mapToInt(event -> ((PoolEvent.WorkerExited) event).exit().incarnation())
                .max()
                .orElse(0);
    }

    /** Returns whether each idle worker's becoming ready has been told: the snapshot may be ahead. */
    synchronized boolean haveToldOf(PoolSnapshot snapshot) {
        return snapshot.workers().stream()
                .filter(worker -> worker.phase() == WorkerSnapshot.Phase.IDLE)
                .allMatch(worker -> events.stream()
                        .anyMatch(event -> event instanceof PoolEvent.WorkerTransitioned transition
                                && transition.worker().slot() == worker.worker().slot()
                                && transition.incarnation() >= worker.incarnation()
                                && transition.to() == WorkerState.READY));
    }

    /** Waits until a process has ended; see {@link #await(String, Class, Predicate)}. */
    public PoolEvent.WorkerExited awaitExit() throws InterruptedException {
        return await(PoolEvent.WorkerExited.class);
    }

    /** Returns the last events as text. */
    public synchronized String last() {
        List<PoolEvent> tail = events.subList(Math.max(0, events.size() - SHOWN), events.size());
        return tail.isEmpty()
                ? "there was no event at all"
                : "the last events were:\n  "
                        + tail.stream().map(Object::toString).collect(Collectors.joining("\n  "));
    }
}
