package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState.Illness;
import dev.vivarium.internal.core.SlotState.Service;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How a degraded worker is tried, comes back, or ends. */
class DegradedCoreTest {

    private static final int INC = 3;
    private static final long CALL = 77;
    private static final SlotCore CORE = new SlotCore(Duration.ofSeconds(30), 3, 3, true, true);

    private static Illness outlier(int failed, int passed) {
        return new Illness(TransitionCause.OUTLIER, failed, passed);
    }

    private SlotState state = new SlotState.Ready(INC, 0, new Service(0, 0), true);

    /** Feeds an event and returns what it made the slot do. */
    private List<String> then(SlotEvent event) {
        SlotCore.Step step = CORE.on(state, event, 1);
        state = step.state();
        return step.effects().stream()
                .map(effect -> effect instanceof SlotEffect.StartTimer start
                        ? "Start" + start.timer()
                        : effect.getClass().getSimpleName())
                .toList();
    }

    private List<String> passes(Timer timer) {
        return then(new SlotEvent.TimerFired(INC, timer));
    }

    private void probe(Verdict verdict) {
        assertThat(then(new SlotEvent.Leased(INC, CALL))).contains("SendCall").doesNotContain("Moved");
        then(new SlotEvent.Answered(INC, CALL, verdict));
    }

    private Illness illness() {
        return Objects.requireNonNull(state.illness());
    }

    private void eject() {
        then(new SlotEvent.Leased(INC, CALL));
        assertThat(then(new SlotEvent.Answered(INC, CALL, Verdict.OUTLIER))).contains("Moved", "StartEJECTION");
    }

    @Test
    void getsNoCallUntilItHasAnsweredACheckAgain() {
        assertThat(passes(Timer.PONG)).containsExactly("Withdraw", "Moved", "SendPing", "StartPONG");
        assertThat(then(new SlotEvent.Leased(INC, CALL))).containsExactly("RefuseLease");

        assertThat(then(new SlotEvent.Pong(INC))).contains("OfferProbe");

        assertThat(then(new SlotEvent.Leased(INC, CALL))).contains("SendCall");
    }

    @Test
    void comesBackAfterThreePassesInARowOfChecksAndCalls() {
        passes(Timer.PONG);
        then(new SlotEvent.Pong(INC));
        probe(Verdict.SOUND);
        passes(Timer.PROBE);
        passes(Timer.PONG); // A miss: it begins again.
        then(new SlotEvent.Pong(INC));
        probe(Verdict.RAISED); // It ran what it was given.
        passes(Timer.PROBE);

        assertThat(then(new SlotEvent.Pong(INC))).containsExactly("StopTimer", "Moved", "StartHEALTH", "Offer");
    }

    @Test
    void isNotTakenForWellByAnswersToOldChecks() {
        passes(Timer.PONG);
        then(new SlotEvent.Pong(INC));

        then(new SlotEvent.Pong(INC));
        then(new SlotEvent.Pong(INC));

        assertThat(illness()).isEqualTo(new Illness(TransitionCause.HEALTH_CHECK_FAILED, 0, 1));
    }

    @Test
    void getsOneCallInEachInterval() {
        eject();
        assertThat(passes(Timer.EJECTION)).contains("OfferProbe");

        probe(Verdict.SOUND);

        assertThat(then(new SlotEvent.Leased(INC, CALL + 1))).containsExactly("RefuseLease");
        assertThat(passes(Timer.PROBE)).contains("OfferProbe");
        probe(Verdict.RAISED);
        assertThat(illness()).isEqualTo(outlier(0, 1));
    }

    @Test
    void endsAfterThreeFailuresInARow() {
        eject();
        passes(Timer.EJECTION);
        probe(Verdict.OUTLIER);
        passes(Timer.PROBE);
        passes(Timer.PONG);
        then(new SlotEvent.Pong(INC));
        passes(Timer.PROBE);
        assertThat(illness()).isEqualTo(outlier(2, 0));

        probe(Verdict.OUTLIER);

        assertThat(state).isInstanceOfSatisfying(SlotState.Ending.class, ending -> {
            assertThat(ending.cause()).isEqualTo(TransitionCause.UNHEALTHY);
            assertThat(ending.from()).isEqualTo(WorkerState.DEGRADED);
            assertThat(ending.callId()).isZero();
        });
    }

    @Test
    void thatIsAnOutlierIsNotCuredByAnsweringChecks() {
        eject();
        passes(Timer.EJECTION);

        for (int i = 0; i < 5; i++) {
            then(new SlotEvent.Pong(INC));
            passes(Timer.PROBE);
        }

        assertThat(illness()).isEqualTo(outlier(0, 0));
    }

    @Test
    void endsInItsPublishedStateWhenItsProbeEndsIt() {
        eject();
        passes(Timer.EJECTION);
        then(new SlotEvent.Leased(INC, CALL));

        SlotCore.Step step = CORE.on(state, new SlotEvent.Exited(INC, TransitionCause.CRASHED), 1);

        assertThat(step.effects())
                .contains(
                        new SlotEffect.Moved(
                                INC, WorkerState.DEGRADED, WorkerState.TERMINATED, TransitionCause.CRASHED),
                        new SlotEffect.Ended(INC, TransitionCause.CRASHED, CALL));
    }
}
