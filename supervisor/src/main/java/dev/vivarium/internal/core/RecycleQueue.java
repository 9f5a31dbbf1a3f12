package dev.vivarium.internal.core;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Decides which slot is replaced, and when its replacement takes its place: one at a time, first due first served. Slots are
 * numbers from 1; 0 stands for none. Not thread-safe.
 */
public final class RecycleQueue {

    private final Set<Integer> due = new LinkedHashSet<>();
    private final Set<Integer> rolling = new HashSet<>();
    private int old;
    private int replacement;

    /** A slot is to be replaced; asking again changes nothing. Returns whether it is so since now. */
    public boolean due(int slot) {
        return slot != old && slot != replacement && due.add(slot);
    }

    /** All of these are to be replaced. They count as a round that has an end; see {@link #roundIsOver()}. */
    public void round(Collection<Integer> slots) {
        for (int slot : slots) {
            if (slot != replacement) {
                rolling.add(slot);
                due(slot);
            }
        }
    }

    /** Returns whether every slot of the rounds has been replaced, or has gone. */
    public boolean roundIsOver() {
        return rolling.isEmpty();
    }

    /** Returns the slot that a replacement is to be started for now, or 0. */
    public int next() {
        return old != 0 || due.isEmpty() ? 0 : due.iterator().next();
    }

    /** A replacement is being started. */
    public void begin(int slot, int with) {
        due.remove(slot);
        old = slot;
        replacement = with;
    }

    /** Returns the replacement that is being started, or 0. */
    public int replacement() {
        return replacement;
    }

    /** A slot has become ready. Returns the slot whose place it takes, or 0. */
    public int ready(int slot) {
        if (slot != replacement) {
            return 0;
        }
        int replaced = old;
        finish();
        return replaced;
    }

    /** A slot has ended. When it was being replaced, its replacement is one no more. */
    public void gone(int slot) {
        due.remove(slot);
        rolling.remove(slot);
        if (slot == old || slot == replacement) {
            finish();
        }
    }

    private void finish() {
        rolling.remove(old);
        old = 0;
        replacement = 0;
    }
}
