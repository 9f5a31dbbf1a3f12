package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState.Illness;
import dev.vivarium.internal.core.SlotState.Service;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** One state of a slot of each kind that its core tells apart, and one event of each kind. */
final class SlotSamples {

    static final int INC = 3;
    static final long CALL = 77;
    static final Duration STABLE = Duration.ofSeconds(30);
    static final SlotCore CORE = new SlotCore(STABLE, 3, 3, true, true);

    static final Map<String, SlotState> STATES = new LinkedHashMap<>();
    static final Map<String, SlotEvent> EVENTS = new LinkedHashMap<>();

    static {
        Service fresh = new Service(0, 0);
        STATES.put("vacant", new SlotState.Vacant(INC, 0));
        STATES.put("backingOff", new SlotState.BackingOff(INC, 2));
        STATES.put("connecting", new SlotState.Starting(INC, 0, false));
        STATES.put("loading", new SlotState.Starting(INC, 0, true));
        STATES.put("ready", new SlotState.Ready(INC, 0, fresh, false));
        STATES.put("readyPinged", new SlotState.Ready(INC, 0, fresh, true));
        STATES.put("busy", new SlotState.Busy(INC, 0, fresh, CALL, Rung.RUNNING, null));
        STATES.put("busyRetiring", new SlotState.Busy(INC, 0, fresh, CALL, Rung.RUNNING, TransitionCause.RETIRED));
        STATES.put("overdue", new SlotState.Busy(INC, 0, fresh, CALL, Rung.OVERDUE, null));
        STATES.put("timedOut", new SlotState.Busy(INC, 0, fresh, CALL, Rung.TIMED_OUT, null));
        STATES.put("cancelled", new SlotState.Busy(INC, 0, fresh, CALL, Rung.CANCELLED, null));
        STATES.put("stuck", new SlotState.Busy(INC, 0, fresh, CALL, Rung.STUCK, null));
        STATES.put("sick", degraded(sick(1, 0), true, false));
        STATES.put("sickTwice", degraded(sick(2, 0), true, false));
        STATES.put("sickPassed", degraded(sick(0, 1), false, true));
        STATES.put("sickPassedTwice", degraded(sick(0, 2), true, true));
        STATES.put("ejected", degraded(outlier(0, 0), false, false));
        STATES.put("outlierTried", degraded(outlier(2, 0), true, true));
        STATES.put("probing", new SlotState.Busy(INC, 0, fresh.with(outlier(0, 0)), CALL, Rung.RUNNING, null));
        STATES.put("probingLast", new SlotState.Busy(INC, 0, fresh.with(outlier(2, 2)), CALL, Rung.RUNNING, null));
        STATES.put("probingSick", new SlotState.Busy(INC, 0, fresh.with(sick(0, 2)), CALL, Rung.RUNNING, null));
        STATES.put("leaving", new SlotState.Ending(INC, 0, WorkerState.BUSY, fresh, CALL, null, null));
        STATES.put("killed", new SlotState.Ending(INC, 0, WorkerState.BUSY, fresh, CALL, TransitionCause.HUNG, null));
        STATES.put(
                "retiring",
                new SlotState.Ending(
                        INC, 0, WorkerState.READY, fresh, 0, TransitionCause.RETIRED, TransitionCause.RETIRED));
        STATES.put("retired", new SlotState.Retired(INC, 0));

        EVENTS.put("wanted", new SlotEvent.Wanted());
        EVENTS.put("unwanted", new SlotEvent.Unwanted(TransitionCause.RETIRED));
        EVENTS.put("endNow", new SlotEvent.EndNow(TransitionCause.DRAINED));
        EVENTS.put("refused", new SlotEvent.SpawnRefused(INC));
        EVENTS.put("hello", new SlotEvent.Hello(INC));
        EVENTS.put("loaded", new SlotEvent.Loaded(INC));
        EVENTS.put("loadFailed", new SlotEvent.LoadFailed(INC));
        EVENTS.put("leased", new SlotEvent.Leased(INC, CALL));
        EVENTS.put("answered", new SlotEvent.Answered(INC, CALL));
        EVENTS.put("answeredOther", new SlotEvent.Answered(INC, CALL + 1));
        EVENTS.put("answeredSound", new SlotEvent.Answered(INC, CALL, Verdict.SOUND));
        EVENTS.put("answeredRaised", new SlotEvent.Answered(INC, CALL, Verdict.RAISED));
        EVENTS.put("answeredAlike", new SlotEvent.Answered(INC, CALL, Verdict.ALIKE));
        EVENTS.put("answeredOutlier", new SlotEvent.Answered(INC, CALL, Verdict.OUTLIER));
        EVENTS.put("deadline", new SlotEvent.DeadlinePassed(INC, CALL));
        EVENTS.put("deadlineOther", new SlotEvent.DeadlinePassed(INC, CALL + 1));
        EVENTS.put("stacksRead", new SlotEvent.StacksRead(INC));
        EVENTS.put("callOver", new SlotEvent.CallOver(INC, CALL));
        EVENTS.put("pong", new SlotEvent.Pong(INC));
        EVENTS.put("violated", new SlotEvent.Violated(INC));
        EVENTS.put("channelClosed", new SlotEvent.ChannelClosed(INC));
        EVENTS.put("outgrown", new SlotEvent.Outgrown(INC));
        EVENTS.put("exited", new SlotEvent.Exited(INC, TransitionCause.CRASHED));
        EVENTS.put("guardianLost", new SlotEvent.GuardianLost(INC));
        for (Timer timer : Timer.values()) {
            EVENTS.put("timer" + timer, new SlotEvent.TimerFired(INC, timer));
        }
    }

    private static Illness sick(int failed, int passed) {
        return new Illness(TransitionCause.HEALTH_CHECK_FAILED, failed, passed);
    }

    private static Illness outlier(int failed, int passed) {
        return new Illness(TransitionCause.OUTLIER, failed, passed);
    }

    private static SlotState degraded(Illness illness, boolean checking, boolean offered) {
        return new SlotState.Degraded(INC, 0, new Service(0, 0), illness, checking, offered);
    }

    private SlotSamples() {}

    /** Names the next state, the cause of an end, and the effects, as the table does. */
    static String describe(SlotCore.Step step) {
        String effects =
                step.effects().stream().map(e -> e.getClass().getSimpleName()).collect(Collectors.joining(" "));
        String cause = "";
        if (step.state() instanceof SlotState.Ending ending) {
            cause = (ending.cause() == null ? "-" : ending.cause()) + " ";
        }
        return step.state().getClass().getSimpleName() + " " + cause + (effects.isEmpty() ? "." : effects);
    }
}
