package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.RouterCore;
import java.util.List;
import java.util.Objects;

/**
 * A pool at one moment: the actors, their mail, the processes, the callers. A step copies it and changes the copy; after
 * that it stays as it is.
 */
final class PoolWorld implements Cloneable {

    static final int NEVER = Integer.MAX_VALUE;

    final Scenario scenario;
    int time;
    /** Shared with the world that this one was copied from, until either changes it: most moves do not. */
    private RouterCore router = new RouterCore();

    private boolean routerIsShared;
    boolean refusing;
    int nextDeadline = NEVER;
    /** The calls that the router's actor holds, and the slots whose worker it knows; one bit each. */
    int knownCalls;

    int knownWorkers;
    SlotWorld[] slots;
    CallWorld[] calls;
    List<ToRouter> fromPool = List.of();
    int[] spent = new int[Adversity.values().length];
    int spentInAll;
    boolean closed;
    /** The recovery, where the scenario has one, and the lost call that the router is about to ask it about. */
    RecoveryWorld recovery;

    RecoveryActor.Deciding deciding;

    PoolWorld(Scenario scenario) {
        this.scenario = scenario;
        slots = new SlotWorld[scenario.slots()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new SlotWorld(i);
        }
        calls = new CallWorld[scenario.calls().size()];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = scenario.recovery() == null ? new CallWorld(i + 1) : CallWorld.unmade(i + 1);
        }
        recovery = scenario.recovery() == null ? null : new RecoveryWorld(scenario.recovery(), calls.length);
    }

    /** Returns the router's core, to look at. */
    RouterCore router() {
        return router;
    }

    /** Returns the router's core, to change. */
    RouterCore routerToChange() {
        if (routerIsShared) {
            router = RouterState.copy(router);
            routerIsShared = false;
        }
        return router;
    }

    CallWorld call(long id) {
        return calls[(int) id - 1];
    }

    Scenario.Call order(long id) {
        return scenario.calls().get((int) id - 1);
    }

    boolean may(Adversity kind) {
        return spentInAll < scenario.total() && spent[kind.ordinal()] < scenario.bound(kind);
    }

    void spend(Adversity kind) {
        spent[kind.ordinal()]++;
        spentInAll++;
    }

    PoolWorld copy() {
        try {
            routerIsShared = true;
            PoolWorld copy = (PoolWorld) clone();
            copy.slots = new SlotWorld[slots.length];
            for (int i = 0; i < slots.length; i++) {
                copy.slots[i] = slots[i].copy();
            }
            copy.calls = new CallWorld[calls.length];
            for (int i = 0; i < calls.length; i++) {
                copy.calls[i] = calls[i].copy();
            }
            copy.spent = spent.clone();
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** Two slots that change places make no difference, so one order stands for both: the smaller slot first, or, of equal ones,
     * the order with the smaller fingerprint. */
    Fingerprint print(Interner names) {
        Fingerprint[] prints = new Fingerprint[slots.length];
        for (int i = 0; i < slots.length; i++) {
            prints[i] = slots[i].print(names);
        }
        if (slots.length != 2) {
            int[] order = new int[slots.length];
            for (int i = 0; i < order.length; i++) {
                order[i] = i;
            }
            return print(names, prints, order);
        }
        int sides = prints[0].compareTo(prints[1]);
        if (sides != 0) {
            return print(names, prints, sides < 0 ? new int[] {0, 1} : new int[] {1, 0});
        }
        Fingerprint one = print(names, prints, new int[] {0, 1});
        Fingerprint other = print(names, prints, new int[] {1, 0});
        return one.compareTo(other) <= 0 ? one : other;
    }

    private Fingerprint print(Interner names, Fingerprint[] prints, int[] order) {
        int[] place = new int[order.length];
        Fingerprint.Builder print = Fingerprint.of();
        long fewest = Long.MAX_VALUE;
        for (SlotWorld slot : slots) {
            fewest = slot.stopped ? fewest : Math.min(fewest, RouterState.leases(router, slot.number));
        }
        for (int i = 0; i < order.length; i++) {
            place[order[i]] = i;
            long leases = slots[order[i]].stopped ? 0 : RouterState.leases(router, order[i]) - fewest;
            print.with(prints[order[i]]).with(leases).with((knownWorkers >> order[i]) & 1);
        }
        print.with(router.idleWorkers());
        for (Object offered : RouterState.idle(router)) {
            RouterCore.Idle idle = (RouterCore.Idle) offered;
            print.with(place[idle.slot()] * 1024L + idle.incarnation());
        }
        print.with(-1);
        for (Object offered : RouterState.probes(router)) {
            RouterCore.Idle probe = (RouterCore.Idle) offered;
            print.with(place[probe.slot()] * 1024L + probe.incarnation());
        }
        print.with(names.of(RouterState.returned(router))).with(names.of(RouterState.queue(router)));
        print.with(time + 64L * (refusing ? 1 : 0) + 128L * (closed ? 1 : 0))
                .with(nextDeadline)
                .with(knownCalls)
                .with(names.of(fromPool));
        for (CallWorld call : calls) {
            int stop = call.stopSlot < 0 ? -1 : place[call.stopSlot];
            print.with(call.phase.ordinal()
                            + 4L * (call.cancelStops ? 1 : 0)
                            + 8L * (call.saidNotStarted ? 1 : 0)
                            + 16L * call.worst.ordinal())
                    .with(call.sent * 256L + call.failedAttempts * 16L + Math.min(2, call.starts))
                    .with(stop * 64L + call.stopIncarnation)
                    .with(call.outcomes)
                    .with(names.of(call.toRouter));
        }
        if (recovery != null) {
            print.with(recovery.print(names)).with(names.of(Objects.toString(deciding)));
            for (CallWorld call : calls) {
                print.with(call.due + 64L * (call.retryTimer ? 1 : 0) + 128L * (call.made ? 1 : 0))
                        .with(names.of(call.attempts));
            }
        }
        for (int count : spent) {
            print.with(count);
        }
        return print.done();
    }
}
