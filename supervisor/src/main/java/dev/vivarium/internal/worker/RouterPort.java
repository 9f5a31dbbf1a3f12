package dev.vivarium.internal.worker;

import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.protocol.Execution;
import org.apache.pekko.actor.typed.ActorRef;

/** What a slot tells the router. No method blocks. */
public interface RouterPort {

    /** The worker may be leased. */
    void offered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker);

    /** The degraded worker may be leased to one call. */
    void probeOffered(int slot, int incarnation, ActorRef<WorkerSlot.Command> worker);

    /** The worker may not be leased any more. */
    void withdrawn(int slot, int incarnation);

    /** The slot could not take a call that was leased to it; nothing was sent. */
    void refused(ActiveCall call);

    /** The worker ended with a call. */
    void lost(ActiveCall call, WorkerExit exit, Execution execution);

    /** The slot's worker has ended; what the end of its call means was told before. */
    void ended(WorkerExit exit);

    /** The slot has ended; the worker is told {@link WorkerSlot.Forgotten} once no lease can follow. */
    void gone(int slot, ActorRef<WorkerSlot.Command> worker);
}
