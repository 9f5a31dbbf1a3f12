package dev.vivarium.testkit;

import dev.vivarium.PoolEvent;
import dev.vivarium.Signal;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;

/** One worker slot of a test pool. What one awaits is not taken from another's view. Thread-safe. */
public final class TestWorker {

    private final TestPool kit;
    private final int slot;
    private volatile int killed;

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

    /**
     * Waits until it is in a state, and returns how it came to be: the last transition when that led to the state, or else the
     * first from now on that does. One of an incarnation that is over does not count, nor of one that this object has killed.
     *
     * @throws AssertionError when there is none within the kit's patience, showing the last events
     */
    public PoolEvent.WorkerTransitioned awaitState(WorkerState state) throws InterruptedException {
        return kit.events().awaitPresent(slot, state, Math.max(killed + 1, snapshotIncarnation()));
    }

    private int snapshotIncarnation() {
        return kit.pool().snapshot().workers().stream()
                .filter(worker -> worker.worker().slot() == slot)
                .mapToInt(WorkerSnapshot::incarnation)
                .findFirst()
                .orElse(0);
    }

    /** Sends a signal to its current incarnation, through the pool. */
    public void signal(Signal signal) {
        int incarnation = snapshot().incarnation();
        if (signal == Signal.KILL) {
            killed = Math.max(killed, incarnation);
        }
        kit.pool().signal(new WorkerId(kit.pool().name(), slot), incarnation, signal);
    }

    /**
     * Has so much memory found in its process tree when it is measured, which happens now. Layers FAKE and SCRIPTED only.
     *
     * @throws FaultNotPossible on layer PYTHON, where memory is real: {@link Fault.Ballooned} takes some
     * @throws IllegalStateException when it has no process
     */
    public void measured(long bytes) {
        kit.faults().measure(slot, bytes);
    }

    /** Kills its process, as something outside of the pool would. */
    public void kill() {
        signal(Signal.KILL);
    }
}
