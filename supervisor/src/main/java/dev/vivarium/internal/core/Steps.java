package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.SlotCore.Step;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState.Ending;
import dev.vivarium.internal.core.SlotState.Ready;
import dev.vivarium.internal.core.SlotState.Service;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a slot does in more than one state. */
final class Steps {

    private Steps() {}

    static Step idle(int incarnation, int failures, Service service, Effects effects) {
        effects.add(new SlotEffect.StartTimer(incarnation, Timer.HEALTH));
        effects.add(new SlotEffect.Offer(incarnation));
        return effects.then(new Ready(incarnation, failures, service, false));
    }

    static Ending withCause(Ending state, @Nullable TransitionCause cause) {
        return new Ending(
                state.incarnation(),
                state.failures(),
                state.from(),
                state.service(),
                state.callId(),
                cause,
                state.retiring());
    }

    static Ending retiring(Ending state, @Nullable TransitionCause retiring) {
        return new Ending(
                state.incarnation(),
                state.failures(),
                state.from(),
                state.service(),
                state.callId(),
                state.cause(),
                retiring);
    }

    static TransitionCause firstOf(@Nullable TransitionCause first, TransitionCause otherwise) {
        return first != null ? first : otherwise;
    }

    static Step killed(Ending ending, TransitionCause cause, @Nullable TransitionCause retiring, Effects effects) {
        effects.add(new SlotEffect.Kill(ending.incarnation()));
        return leaving(ending, cause, retiring, effects);
    }

    static Step drained(Ending ending, TransitionCause cause, Effects effects) {
        effects.add(new SlotEffect.SendDrain(ending.incarnation()));
        return leaving(ending, cause, cause, effects);
    }

    static Step leaving(
            Ending ending, @Nullable TransitionCause cause, @Nullable TransitionCause retiring, Effects effects) {
        effects.add(new SlotEffect.StartTimer(ending.incarnation(), Timer.EXIT));
        return effects.then(retiring(withCause(ending, cause), retiring));
    }

    static boolean isTimer(SlotEvent event, Timer timer) {
        return event instanceof SlotEvent.TimerFired fired && fired.timer() == timer;
    }

    static Step same(SlotState state) {
        return new Step(state, List.of());
    }
}
