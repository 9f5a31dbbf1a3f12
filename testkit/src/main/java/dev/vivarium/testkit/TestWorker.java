package dev.vivarium.testkit;

import dev.vivarium.PoolEvent;
import dev.vivarium.Signal;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;

/** One worker slot of a test pool. Thread-safe. */
public final class TestWorker {

    private final TestPool kit;
    private final int slot;

    TestWorker(TestPool kit, int slot) {
        this.kit = kit;
        this.slot = slot;
    }

    /** Returns the slot, from 1. */
    public int slot() {
        return slot;
    }

    /**
     * Returns where it stands.
     *
     * @throws IllegalStateException when the pool has no such slot now
     */
    public WorkerSnapshot snapshot() {
        return kit.pool().snapshot().workers().stream()
                .filter(worker -> worker.worker().slot() == slot)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("there is no slot " + slot + " in " + kit.pool()));
    }

    /** Returns the id of its process at this moment; 0 when there is none. */
    public long pid() {
        return snapshot().pid();
    }

    /** Waits until it enters a state; see {@link EventRecorder#awaitState}. */
    public PoolEvent.WorkerTransitioned awaitState(WorkerState state) throws InterruptedException {
        return kit.events().awaitState(slot, state);
    }

    /** Sends a signal to its current incarnation, through the pool. */
    public void signal(Signal signal) {
        kit.pool().signal(new WorkerId(kit.pool().name(), slot), snapshot().incarnation(), signal);
    }

    /** Kills its process, as something outside of the pool would. */
    public void kill() {
        signal(Signal.KILL);
    }
}
