package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.core.SlotState;
import java.util.List;

/** What must hold in every state of a pool, and what a settled pool looks like. */
final class PoolInvariants {

    private PoolInvariants() {}

    static void check(PoolWorld world) {
        for (CallWorld call : world.calls) {
            outcomes(call);
            custody(world, call);
        }
        if (world.recovery != null) {
            RecoveryActor.check(world);
        }
        for (SlotWorld slot : world.slots) {
            agreement(slot);
            readyMeansKnown(world, slot);
        }
    }

    private static void outcomes(CallWorld call) {
        if (call.outcomes > 1 || call.isDone() != (call.outcomes == 1)) {
            throw new Broken(Invariant.ONE_OUTCOME, "call " + call.id + " has " + call.outcomes + " outcomes");
        }
        if (call.saidNotStarted && call.starts > 0) {
            throw new Broken(
                    Invariant.EXECUTION_IS_KNOWN,
                    "the caller of call " + call.id + " was told that it had not started, and it started");
        }
    }

    /** Someone has the call until it has ended, and never do two. */
    private static void custody(PoolWorld world, CallWorld call) {
        int holders = RouterState.waits(world.router(), call.id) ? 1 : 0;
        holders += carried(call.toRouter, call.id);
        holders += call.made ? 0 : 1;
        holders += call.due < 0 ? 0 : 1;
        holders += world.deciding != null && world.deciding.call() == call.id ? 1 : 0;
        for (SlotWorld slot : world.slots) {
            holders += slot.call == call.id ? 1 : 0;
            holders += slot.leasing == call.id ? 1 : 0;
            holders += carried(slot.toRouter, call.id);
            for (ToSlot message : slot.inbox[ToSlot.Sender.ROUTER.ordinal()]) {
                holders += message instanceof ToSlot.Lease lease && lease.call() == call.id ? 1 : 0;
            }
        }
        if (holders > 1 || (holders == 0 && !call.isDone())) {
            throw new Broken(
                    Invariant.LEASES_CONSERVED,
                    "call " + call.id + " is " + call.phase + " and in " + holders + " places at once");
        }
    }

    private static int carried(List<ToRouter> messages, int call) {
        int count = 0;
        for (ToRouter message : messages) {
            count += message.carried() == call ? 1 : 0;
        }
        return count;
    }

    /** The core and the actor around it mean the same call, and the process is that of the current incarnation. */
    private static void agreement(SlotWorld slot) {
        long expected = 0;
        if (slot.state instanceof SlotState.Busy busy) {
            expected = busy.callId();
        } else if (slot.state instanceof SlotState.Ending ending) {
            expected = ending.callId();
        }
        if (slot.call != expected || slot.leasing != 0) {
            throw new Broken(
                    Invariant.LEASES_CONSERVED,
                    slot.state + ", and its actor has call " + slot.call + " and leases " + slot.leasing);
        }
        if (slot.link != null && slot.link.incarnation != slot.state.incarnation()) {
            throw new Broken(
                    Invariant.STALE_DOES_NOTHING,
                    slot.state + " with the process of incarnation " + slot.link.incarnation);
        }
    }

    /** A ready worker, or a degraded one that is to be tried, is offered, known to be idle, or leased; one that is none of these is lost to the pool. */
    private static void readyMeansKnown(PoolWorld world, SlotWorld slot) {
        boolean probe = slot.state instanceof SlotState.Degraded degraded && degraded.offered();
        if (!probe && !(slot.state instanceof SlotState.Ready)) {
            return;
        }
        int current = slot.state.incarnation();
        boolean known = (probe ? RouterState.probes(world.router()) : RouterState.idle(world.router()))
                .contains(new RouterCore.Idle(slot.number, current));
        for (ToRouter message : slot.toRouter) {
            if (message instanceof ToRouter.Withdrawn withdrawn && withdrawn.incarnation() == current) {
                known = false;
            } else if (message instanceof ToRouter.Offered offered && offered.incarnation() == current) {
                known = !probe;
            } else if (message instanceof ToRouter.ProbeOffered offered && offered.incarnation() == current) {
                known = probe;
            }
        }
        for (ToSlot message : slot.inbox[ToSlot.Sender.ROUTER.ordinal()]) {
            known |= message instanceof ToSlot.Lease lease && lease.incarnation() == current;
        }
        if (!known) {
            throw new Broken(
                    Invariant.LEASES_CONSERVED, "slot " + slot.number + " is " + slot.state + " and nobody knows");
        }
    }

    static boolean isSettled(PoolWorld world) {
        for (CallWorld call : world.calls) {
            if (!call.isDone() || !call.toRouter.isEmpty() || call.cancelStops || call.due >= 0) {
                return false;
            }
        }
        int idle = 0;
        for (SlotWorld slot : world.slots) {
            boolean ready = slot.state instanceof SlotState.Ready;
            // An outlier comes back by calls; where no more come, it waits for them.
            boolean tried = slot.state instanceof SlotState.Degraded degraded && degraded.offered();
            boolean well = slot.dismissed ? slot.stopped : ready || tried || !slot.wanted;
            if (!well || slot.hasMail() || !slot.toRouter.isEmpty()) {
                return false;
            }
            idle += ready ? 1 : 0;
        }
        return world.fromPool.isEmpty()
                && world.deciding == null
                && world.router().waiting() == 0
                && world.router().idleWorkers() == idle
                && world.nextDeadline == PoolWorld.NEVER;
    }
}
