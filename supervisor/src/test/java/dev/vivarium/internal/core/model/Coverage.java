package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotState;
import java.util.Set;
import java.util.TreeSet;

/** Watches a slot's core: which moves of an incarnation it published, and in which states which events changed something. */
final class Coverage implements SlotDecisions {

    private final SlotDecisions core;
    private final Set<String> moves = new TreeSet<>();
    private final Set<String> changes = new TreeSet<>();

    Coverage(SlotDecisions core) {
        this.core = core;
    }

    @Override
    public SlotCore.Step on(SlotState state, SlotEvent event, long now) {
        SlotCore.Step step = core.on(state, event, now);
        if (step.state() != state && !step.state().equals(state)) {
            changes.add(state.getClass().getSimpleName() + " x " + kind(event));
        }
        for (SlotEffect effect : step.effects()) {
            if (effect instanceof SlotEffect.Moved moved && moved.from() != null) {
                moves.add(moved.from() + " > " + moved.to());
            }
        }
        return step;
    }

    private static String kind(SlotEvent event) {
        return event instanceof SlotEvent.TimerFired fired
                ? "TimerFired " + fired.timer()
                : event.getClass().getSimpleName();
    }

    /** Returns the moves, each as {@code FROM > TO}. */
    Set<String> moves() {
        return moves;
    }

    /** Returns the pairs of a state and an event that changed it. */
    Set<String> changes() {
        return changes;
    }

    void add(Coverage other) {
        moves.addAll(other.moves);
        changes.addAll(other.changes);
    }
}
