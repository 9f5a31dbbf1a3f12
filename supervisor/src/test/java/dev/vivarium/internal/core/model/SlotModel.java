package dev.vivarium.internal.core.model;

import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState;
import java.util.ArrayList;
import java.util.List;

/**
 * One slot's core alone, among those who send it every event at every moment, of its own incarnation and of another. What no
 * pool would do is in here as well, so it shows every change of state that the core can make.
 */
final class SlotModel implements Model<SlotState, SlotEvent> {

    private static final int INCARNATIONS = 3;
    private static final long CALL = 1;

    private final SlotDecisions core;
    private final Interner names = new Interner();

    SlotModel(SlotDecisions core) {
        this.core = core;
    }

    @Override
    public SlotState initial() {
        return SlotCore.initial(0);
    }

    @Override
    public List<SlotEvent> moves(SlotState state) {
        List<SlotEvent> events = new ArrayList<>();
        if (state.incarnation() <= INCARNATIONS) {
            events.add(new SlotEvent.Wanted());
            events.add(new SlotEvent.Unwanted(TransitionCause.RETIRED));
            events.add(new SlotEvent.EndNow(TransitionCause.DRAINED));
            addOf(state.incarnation(), events);
            addOf(state.incarnation() - 1, events);
        }
        return events;
    }

    private static void addOf(int incarnation, List<SlotEvent> events) {
        events.add(new SlotEvent.SpawnRefused(incarnation));
        events.add(new SlotEvent.Hello(incarnation));
        events.add(new SlotEvent.Loaded(incarnation));
        events.add(new SlotEvent.LoadFailed(incarnation));
        events.add(new SlotEvent.Leased(incarnation, CALL));
        for (SlotEvent.Verdict verdict : SlotEvent.Verdict.values()) {
            events.add(new SlotEvent.Answered(incarnation, CALL, verdict));
        }
        events.add(new SlotEvent.Answered(incarnation, CALL + 1));
        events.add(new SlotEvent.CallOver(incarnation, CALL));
        events.add(new SlotEvent.DeadlinePassed(incarnation, CALL));
        events.add(new SlotEvent.DeadlinePassed(incarnation, CALL + 1));
        events.add(new SlotEvent.StacksRead(incarnation));
        events.add(new SlotEvent.Pong(incarnation));
        events.add(new SlotEvent.Violated(incarnation));
        events.add(new SlotEvent.ChannelClosed(incarnation));
        events.add(new SlotEvent.Exited(incarnation, TransitionCause.CRASHED));
        events.add(new SlotEvent.Exited(incarnation, TransitionCause.KILLED));
        events.add(new SlotEvent.Outgrown(incarnation));
        events.add(new SlotEvent.GuardianLost(incarnation));
        for (Timer timer : Timer.values()) {
            events.add(new SlotEvent.TimerFired(incarnation, timer));
        }
    }

    @Override
    public SlotState after(SlotState state, SlotEvent event) {
        SlotCore.Step step = core.on(state, event, 0);
        boolean stale = event instanceof SlotEvent.OfIncarnation of && of.incarnation() != state.incarnation();
        if (stale && !step.state().equals(state)) {
            throw new Broken(Invariant.STALE_DOES_NOTHING, event + " changed " + state);
        }
        for (SlotEffect effect : step.effects()) {
            boolean illegal = effect instanceof SlotEffect.Moved moved
                    && moved.from() != null
                    && !moved.from().canMoveTo(moved.to());
            if (illegal || (stale && !(effect instanceof SlotEffect.RefuseLease))) {
                throw new Broken(Invariant.LEGAL_MOVES, event + " in " + state + " led to " + effect);
            }
        }
        return step.state();
    }

    @Override
    public void check(SlotState state) {
        if (state.incarnation() < 0 || state.failures() < 0) {
            throw new Broken(Invariant.LEGAL_MOVES, "counted below nothing: " + state);
        }
    }

    @Override
    public boolean isFair(SlotEvent event) {
        return true;
    }

    @Override
    public boolean isSettled(SlotState state) {
        return true; // Among such senders nothing comes to rest; what must come to rest is the pool's to show.
    }

    @Override
    public Fingerprint fingerprint(SlotState state) {
        return Fingerprint.of().with(names.of(SlotWorld.essence(state))).done();
    }
}
