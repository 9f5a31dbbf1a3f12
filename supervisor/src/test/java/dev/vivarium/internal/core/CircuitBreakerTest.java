package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Circuit;
import dev.vivarium.CircuitBreakerPolicy;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a circuit breaker lets calls through. */
class CircuitBreakerTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

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

    @Test
    void keepsWhatProbesHaveShownWhenAnotherSaysNothing() {
        State half = new HalfOpen(1, 1, 2);

        assertThat(core.leave(half, new Pass(1, true), Outcome.UNTOLD, now)).isEqualTo(new HalfOpen(1, 0, 2));
    }

    @Test
    void doesNotSayWhenToTryAgainWhereThatDependsOnItsProbes() {
        Entry refused = core.enter(new HalfOpen(1, 3, 0), now);

        assertThat(refused.pass()).isNull();
        assertThat(refused.retryAfterNanos()).isZero();
    }

    @Test
    void takesOnlyWhatItLetsThroughWhileHalfOpenForProbes() {
        assertThat(pass()).isEqualTo(new Pass(0, false));
        halfOpen();

        assertThat(pass()).isEqualTo(new Pass(1, true));
        assertThat(pass()).isEqualTo(new Pass(1, true));
    }
}
