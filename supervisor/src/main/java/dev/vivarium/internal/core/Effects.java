package dev.vivarium.internal.core;

import dev.vivarium.LadderRung;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Timer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers effects and guards the table of transitions. */
final class Effects {
    private final List<SlotEffect> list = new ArrayList<>(6);

    Effects add(SlotEffect effect) {
        list.add(effect);
        return this;
    }

    Effects climb(int incarnation, long callId, LadderRung rung) {
        return add(new SlotEffect.Climbed(incarnation, callId, rung));
    }

    Effects stop(Timer timer) {
        return add(new SlotEffect.StopTimer(timer));
    }

    void move(int incarnation, @Nullable WorkerState from, WorkerState to, TransitionCause cause) {
        if (from != null && !from.canMoveTo(to)) {
            throw new IllegalTransition(incarnation, from, to);
        }
        list.add(new SlotEffect.Moved(incarnation, from, to, cause));
    }

    SlotCore.Step then(SlotState next) {
        return new SlotCore.Step(next, list);
    }
}
