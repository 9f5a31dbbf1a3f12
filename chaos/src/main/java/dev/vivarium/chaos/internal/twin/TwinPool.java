package dev.vivarium.chaos.internal.twin;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolEvent;
import dev.vivarium.RecycleReason;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.chaos.Coverage;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.core.RecycleQueue;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.protocol.Execution;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The top of the twin's pool: keeps as many slots as are wanted, and replaces them as a real {@link RecycleQueue} says. For one thread. */
final class TwinPool implements TwinFaults.Victims {

    private final World world;
    private final TwinRouter router;
    private final TwinGuardian guardian;
    private final TwinFaults faults;
    private final TwinCalls calls;
    private final Contracts contracts;
    private final Chance chance;
    private final Way fromCallers;
    private final TreeMap<Integer, TwinSlot> slots = new TreeMap<>();
    private final Map<TwinSlot, Way> toSlots = new HashMap<>();
    private final Map<Integer, Integer> incarnations = new HashMap<>();
    private final Set<Integer> dismissed = new HashSet<>();
    private final RecycleQueue queue = new RecycleQueue();

    TwinPool(World world, Coverage.Count coverage) {
        this.world = world;
        this.chance = new Chance(world.streams, "pool");
        this.router = new TwinRouter(world);
        this.guardian = new TwinGuardian(world);
        this.faults = new TwinFaults(world, this, coverage);
        this.contracts = new Contracts(world);
        this.fromCallers = new Way(world.time);
        this.calls = new TwinCalls(world, call -> fromCallers.send(chance.hop(), () -> router.submit(call)));
    }

    TwinFaults faults() {
        return faults;
    }

    TwinCalls calls() {
        return calls;
    }

    Contracts contracts() {
        return contracts;
    }

    TwinRouter router() {
        return router;
    }

    List<TwinSlot> slots() {
        return List.copyOf(slots.values());
    }

    void start() {
        guardian.start();
        reconcile();
    }

    private void reconcile() {
        int kept = slots.size() - dismissed.size() - surge();
        for (; kept < world.context.wanted(); kept++) {
            want(add());
        }
        for (int slot : List.copyOf(slots.descendingKeySet())) {
            if (kept <= world.context.wanted()) {
                break;
            }
            if (!dismissed.contains(slot) && slot != queue.replacement()) {
                dismissed.add(slot);
                tell(slot, new SlotEvent.Unwanted(TransitionCause.RETIRED));
                kept--;
            }
        }
    }

    private int surge() {
        return queue.replacement() == 0 ? 0 : 1;
    }

    private int add() {
        int number = 1;
        while (slots.containsKey(number)) {
            number++;
        }
        if (number > PoolConfig.MAX_WORKERS) {
            return 0;
        }
        slots.put(
                number,
                new TwinSlot(
                        world,
                        faults,
                        guardian,
                        calls,
                        contracts,
                        new Ports(),
                        number,
                        incarnations.getOrDefault(number, 0)));
        return number;
    }

    private void want(int slot) {
        tell(slot, new SlotEvent.Wanted());
    }

    private void tell(int number, SlotEvent event) {
        TwinSlot slot = slots.get(number);
        if (slot != null) {
            toSlots.computeIfAbsent(slot, known -> new Way(world.time)).send(chance.hop(), () -> slot.on(event));
        }
    }

    /** What one slot tells; each slot has its own ways. */
    private final class Ports implements TwinPorts {
        private final Way toRouter = new Way(world.time);
        private final Way toPool = new Way(world.time);

        private void router(Runnable what) {
            toRouter.send(chance.hop(), what);
        }

        private void pool(Runnable what) {
            toPool.send(chance.hop(), what);
        }

        @Override
        public void offered(TwinSlot slot, int incarnation, boolean probe) {
            router(() -> router.offered(slot, incarnation, probe));
        }

        @Override
        public void withdrawn(int slot, int incarnation) {
            router(() -> router.withdrawn(slot, incarnation));
        }

        @Override
        public void refused(ActiveCall call) {
            router(() -> router.refused(call));
        }

        @Override
        public void lost(ActiveCall call, WorkerExit exit, Execution execution) {
            router(() -> router.lost(call, exit, execution));
        }

        @Override
        public void workerEnded(WorkerExit exit) {
            router(() -> router.workerEnded(exit.worker().slot(), exit.incarnation()));
        }

        @Override
        public void gone(TwinSlot slot) {
            router(() -> router.gone(slot));
        }

        @Override
        public void settled(int slot) {
            pool(() -> {
                int replaced = queue.ready(slot);
                if (replaced != 0) {
                    dismissed.add(replaced);
                    tell(replaced, new SlotEvent.Unwanted(TransitionCause.RECYCLED));
                    nextReplacement();
                }
            });
        }

        @Override
        public void recycleDue(int slot, int incarnation, RecycleReason reason) {
            pool(() -> {
                if (!dismissed.contains(slot)) {
                    if (queue.due(slot)) {
                        world.context
                                .events()
                                .publish(new PoolEvent.RecycleDue(
                                        world.context.worker(slot), incarnation, reason, world.time.now()));
                    }
                    nextReplacement();
                }
            });
        }

        @Override
        public void retired(int slot) {
            pool(() -> TwinPool.this.retired(slot));
        }

        @Override
        public void guardianSuspected() {
            world.time.after(chance.pipe(), guardian::kill);
        }
    }

    private void retired(int number) {
        TwinSlot slot = slots.remove(number);
        if (slot != null) {
            incarnations.put(number, slot.incarnation());
            toSlots.remove(slot);
            contracts.retired(number);
        }
        dismissed.remove(number);
        queue.gone(number);
        reconcile();
        nextReplacement();
    }

    private void nextReplacement() {
        int slot = queue.next();
        if (slot != 0) {
            int replacement = add();
            if (replacement != 0) {
                want(replacement);
                queue.begin(slot, replacement);
            }
        }
    }

    @Override
    public List<TwinSlot> living() {
        List<TwinSlot> living = new ArrayList<>();
        for (TwinSlot slot : slots.values()) {
            if (slot.process() != null && slot.phase() != Phase.RETIRING) {
                living.add(slot);
            }
        }
        return living;
    }

    @Override
    public void guardianKilled() {
        guardian.kill();
    }

    /** Returns what is wrong with a pool that has come to rest; empty when nothing is. */
    List<String> troubleAtRest() {
        List<String> wrong = new ArrayList<>();
        // One that is being replaced has its replacement beside it, and may take a while to end.
        int kept = slots.size() - dismissed.size() - surge();
        if (kept != world.context.wanted()) {
            wrong.add(kept + " slots where " + world.context.wanted() + " are wanted");
        }
        int idle = 0;
        for (TwinSlot slot : slots.values()) {
            idle += slot.phase() == Phase.IDLE ? 1 : 0;
            if (slot.isOverdue() && !dismissed.contains(slot.number())) {
                wrong.add("slot " + slot.number() + " is due to be replaced, and is not");
            }
            if (!slot.trouble().isEmpty()) {
                wrong.add("slot " + slot.number() + " is " + slot.trouble());
            }
        }
        if (router.idleWorkers() != idle) {
            wrong.add(idle + " workers are idle, and the router knows of " + router.idleWorkers());
        }
        if (router.waiting() != 0 || world.context.stats().waiting() != 0) {
            wrong.add("every call has ended, and " + router.waiting() + " wait with the router, "
                    + world.context.stats().waiting() + " by the counters");
        }
        return wrong;
    }
}
