package dev.vivarium.internal.pool;

import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.RecycleQueue;
import java.util.ArrayList;
import java.util.Collection;
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
    private final Slots slots;
    private final List<Runnable> waiting = new ArrayList<>();

    Recycling(Slots slots) {
        this.slots = slots;
    }

    void due(int slot) {
        queue.due(slot);
        next();
    }

    /** Replaces all of these; {@code whenOver} runs once they have been replaced or have gone. */
    void round(Collection<Integer> all, Runnable whenOver) {
        waiting.add(whenOver);
        queue.round(all);
        next();
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
