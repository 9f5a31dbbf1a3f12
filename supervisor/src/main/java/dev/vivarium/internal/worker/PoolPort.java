package dev.vivarium.internal.worker;

import dev.vivarium.RecycleReason;
import dev.vivarium.WorkerExit;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Ready;
import org.jspecify.annotations.Nullable;

/** What a slot tells the pool. No method blocks. */
public interface PoolPort {

    /** A worker is ready for the first time. */
    void ready(int slot, Ready ready);

    /**
     * A worker could not be brought up.
     *
     * @param error what its handlers' loading failed with, when it did
     */
    void startFailed(int slot, WorkerExit exit, @Nullable ErrorBody error);

    /** The slot's worker may be leased: all that comes with being ready has happened. */
    void settled(int slot);

    /** The slot's worker has served long enough. */
    void recycleDue(int slot, int incarnation, RecycleReason reason);

    /** The slot has ended for good. */
    void retired(int slot);
}
