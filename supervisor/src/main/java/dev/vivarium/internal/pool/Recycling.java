package dev.vivarium.internal.pool;

import dev.vivarium.PoolEvent;
import dev.vivarium.RecycleReason;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.RecycleQueue;
import java.util.ArrayList;
import java.util.List;

/** Replaces workers that work, each by one that is ready before it. Used by the pool's actor only. */
final class Recycling {

    /** What it does with slots. */
    interface Slots {
        /** Makes a slot and has it start; returns its number, or 0 when there is no room. */
        int start();

        /** Lets a slot go, after its call if it has one. */
        void dismiss(int slot, TransitionCause cause);
    }

    private final RecycleQueue queue = new RecycleQueue();
    private final PoolContext context;
    private final Slots slots;
    private final List<Runnable> waiting = new ArrayList<>();

    Recycling(PoolContext context, Slots slots) {
        this.context = context;
        this.slots = slots;
    }

    void due(PoolMessage.RecycleDue worker) {
        if (queue.due(worker.slot())) {
            announce(worker.slot(), worker.incarnation(), worker.reason());
        }
        next();
    }

    /** Replaces all of these; {@code whenOver} runs once they have been replaced or have gone. */
    void round(List<WorkerSnapshot> all, Runnable whenOver) {
        waiting.add(whenOver);
        all.forEach(one -> announce(one.worker().slot(), one.incarnation(), RecycleReason.ON_DEMAND));
        queue.round(all.stream().map(one -> one.worker().slot()).toList());
        next();
    }

    /** Says that a worker will be replaced. */
    void announce(int slot, int incarnation, RecycleReason reason) {
        context.events()
                .publish(new PoolEvent.RecycleDue(
                        context.worker(slot),
                        incarnation,
                        reason,
                        context.clock().now()));
    }

    /** Returns whether a slot is there beyond those that are wanted, until it takes another's place. */
    boolean isSurge(int slot) {
        return slot != 0 && slot == queue.replacement();
    }

    /** Returns how many slots are there beyond those that are wanted. */
    int surge() {
        return queue.replacement() == 0 ? 0 : 1;
    }

    void settled(int slot) {
        int replaced = queue.ready(slot);
        if (replaced != 0) {
            slots.dismiss(replaced, TransitionCause.RECYCLED);
            next();
        }
    }

    void gone(int slot) {
        queue.gone(slot);
    }

    /** Starts the next replacement, if one is due and none is under way. */
    void next() {
        int slot = queue.next();
        if (slot != 0) {
            int replacement = slots.start();
            if (replacement != 0) {
                queue.begin(slot, replacement);
            }
        }
        if (queue.roundIsOver()) {
            end();
        }
    }

    /** The pool ends: nobody waits any longer. */
    void end() {
        waiting.forEach(Runnable::run);
        waiting.clear();
    }
}
