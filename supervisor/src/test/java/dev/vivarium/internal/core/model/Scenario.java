package dev.vivarium.internal.core.model;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/**
 * The bounds of a pool model.
 *
 * @param name for reports
 * @param slots how many slots there are
 * @param start how far the slots are when the calls arrive
 * @param calls what is called
 * @param time how far time goes; deadlines beyond it never come
 * @param total how many adversities there are at most, of all kinds
 * @param most how many of a kind there are at most
 */
record Scenario(
        String name, int slots, Start start, List<Call> calls, int time, int total, Map<Adversity, Integer> most) {

    /** How far the slots are when the calls arrive. */
    enum Start {
        /** No slot runs; the pool wants one when a call waits. */
        LAZY,
        /** All slots have been told to start. */
        COLD,
        /** All slots are ready. */
        WARM
    }

    /**
     * A call that is made.
     *
     * @param deadline the time at which it is over for its caller, from 1
     */
    record Call(boolean retrySafe, int maxRetries, int deadline) {}

    /** Returns a scenario with a retry-safe call and one that is not, in a warm pool of two. */
    static Scenario named(String name) {
        return new Scenario(name, 2, Start.WARM, List.of(new Call(true, 1, 2), new Call(false, 1, 1)), 0, 0, Map.of());
    }

    Scenario slots(int count) {
        return new Scenario(name, count, start, calls, time, total, most);
    }

    Scenario start(Start how) {
        return new Scenario(name, slots, how, calls, time, total, most);
    }

    Scenario calls(Call... made) {
        return new Scenario(name, slots, start, List.of(made), time, total, most);
    }

    Scenario withoutCalls() {
        return new Scenario(name, slots, start, List.of(), time, total, most);
    }

    Scenario until(int end) {
        return new Scenario(name, slots, start, calls, end, total, most);
    }

    /** Allows so many adversities of these kinds, in any mixture. */
    Scenario with(int count, Adversity first, Adversity... others) {
        Map<Adversity, Integer> bounds = new EnumMap<>(Adversity.class);
        EnumSet.of(first, others).forEach(kind -> bounds.put(kind, count));
        return new Scenario(name, slots, start, calls, time, count, Map.copyOf(bounds));
    }

    int bound(Adversity kind) {
        return most.getOrDefault(kind, 0);
    }
}
