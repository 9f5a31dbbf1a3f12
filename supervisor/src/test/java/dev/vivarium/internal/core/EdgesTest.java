package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.AlertPolicy;
import dev.vivarium.OutlierPolicy;
import dev.vivarium.PoisonPolicy;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.RouterCore.Assignment;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState.Service;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The values at which decisions turn, and the numbers in what they say. */
class EdgesTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Nested
    class OfASlot {

        private final SlotCore core = new SlotCore(Duration.ofSeconds(30), 3, 3, true, true);

        private SlotState after(long readySince, long now) {
            SlotState ready = new SlotState.Ready(3, 4, new Service(readySince, 0), false);
            return core.on(ready, new SlotEvent.Exited(3, TransitionCause.CRASHED), now)
                    .state();
        }

        @ParameterizedTest(name = "ready for {0} s: {1} failures")
        @CsvSource({"29, 5", "30, 1", "31, 1"})
        void aWorkerThatHasBeenReadyForLongCountsAsStable(long seconds, int failures) {
            assertThat(after(100 * SECOND, (100 + seconds) * SECOND).failures()).isEqualTo(failures);
            assertThat(after(-10 * SECOND, (seconds - 10) * SECOND).failures()).isEqualTo(failures);
        }

        @Test
        void theNextIncarnationHasTheNextNumber() {
            SlotState.BackingOff waiting = new SlotState.BackingOff(3, 2);

            SlotCore.Step step = core.on(waiting, new SlotEvent.TimerFired(3, SlotEvent.Timer.BACKOFF), 0);

            assertThat(step.state()).isEqualTo(new SlotState.Starting(4, 2, false));
            assertThat(step.effects())
                    .containsExactly(
                            new SlotEffect.Moved(4, null, WorkerState.INITIALIZING, TransitionCause.STARTED),
                            new SlotEffect.Spawn(4),
                            new SlotEffect.StartTimer(4, SlotEvent.Timer.CONNECT));
        }

        @Test
        void anAnswerOfAWorkerThatNeverServedIsNone() {
            SlotState leaving = new SlotState.Ending(3, 0, WorkerState.INITIALIZING, null, 0, null, null);

            assertThat(core.on(leaving, new SlotEvent.Answered(3, 0), 0))
                    .isEqualTo(new SlotCore.Step(leaving, List.of()));
        }

        @Test
        void anAnswerThatWasOnItsWayWhenTheChannelClosedCounts() {
            SlotState leaving = new SlotState.Ending(3, 0, WorkerState.BUSY, new Service(0, 1), 7, null, null);

            assertThat(core.on(leaving, new SlotEvent.Answered(3, 7), 0).state())
                    .isEqualTo(new SlotState.Ending(3, 0, WorkerState.BUSY, new Service(0, 2), 0, null, null));
            assertThat(core.on(leaving, new SlotEvent.Answered(3, 8), 0).state())
                    .isEqualTo(leaving);
        }

        @ParameterizedTest(name = "{0}: {1}")
        @CsvSource({"RUNNING, FENCE", "OVERDUE, STACKS", "TIMED_OUT, FENCE", "CANCELLED, FENCE", "STUCK, STACKS"})
        void anAnswerStopsTheTimerOfItsRung(Rung rung, SlotEvent.Timer timer) {
            SlotState busy = new SlotState.Busy(3, 0, new Service(0, 4), 7, rung, null);

            SlotCore.Step step = core.on(busy, new SlotEvent.Answered(3, 7, Verdict.SOUND), 0);

            assertThat(step.state()).isEqualTo(new SlotState.Ready(3, 0, new Service(0, 5), false));
            assertThat(step.effects()).startsWith(new SlotEffect.StopTimer(timer));
        }

        @ParameterizedTest(name = "{0} failures allowed: {1}")
        @CsvSource({"1, Ending", "2, Degraded"})
        void aWorkerIsTriedOnlyWhereMoreThanOneFailureIsAllowed(int allowed, String next) {
            SlotCore strict = new SlotCore(Duration.ofSeconds(30), allowed, 1, true, true);
            SlotState pinged = new SlotState.Ready(3, 0, new Service(0, 0), true);

            SlotCore.Step step = strict.on(pinged, new SlotEvent.TimerFired(3, SlotEvent.Timer.PONG), 0);

            assertThat(step.state().getClass().getSimpleName()).isEqualTo(next);
        }
    }

    @Nested
    class OfTheRouter {

        private final RouterCore router = new RouterCore();

        @Test
        void aSoundWorkerIsAsFreeAsBeforeWhenItsAssignmentCameToNothing() {
            router.available(1, 1);
            router.submit(1, 100, 0);
            Assignment nothing = router.assign().get(0);
            assertThat(router.isIdle(1)).isFalse();

            router.free(nothing);
            router.submit(2, 100, 0);

            assertThat(router.assign()).containsExactly(new Assignment(2, 1, 1, false));
        }

        @Test
        void theCallThatHasWaitedLongestGoesFirstOfThoseThatAreHeldForIdleWorkers() {
            router.hold(2, 100, 5, 1);
            router.hold(1, 100, 3, 2);
            router.hold(3, 100, 3, 3);
            router.available(1, 1);
            router.available(2, 1);
            router.available(3, 1);

            assertThat(router.assign()).extracting(Assignment::callId).containsExactly(1L, 3L, 2L);
        }
    }

    @Nested
    class OfOutliers {

        private final OutlierPolicy policy =
                OutlierPolicy.DEFAULT.minCalls(10).factor(3).errorRate(0.5);
        private final OutlierCore core = new OutlierCore(policy);

        private Verdict answers(int slot, int failed, int sound) {
            for (int i = 0; i < sound; i++) {
                core.answered(slot, "work", false, 4, true, 0);
            }
            Verdict last = Verdict.NONE;
            for (int i = 0; i < failed; i++) {
                last = core.answered(slot, "work", true, 4, true, 0);
            }
            return last;
        }

        @Test
        void halfOfTheCallsAreEnough() {
            answers(2, 0, 10);
            answers(3, 0, 10);

            assertThat(answers(1, 9, 10)).isEqualTo(Verdict.RAISED);
            assertThat(core.answered(1, "work", true, 4, true, 0)).isEqualTo(Verdict.OUTLIER);
            assertThat(core.lastEjection()).isEqualTo(new OutlierCore.Ejection(20, 10, 0, policy.ejectFor()));
        }

        @Test
        void threeTimesTheRateOfTheOthersIsEnough() {
            answers(2, 2, 8);
            answers(3, 2, 8);

            assertThat(answers(1, 5, 4)).as("9 calls").isEqualTo(Verdict.RAISED);
            assertThat(core.answered(1, "work", true, 4, true, 0))
                    .as("6 of 10, where 2 were to be expected")
                    .isEqualTo(Verdict.OUTLIER);
            assertThat(core.lastEjection().expected()).isEqualTo(2.0);
        }

        @Test
        void lessThanThreeTimesTheRateOfTheOthersIsNot() {
            answers(2, 21, 79);
            answers(3, 21, 79);

            assertThat(answers(1, 6, 4)).isEqualTo(Verdict.RAISED);
        }

        @Test
        void theRateOfTheOthersIsTheirMedianInWhateverOrderTheyAre() {
            answers(3, 10, 0);
            answers(2, 0, 10);
            answers(5, 0, 10);

            assertThat(answers(1, 10, 0)).isEqualTo(Verdict.OUTLIER);
            assertThat(core.lastEjection().expected()).isZero();
        }

        @Test
        void onlyWhatPeersHaveAnsweredTooIsHeldAgainstAWorker() {
            answers(2, 0, 10);
            answers(3, 0, 10);
            answers(1, 8, 12);

            for (int i = 0; i < 20; i++) {
                core.answered(1, "its own", true, 4, true, 0);
            }

            assertThat(core.isEjected(1))
                    .as("28 of 40 failed, of those that can be compared 8 of 20")
                    .isFalse();
        }

        @Test
        void anAnswerThatIsAsOldAsTheWindowIsNone() {
            answers(2, 0, 10);
            long later = policy.window().toNanos();

            for (int i = 0; i < 10; i++) {
                core.answered(1, "work", true, 4, true, later);
            }

            assertThat(core.lastEjection().expected())
                    .as("nobody to compare with")
                    .isNaN();
        }

        @Test
        void aPeerThatHasNotAnsweredForLongIsNone() {
            answers(3, 0, 10);
            long later = 2 * policy.window().toNanos();
            for (int i = 0; i < 10; i++) {
                core.answered(2, "work", false, 4, true, later);
            }

            Verdict last = Verdict.NONE;
            for (int i = 0; i < 10; i++) {
                last = core.answered(1, "work", true, 4, true, later);
            }

            assertThat(last).isEqualTo(Verdict.OUTLIER);
            assertThat(core.lastEjection().expected()).isZero();
        }

        @Test
        void aWorkerOfWhichAllFailedIsExcusedByPeersThatHaveFailedToo() {
            core.answered(2, "work", true, 4, true, 0);

            assertThat(answers(1, 10, 0)).isEqualTo(Verdict.RAISED);
            assertThat(core.isEjected(1)).isFalse();
        }

        @Test
        void aWorkerOfWhichAllFailedIsNotExcusedByPeersThatHaveNot() {
            core.answered(2, "work", false, 4, true, 0);

            assertThat(answers(1, 10, 0)).isEqualTo(Verdict.OUTLIER);
            assertThat(core.lastEjection().expected()).isNaN();
        }

        @Test
        void anEjectedWorkerThatFailsIsAnOutlierUntilAThirdOfTheOthersCallsFail() {
            answers(2, 0, 10);
            answers(3, 0, 10);
            assertThat(answers(1, 10, 0)).isEqualTo(Verdict.OUTLIER);
            answers(2, 5, 0);
            answers(3, 5, 0);
            assertThat(core.answered(1, "work", true, 4, true, 0)).as("a third").isEqualTo(Verdict.OUTLIER);

            answers(2, 1, 0);
            answers(3, 1, 0);

            assertThat(core.answered(1, "work", true, 4, true, 0)).isEqualTo(Verdict.ALIKE);
        }

        @Test
        void earlierEjectionsAreForgottenWithTheSlotAndInTime() {
            answers(2, 0, 10);
            answers(3, 0, 10);
            answers(1, 10, 0);
            core.renewed(1);
            answers(1, 10, 0);
            assertThat(core.lastEjection().ejectFor())
                    .isEqualTo(policy.ejectFor().multipliedBy(2));

            core.forget(1);

            assertThat(core.isEjected(1)).isFalse();
            answers(1, 10, 0);
            assertThat(core.lastEjection().ejectFor()).isEqualTo(policy.ejectFor());
        }

        @ParameterizedTest(name = "after {0} windows: {1} times as long")
        @CsvSource({"9, 2", "10, 1"})
        void earlierEjectionsAreForgottenAfterTenWindows(int windows, int times) {
            answers(2, 0, 10);
            answers(1, 10, 0);
            core.renewed(1);
            long later = policy.window().toNanos() * windows;

            for (int i = 0; i < 10; i++) {
                core.answered(2, "work", false, 4, true, later);
                core.answered(1, "work", true, 4, true, later);
            }

            assertThat(core.lastEjection().ejectFor())
                    .isEqualTo(policy.ejectFor().multipliedBy(times));
        }
    }

    @Nested
    class OfTheRest {

        @Test
        void anAlertSaysWhatItFoundInPercent() {
            AlertCore alerts = new AlertCore(AlertPolicy.DEFAULT);

            assertThat(alerts.look(10, 3, List.of(), 1000 * SECOND))
                    .singleElement()
                    .extracting(alert -> alert.message())
                    .isEqualTo("3 of 10 calls failed within PT1M: 30 %, the limit is 10 %");
            assertThat(alerts.look(10, 3, List.of(), 1299 * SECOND)).isEmpty();
        }

        @Test
        void aCallThatIsNotSentAgainHasAReason() {
            assertThat(RetryCore.Decision.values())
                    .extracting(RetryCore.Decision::reason)
                    .containsExactly(
                            "it is sent again",
                            "it was not declared retry-safe, and the handler may have run",
                            "its retries are used up",
                            "its deadline has passed");
        }

        @Test
        void thereAreSuspectsAsLongAsOneIsLeft() {
            PoisonWatch watch = new PoisonWatch(PoisonPolicy.DEFAULT);
            assertThat(watch.isEmpty()).isTrue();
            watch.died(3, "a", 0);
            assertThat(watch.isEmpty()).isFalse();

            watch.survived(3, () -> "a");

            assertThat(watch.isEmpty()).isTrue();
        }

        @Test
        void aSlotIsDueOnce() {
            RecycleQueue queue = new RecycleQueue();
            assertThat(queue.due(1)).isTrue();
            assertThat(queue.due(1)).isFalse();
            queue.begin(1, 2);

            assertThat(queue.due(1)).as("being replaced").isFalse();
            assertThat(queue.due(2)).as("the replacement").isFalse();
            assertThat(queue.due(3)).isTrue();
        }

        @Test
        void whatTheKernelKilledHadSoMuchMemory() {
            ExitDiagnosis killed = ExitDiagnosis.of(9, 1, 3L * 1024);

            assertThat(killed.text()).endsWith("and it had used up to 3 MiB");
        }

        @Test
        void whatEndedByASignalIsNamedByIt() {
            assertThat(ExitDiagnosis.of(9, 0, 0).text()).isEqualTo("was killed from outside by SIGKILL");
            assertThat(ExitDiagnosis.of(40, 0, 0).text()).isEqualTo("was ended by signal 40");
        }

        @Test
        void aStallIsLookedForFourTimesWithinItsLimitAndNotMoreThanEachMillisecond() {
            assertThat(StallWatch.interval(Duration.ofSeconds(8))).isEqualTo(Duration.ofSeconds(2));
            assertThat(StallWatch.interval(Duration.ofMillis(1))).isEqualTo(Duration.ofMillis(1));
        }

        @Test
        void whatIsStoredIsOldAfterAQuarterOfItsTime() {
            StateLife life = new StateLife(Duration.ofSeconds(40));

            assertThat(life.isOld(10 * SECOND)).isFalse();
            assertThat(life.isOld(10 * SECOND + 1)).isTrue();
        }

        @Test
        void theOldestSampleOfAFullWindowIsTheOneThatIsOverwrittenNext() {
            CallRates rates = new CallRates();
            for (int i = 1; i <= 3 * CallRates.STEPS; i++) {
                rates.sample(i, 2L * i);

                assertThat(rates.calls()).isEqualTo(Math.min(i, CallRates.STEPS));
                assertThat(rates.failures()).isEqualTo(2 * rates.calls());
            }
        }

        @Test
        void aBusySlotIsFencedOrDegradedBeforeItIsBusy() {
            Service sick = new Service(0, 0, new SlotState.Illness(TransitionCause.OUTLIER, 0, 0));

            assertThat(new SlotState.Busy(1, 0, new Service(0, 0), 7, Rung.RUNNING, null).phase())
                    .isEqualTo(WorkerSnapshot.Phase.BUSY);
            assertThat(new SlotState.Busy(1, 0, new Service(0, 0), 7, Rung.CANCELLED, null).phase())
                    .isEqualTo(WorkerSnapshot.Phase.FENCED);
            SlotState.Busy probing = new SlotState.Busy(1, 0, sick, 7, Rung.RUNNING, null);
            assertThat(probing.phase()).isEqualTo(WorkerSnapshot.Phase.DEGRADED);
            assertThat(probing.illness()).isEqualTo(sick.illness());
        }
    }
}
