package dev.vivarium.chaos.internal.twin;

import dev.vivarium.RecycleReason;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.protocol.Execution;

/** What a slot tells the pool and the router; each on a way of its own. */
interface TwinPorts {
    void offered(TwinSlot slot, int incarnation, boolean probe);

    void withdrawn(int slot, int incarnation);

    void refused(ActiveCall call);

    void lost(ActiveCall call, WorkerExit exit, Execution execution);

    void workerEnded(WorkerExit exit);

    void gone(TwinSlot slot);

    void settled(int slot);

    void recycleDue(int slot, int incarnation, RecycleReason reason);

    void retired(int slot);

    void guardianSuspected();
}
