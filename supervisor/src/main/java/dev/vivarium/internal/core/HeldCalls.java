package dev.vivarium.internal.core;

import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The waiting calls that may not go to just any worker: those that only one slot may have, and those that may go nowhere yet.
 * Deterministic, without a clock of its own. Not thread-safe.
 */
final class HeldCalls {

    /**
     * A call.
     *
     * @param slot the only slot that may have it, 0 while none may
     * @param pinned whether it is for the worker that the slot has now, and not for one after it
     */
    record Held(long callId, long deadline, long since, int slot, boolean pinned) {}

    private final Map<Long, Held> all = new LinkedHashMap<>();
    private final Map<Integer, Map<Long, Held>> bySlot = new HashMap<>();

    void add(Held call) {
        remove(call.callId());
        all.put(call.callId(), call);
        if (call.slot() != 0) {
            bySlot.computeIfAbsent(call.slot(), slot -> new LinkedHashMap<>()).put(call.callId(), call);
        }
    }

    @Nullable
    Held remove(long callId) {
        Held held = all.isEmpty() ? null : all.remove(callId);
        if (held != null && held.slot() != 0) {
            Map<Long, Held> ofSlot = bySlot.get(held.slot());
            if (ofSlot != null && ofSlot.remove(callId) != null && ofSlot.isEmpty()) {
                bySlot.remove(held.slot());
            }
        }
        return held;
    }

    /** Returns the call that has waited longest of those that one of the slots may have; null without one. */
    @Nullable
    Held first(Collection<Integer> slots, Collection<Integer> moreSlots) {
        if (bySlot.isEmpty()) {
            return null;
        }
        Held first = null;
        for (Collection<Integer> some : List.of(slots, moreSlots)) {
            for (int slot : some) {
                Map<Long, Held> ofSlot = bySlot.get(slot);
                Held oldest = ofSlot == null ? null : ofSlot.values().iterator().next();
                if (oldest != null && (first == null || oldest.since() - first.since() < 0)) {
                    first = oldest;
                }
            }
        }
        return first;
    }

    /** Returns the calls that only this slot may have, either those for its present worker or the others. */
    List<Long> of(int slot, boolean pinned) {
        Map<Long, Held> ofSlot = bySlot.get(slot);
        return ofSlot == null
                ? List.of()
                : ofSlot.values().stream()
                        .filter(held -> held.pinned() == pinned)
                        .map(Held::callId)
                        .toList();
    }

    Collection<Held> calls() {
        return all.values();
    }

    int size() {
        return all.size();
    }

    /** Removes the calls whose deadline is not after {@code now} and adds them to {@code expired}. */
    void expire(long now, List<Long> expired) {
        if (all.isEmpty()) {
            return;
        }
        for (Held call : List.copyOf(all.values())) {
            if (call.deadline() - now <= 0) {
                remove(call.callId());
                expired.add(call.callId());
            }
        }
    }

    /** Returns since when the first of all has waited; {@code otherwise} without one. */
    long oldestSince(long otherwise) {
        Iterator<Held> first = all.values().iterator();
        return first.hasNext() ? first.next().since() : otherwise;
    }

    void clear() {
        all.clear();
        bySlot.clear();
    }
}
