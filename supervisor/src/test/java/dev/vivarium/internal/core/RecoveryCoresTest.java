package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.Alert;
import dev.vivarium.AlertPolicy;
import dev.vivarium.Circuit;
import dev.vivarium.CircuitBreakerPolicy;
import dev.vivarium.ErrorCategory;
import dev.vivarium.PoisonPolicy;
import dev.vivarium.RecoveryStrategy;
import dev.vivarium.RetryPolicy;
import dev.vivarium.RetryPolicy.Growth;
import dev.vivarium.Severity;
import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.CircuitBreaker.Closed;
import dev.vivarium.internal.core.CircuitBreaker.Entry;
import dev.vivarium.internal.core.CircuitBreaker.HalfOpen;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.core.CircuitBreaker.Pass;
import dev.vivarium.internal.core.CircuitBreaker.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The decision cores of recovery. */
class RecoveryCoresTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Nested
    class ADelay {

        private final RetryPolicy policy = RetryPolicy.DEFAULT
                .minDelay(Duration.ofMillis(100))
                .maxDelay(Duration.ofMillis(500))
                .jitter(0);

        private List<Long> millis(Growth growth) {
            return IntStream.rangeClosed(1, 6)
                    .mapToObj(n -> RetryDelays.delay(policy.growth(growth), n, Duration.ZERO, 0.5)
                            .toMillis())
                    .toList();
        }

        @Test
        void growsInItsWayUpToTheLimit() {
            assertThat(millis(Growth.LINEAR)).containsExactly(100L, 200L, 300L, 400L, 500L, 500L);
            assertThat(millis(Growth.EXPONENTIAL)).containsExactly(100L, 200L, 400L, 500L, 500L, 500L);
            assertThat(millis(Growth.FIBONACCI)).containsExactly(100L, 100L, 200L, 300L, 500L, 500L);
        }

        @Test
        void isDrawnBetweenTheFirstAndThreeTimesTheLastWhenDecorrelated() {
            RetryPolicy drawn = policy.growth(Growth.DECORRELATED);

            assertThat(RetryDelays.delay(drawn, 2, Duration.ofMillis(100), 0)).isEqualTo(Duration.ofMillis(100));
            assertThat(RetryDelays.delay(drawn, 2, Duration.ofMillis(100), 0.5)).isEqualTo(Duration.ofMillis(200));
            assertThat(RetryDelays.delay(drawn, 3, Duration.ofMillis(400), 1)).isEqualTo(Duration.ofMillis(500));
        }

        @ParameterizedTest
        @EnumSource(Growth.class)
        void neverExceedsItsLimitJitterIncluded(Growth growth) {
            Random random = new Random(7);
            RetryPolicy jittered = policy.growth(growth).jitter(1);
            Duration last = Duration.ZERO;

            for (int retry : new int[] {1, 2, 3, 10, 100, 1_000_000, Integer.MAX_VALUE}) {
                last = RetryDelays.delay(jittered, retry, last, random.nextDouble());
                assertThat(last).isBetween(Duration.ZERO, jittered.maxDelay());
            }
        }

        @Test
        void isShortenedAndLengthenedAroundWhatItGrewTo() {
            RetryPolicy halved = policy.growth(Growth.LINEAR).jitter(0.5);

            assertThat(RetryDelays.delay(halved, 2, Duration.ZERO, 0)).isEqualTo(Duration.ofMillis(100));
            assertThat(RetryDelays.delay(halved, 2, Duration.ZERO, 0.5)).isEqualTo(Duration.ofMillis(200));
            assertThat(RetryDelays.delay(halved, 2, Duration.ZERO, 1)).isEqualTo(Duration.ofMillis(300));
        }

        @Test
        void isNoneWhenNoneIsWanted() {
            RetryPolicy none = policy.minDelay(Duration.ZERO);

            assertThat(RetryDelays.delay(none, 9, Duration.ZERO, 1)).isZero();
        }
    }

    @Nested
    class ABudget {

        private int takeAll(RetryBudget budget, long accepted, long now) {
            int taken = 0;
            while (budget.take(accepted, now)) {
                taken++;
            }
            return taken;
        }

        @Test
        void beginsWithItsBurst() {
            assertThat(takeAll(new RetryBudget(RetryPolicy.DEFAULT, 0), 0, 0)).isEqualTo(10);
        }

        @Test
        void isATenthOfTheLoadInTheLongRun() {
            RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT.burst(0), 0);
            int taken = 0;

            for (int accepted = 1; accepted <= 1000; accepted++) {
                taken += budget.take(accepted, 0) ? 1 : 0;
            }

            assertThat(taken).isEqualTo(100);
        }

        @Test
        void doesNotSaveUpForEver() {
            RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT, 0);

            assertThat(takeAll(budget, 1_000_000, 0)).isEqualTo(10);
        }

        @Test
        void getsItsBurstBackInTenSeconds() {
            RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT, 0);
            takeAll(budget, 0, 0);

            assertThat(takeAll(budget, 0, 5 * SECOND)).isEqualTo(5);
            assertThat(takeAll(budget, 0, 3600 * SECOND)).isEqualTo(10);
        }

        @Test
        void getsNoMoreThanItsBurstBackHoweverLongItWaits() {
            RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT.burst(1).budget(0.5), 0);
            takeAll(budget, 0, 0);

            assertThat(takeAll(budget, 0, 3600 * SECOND)).isEqualTo(1);
        }

        @Test
        void savesUpForTenCallsWhereThatIsMoreThanItsBurst() {
            RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT.burst(1).budget(0.5), 0);

            assertThat(takeAll(budget, 1_000_000, 0)).isEqualTo(5);
        }

        @Test
        void isNothingWhenNothingIsAllowed() {
            assertThat(new RetryBudget(RetryPolicy.DEFAULT.burst(0).budget(0), 0).take(1_000_000, 3600 * SECOND))
                    .isFalse();
        }
    }

    @Nested
    class ABreaker {

        private final CircuitBreakerPolicy policy = CircuitBreakerPolicy.DEFAULT;
        private final CircuitBreaker core = new CircuitBreaker(policy);
        private State state = CircuitBreaker.initial();
        private long now;

        private Pass pass() {
            Entry entry = core.enter(state, now);
            state = entry.state();
            assertThat(entry.pass()).isNotNull();
            return entry.pass();
        }

        private void leave(Pass pass, Outcome outcome) {
            state = core.leave(state, pass, outcome, now);
        }

        private void open() {
            for (int i = 0; i < 5; i++) {
                leave(pass(), Outcome.BROKEN);
            }
            assertThat(state.name()).isEqualTo(Circuit.State.OPEN);
        }

        private void halfOpen() {
            open();
            now += policy.openFor().toNanos();
        }

        @Test
        void opensAfterFailuresInARowOnly() {
            for (int i = 0; i < 20; i++) {
                leave(pass(), i % 5 == 4 ? Outcome.SOUND : Outcome.BROKEN);
            }
            assertThat(state.name()).isEqualTo(Circuit.State.CLOSED);
            leave(pass(), Outcome.UNTOLD);
            open();
        }

        @Test
        void isToldNothingByACallThatSaysNothing() {
            for (int i = 0; i < 4; i++) {
                leave(pass(), Outcome.BROKEN);
                leave(pass(), Outcome.UNTOLD);
            }
            assertThat(state).isEqualTo(new Closed(0, 4));

            leave(pass(), Outcome.BROKEN);

            assertThat(state.name()).isEqualTo(Circuit.State.OPEN);
        }

        @Test
        void refusesUntilItsTimeIsOver() {
            open();

            now += policy.openFor().toNanos() - 1;

            assertThat(core.enter(state, now).pass()).isNull();
            assertThat(core.enter(state, now).retryAfterNanos()).isEqualTo(1);
            assertThat(core.enter(state, now + 1).pass()).isNotNull();
        }

        @Test
        void letsAFewThroughAtATimeWhenHalfOpen() {
            halfOpen();

            Pass first = pass();
            pass();
            pass();
            assertThat(core.enter(state, now).pass()).isNull();

            leave(first, Outcome.UNTOLD);
            assertThat(core.enter(state, now).pass()).isNotNull();
        }

        @Test
        void closesWhenEnoughProbesEndedWell() {
            halfOpen();
            for (int i = 0; i < 3; i++) {
                assertThat(state.name()).isNotEqualTo(Circuit.State.CLOSED);
                leave(pass(), Outcome.SOUND);
            }

            assertThat(state).isEqualTo(new Closed(1, 0));
        }

        @Test
        void opensAgainWhenAProbeBreaks() {
            halfOpen();
            leave(pass(), Outcome.SOUND);

            leave(pass(), Outcome.BROKEN);

            assertThat(state.name()).isEqualTo(Circuit.State.OPEN);
            assertThat(core.enter(state, now).retryAfterNanos())
                    .isEqualTo(policy.openFor().toNanos());
        }

        @Test
        void doesNotListenToWhatBeganBeforeItOpened() {
            Pass old = pass();
            halfOpen();
            pass();

            leave(old, Outcome.BROKEN);
            leave(old, Outcome.SOUND);

            assertThat(state.name()).isEqualTo(Circuit.State.HALF_OPEN);
        }

        @Test
        void doesNotListenToAProbeOfAnEarlierPeriod() {
            halfOpen();
            Pass late = pass();
            leave(pass(), Outcome.BROKEN);
            now += policy.openFor().toNanos();
            Pass probe = pass();
            State before = state;

            for (Outcome outcome : Outcome.values()) {
                leave(late, outcome);
                assertThat(state).as("after %s", outcome).isEqualTo(before);
            }

            assertThat(before).isEqualTo(new HalfOpen(probe.period(), 1, 0));
        }

        @Test
        void doesNotTakeAnOrdinaryCallForAProbe() {
            State half = new HalfOpen(1, 1, 0);

            assertThat(core.leave(half, new Pass(1, false), Outcome.SOUND, now)).isEqualTo(half);
        }

        @ParameterizedTest
        @EnumSource(
                value = Outcome.class,
                names = {"SOUND", "UNTOLD"})
        void hasItsPlaceBackWhenAProbeEndsThatDoesNotDecide(Outcome outcome) {
            CircuitBreaker one = new CircuitBreaker(policy.halfOpenCalls(1).successThreshold(5));
            State half = new HalfOpen(1, 0, 0);

            for (int i = 0; i < 4; i++) {
                Entry entry = one.enter(half, now);
                assertThat(entry.pass()).as("probe %d", i).isNotNull();
                assertThat(one.enter(entry.state(), now).pass()).isNull();
                half = one.leave(entry.state(), entry.pass(), outcome, now);
            }

            assertThat(half).isEqualTo(new HalfOpen(1, 0, outcome == Outcome.SOUND ? 4 : 0));
        }

        @Test
        void neverLosesAPlaceWhateverHappens() {
            for (long seed = 0; seed < 200; seed++) {
                state = CircuitBreaker.initial();
                now = 0;
                Random random = new Random(seed);
                List<Pass> out = new ArrayList<>();
                for (int step = 0; step < 300; step++) {
                    if (random.nextBoolean()) {
                        Entry entry = core.enter(state, now);
                        state = entry.state();
                        if (entry.pass() != null) {
                            out.add(entry.pass());
                        }
                    } else if (!out.isEmpty()) {
                        leave(
                                out.remove(random.nextInt(out.size())),
                                Outcome.values()[random.nextInt(Outcome.values().length)]);
                    }
                    now += random.nextInt(20) * SECOND;
                }
                out.forEach(pass -> leave(pass, Outcome.UNTOLD));
                now += policy.openFor().toNanos();

                assertThat(core.enter(state, now).pass()).as("seed %d", seed).isNotNull();
            }
        }
    }

    @Nested
    class APoisonWatch {

        private final PoisonWatch watch = new PoisonWatch(PoisonPolicy.DEFAULT);

        @Test
        void countsEqualCallsTogetherAndOthersApart() {
            assertThat(watch.died(3, "a", 0)).isEqualTo(1);
            assertThat(watch.died(3, "a", 0)).isEqualTo(2);
            assertThat(watch.died(3, "b", 0)).isEqualTo(1);

            assertThat(watch.isPoison(watch.deaths(3, () -> "a", 0))).isFalse();
            assertThat(watch.isPoison(watch.died(3, "a", 0))).isTrue();
        }

        @Test
        void asksForNoHashOfACallThatIsAsLongAsNoSuspect() {
            watch.died(3, "a", 0);

            assertThat(watch.deaths(
                            4,
                            () -> {
                                throw new AssertionError("hashed");
                            },
                            0))
                    .isZero();
        }

        @Test
        void forgetsAfterAWhileAndWhoSurvives() {
            watch.died(3, "a", 0);
            watch.died(3, "b", 300 * SECOND);
            watch.survived(3, () -> "b");
            assertThat(watch.deaths(3, () -> "b", 300 * SECOND)).isZero();

            assertThat(watch.deaths(3, () -> "a", 599 * SECOND)).isEqualTo(1);
            assertThat(watch.deaths(3, () -> "a", 600 * SECOND)).isZero();
            assertThat(watch.isEmpty()).isTrue();
        }

        @Test
        void countsAnewWhatDiesAgainAfterItWasForgotten() {
            watch.died(3, "a", 0);

            assertThat(watch.died(3, "a", 600 * SECOND)).isEqualTo(1);
        }

        @Test
        void forgetsByTheLastDeathOfEach() {
            watch.died(3, "a", 0);
            watch.died(3, "b", 100 * SECOND);
            watch.died(3, "a", 200 * SECOND);

            assertThat(watch.deaths(3, () -> "b", 700 * SECOND)).isZero();
            assertThat(watch.deaths(3, () -> "a", 700 * SECOND)).isEqualTo(2);
        }

        @Test
        void asksForNoHashAgainWhenTheLastSuspectOfALengthHasGone() {
            watch.died(3, "a", 0);
            watch.died(3, "b", 0);
            watch.survived(3, () -> "a");
            assertThat(watch.deaths(3, () -> "b", 0)).isEqualTo(1);
            watch.survived(3, () -> "b");

            assertThat(watch.deaths(
                            3,
                            () -> {
                                throw new AssertionError("hashed");
                            },
                            0))
                    .isZero();
        }

        @Test
        void isBounded() {
            for (int i = 0; i <= PoisonWatch.MAX_SUSPECTS; i++) {
                watch.died(3, "call " + i, i);
            }

            assertThat(watch.deaths(3, () -> "call 0", 0)).isZero();
            assertThat(watch.deaths(3, () -> "call 1", 0)).isEqualTo(1);
        }
    }

    @Nested
    class TheEndOfAWorker {

        @ParameterizedTest
        @CsvSource({
            "CRASHED, CONNECTION, MAJOR, true, BACKOFF_RETRY",
            "EXITED, CONNECTION, MAJOR, true, BACKOFF_RETRY",
            "OUT_OF_MEMORY, RESOURCE, MAJOR, true, FAILOVER",
            "MEMORY_LIMIT, RESOURCE, MAJOR, true, FAILOVER",
            "HUNG, TIMEOUT, MAJOR, true, BACKOFF_RETRY",
            "PROTOCOL_VIOLATION, COMMUNICATION, MAJOR, true, IMMEDIATE_RETRY",
            "UNHEALTHY, HEALTH_CHECK, MINOR, false, BACKOFF_RETRY",
            "KILLED, CONNECTION, MINOR, false, IMMEDIATE_RETRY",
            "GUARDIAN_LOST, CONNECTION, MINOR, false, IMMEDIATE_RETRY",
            "DRAINED, CONNECTION, MINOR, false, IMMEDIATE_RETRY",
            "LOAD_FAILED, INITIALIZATION, CRITICAL, true, CIRCUIT_BREAK"
        })
        void isClassified(
                TransitionCause cause,
                ErrorCategory category,
                Severity severity,
                boolean within,
                RecoveryStrategy strategy) {
            FailureTable.Failure failure = FailureTable.of(cause, 1);

            assertThat(failure).isEqualTo(new FailureTable.Failure(category, severity, within));
            assertThat(failure.strategy()).isEqualTo(strategy);
        }

        @Test
        void isWorseAfterManyAttempts() {
            assertThat(FailureTable.of(TransitionCause.CRASHED, 3).severity()).isEqualTo(Severity.MAJOR);
            assertThat(FailureTable.of(TransitionCause.CRASHED, 4).severity()).isEqualTo(Severity.CRITICAL);
            assertThat(FailureTable.of(TransitionCause.CRASHED, 4).strategy())
                    .isEqualTo(RecoveryStrategy.CIRCUIT_BREAK);
        }

        @Test
        void thatCameFromOutsideIsNeverWorse() {
            assertThat(FailureTable.of(TransitionCause.KILLED, 99).strategy())
                    .isEqualTo(RecoveryStrategy.IMMEDIATE_RETRY);
        }

        @Test
        void isNoneWhereTheCauseIsNone() {
            assertThatThrownBy(() -> FailureTable.of(TransitionCause.LEASED, 1)).hasMessageContaining("LEASED");
        }
    }

    @Nested
    class AWindow {

        private final CallRates rates = new CallRates();

        @Test
        void countsWhatHappenedWithinItAndNothingElse() {
            rates.sample(10, 5);
            assertThat(rates.calls()).isEqualTo(10);
            assertThat(rates.failures()).isEqualTo(5);

            for (int i = 1; i < CallRates.STEPS; i++) {
                rates.sample(10 + i, 5);
            }
            assertThat(rates.calls()).isEqualTo(10 + CallRates.STEPS - 1);

            rates.sample(100, 6);
            assertThat(rates.calls()).isEqualTo(90);
            assertThat(rates.failures()).isEqualTo(1);
        }

        @Test
        void isEmptyAgainWhenNothingHappens() {
            rates.sample(10, 5);
            for (int i = 0; i < CallRates.STEPS; i++) {
                rates.sample(10, 5);
            }

            assertThat(rates.calls()).isZero();
        }
    }

    @Nested
    class AnAlert {

        private final AlertCore core = new AlertCore(AlertPolicy.DEFAULT);
        private final List<Circuit> three =
                List.of(new Circuit("p", "a"), new Circuit("p", "b"), new Circuit("p", null));

        private List<Alert.Kind> kinds(long calls, long failed, List<Circuit> open, long now) {
            return core.look(calls, failed, open, now).stream().map(Alert::kind).toList();
        }

        @Test
        void isRaisedWhenATenthOfTheCallsFailAndOnlyOnceInAWhile() {
            assertThat(kinds(100, 9, List.of(), 0)).isEmpty();
            assertThat(kinds(100, 10, List.of(), 0)).containsExactly(Alert.Kind.HIGH_ERROR_RATE);
            assertThat(kinds(100, 99, List.of(), 299 * SECOND)).isEmpty();
            assertThat(kinds(100, 99, List.of(), 300 * SECOND)).containsExactly(Alert.Kind.HIGH_ERROR_RATE);
        }

        @Test
        void isNotRaisedByAHandfulOfCalls() {
            assertThat(kinds(9, 9, List.of(), 0)).isEmpty();
        }

        @Test
        void tellsOfEachBreakerThatOpensAndOfManyThatAre() {
            assertThat(kinds(0, 0, three.subList(0, 1), 0)).containsExactly(Alert.Kind.CIRCUIT_OPENED);
            assertThat(kinds(0, 0, three.subList(0, 1), 0)).isEmpty();
            assertThat(kinds(0, 0, three, 0))
                    .containsExactly(
                            Alert.Kind.CIRCUIT_OPENED, Alert.Kind.CIRCUIT_OPENED, Alert.Kind.MANY_CIRCUITS_OPEN);
        }

        @Test
        void isNoneWhenTheyAreSwitchedOff() {
            assertThat(new AlertCore(AlertPolicy.DEFAULT.enabled(false)).look(100, 100, three, 0))
                    .isEmpty();
        }
    }
}
