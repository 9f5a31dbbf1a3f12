package dev.vivarium.internal.core;

import static dev.vivarium.internal.core.SlotSamples.CALL;
import static dev.vivarium.internal.core.SlotSamples.CORE;
import static dev.vivarium.internal.core.SlotSamples.INC;
import static dev.vivarium.internal.core.SlotSamples.STABLE;
import static dev.vivarium.internal.core.SlotSamples.STATES;
import static dev.vivarium.internal.core.SlotSamples.describe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState.Service;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What several decisions of a worker slot make together, and random walks against what must always hold. */
class SlotLifeTest {

    @Nested
    class Restarting {

        private SlotEffect.@Nullable ScheduleRestart after(SlotState state, TransitionCause cause, long now) {
            return CORE.on(state, new SlotEvent.Exited(INC, cause), now).effects().stream()
                    .filter(SlotEffect.ScheduleRestart.class::isInstance)
                    .map(SlotEffect.ScheduleRestart.class::cast)
                    .findFirst()
                    .orElse(null);
        }

        private SlotState ready(int failures, long completed) {
            return new SlotState.Ready(INC, failures, new Service(0, completed), false);
        }

        @Test
        void isImmediateAfterTheDeathOfAWorkerThatAnswered() {
            assertThat(after(ready(0, 1), TransitionCause.CRASHED, 1))
                    .isEqualTo(new SlotEffect.ScheduleRestart(INC, 1, 0, TransitionCause.CRASHED));
            assertThat(after(ready(4, 1), TransitionCause.EXITED, 1))
                    .extracting("failures", "waits")
                    .containsExactly(1, 0);
        }

        @Test
        void waitsLongerWithEachFurtherDeathWithoutAnAnswer() {
            assertThat(after(ready(0, 0), TransitionCause.CRASHED, 1))
                    .extracting("failures", "waits")
                    .containsExactly(1, 1);
            assertThat(after(ready(4, 0), TransitionCause.EXITED, 1))
                    .extracting("failures", "waits")
                    .containsExactly(5, 5);
        }

        @Test
        void forgetsFailuresOfAWorkerThatWasStable() {
            assertThat(after(ready(7, 0), TransitionCause.CRASHED, STABLE.toNanos()))
                    .extracting("failures")
                    .isEqualTo(1);
            assertThat(after(ready(7, 0), TransitionCause.CRASHED, STABLE.toNanos() - 1))
                    .extracting("failures")
                    .isEqualTo(8);
        }

        @Test
        void isImmediateAndNotCountedAfterAKillFromOutside() {
            assertThat(after(ready(3, 0), TransitionCause.KILLED, 1))
                    .extracting("failures", "waits")
                    .containsExactly(3, 0);
        }

        @Test
        void countsAKillBeforeTheWorkerWasReady() {
            assertThat(after(new SlotState.Starting(INC, 3, true), TransitionCause.KILLED, 1))
                    .extracting("failures", "waits")
                    .containsExactly(4, 4);
        }
    }

    @Test
    void theFirstTrueCauseWins() {
        SlotCore.Step killed = CORE.on(STATES.get("timedOut"), new SlotEvent.TimerFired(INC, Timer.FENCE), 1);

        SlotCore.Step ended = CORE.on(killed.state(), new SlotEvent.Exited(INC, TransitionCause.KILLED), 1);

        assertThat(ended.effects()).contains(new SlotEffect.Ended(INC, TransitionCause.HUNG, CALL));
    }

    /** Checks, step by step, what must hold for every sequence of events. */
    private static final class Oracle {
        private final Set<Long> open = new HashSet<>();
        private int live;
        private boolean offered;
        private @Nullable WorkerState state;

        void leased(long call) {
            open.add(call);
        }

        void check(SlotCore.Step step, SlotEvent event) {
            if (event instanceof SlotEvent.Answered answered
                    && !step.effects().stream().anyMatch(SlotEffect.Kill.class::isInstance)) {
                open.remove(answered.callId());
            }
            for (SlotEffect effect : step.effects()) {
                if (effect instanceof SlotEffect.Spawn spawn) {
                    assertThat(live)
                            .as("a process while another is not released")
                            .isZero();
                    live = spawn.incarnation();
                } else if (effect instanceof SlotEffect.Release release) {
                    assertThat(release.incarnation()).isEqualTo(live);
                    live = 0;
                } else if (effect instanceof SlotEffect.RefuseLease refuse) {
                    assertThat(open.remove(refuse.callId()))
                            .as("a lease refused that was not given")
                            .isTrue();
                } else if (effect instanceof SlotEffect.Ended ended) {
                    open.remove(ended.callId());
                    assertThat(open)
                            .as("calls that nobody owns after the end of their worker")
                            .isEmpty();
                    offered = false;
                } else if (effect instanceof SlotEffect.Moved moved) {
                    assertThat(moved.from()).isEqualTo(moved.from() == null ? null : state);
                    assertThat(moved.from() == null || moved.from().canMoveTo(moved.to()))
                            .isTrue();
                    state = moved.to();
                } else if (effect instanceof SlotEffect.Offer || effect instanceof SlotEffect.OfferProbe) {
                    offered = true;
                    assertThat(open)
                            .as("an offer of a worker that owes an answer")
                            .isEmpty();
                } else if (effect instanceof SlotEffect.Withdraw || effect instanceof SlotEffect.SendCall) {
                    assertThat(offered)
                            .as("a worker leased or withdrawn that was not offered")
                            .isTrue();
                    offered = false;
                }
            }
            if (step.state() instanceof SlotState.Ready) {
                assertThat(offered).isTrue();
            }
            if (step.state() instanceof SlotState.Degraded degraded) {
                assertThat(offered).isEqualTo(degraded.offered());
                assertThat(degraded.illness().failed()).isLessThan(3);
                assertThat(degraded.illness().passed()).isLessThan(3);
            }
        }
    }

    @Test
    void randomWalksLoseNoCallNoLeaseAndNoProcess() {
        long seed = Long.getLong("vivarium.seed", new Random().nextLong());
        Random chance = new Random(seed);
        Set<String> covered = new HashSet<>();

        for (int walk = 0; walk < 3_000; walk++) {
            List<String> history = new ArrayList<>();
            Oracle oracle = new Oracle();
            SlotState state = SlotCore.initial(0);
            long call = 0;
            for (int i = 0; i < 60; i++) {
                SlotEvent event = next(chance, state, ++call);
                if (event instanceof SlotEvent.Leased leased) {
                    oracle.leased(leased.callId());
                }
                history.add(event.toString());
                SlotCore.Step step = CORE.on(state, event, i * 1_000_000_000L);
                covered.add(state.getClass().getSimpleName() + ">"
                        + step.state().getClass().getSimpleName());
                try {
                    oracle.check(step, event);
                } catch (AssertionError e) {
                    throw new AssertionError("repeat with -Dvivarium.seed=" + seed + "; after " + history, e);
                }
                state = step.state();
            }
        }

        assertThat(covered).as("edges walked, seed %d", seed).hasSizeGreaterThan(20);
    }

    /** Chooses an event that a driver, a router or a pool could send in this state, wrong moments included. */
    private static SlotEvent next(Random chance, SlotState state, long call) {
        int inc = state.incarnation();
        long running = state instanceof SlotState.Busy busy ? busy.callId() : 0;
        return switch (chance.nextInt(20)) {
            case 0, 1 -> new SlotEvent.Wanted();
            case 2 ->
                chance.nextInt(20) == 0 ? new SlotEvent.Unwanted(TransitionCause.RETIRED) : new SlotEvent.Hello(inc);
            case 3, 4 -> new SlotEvent.Hello(inc);
            case 5, 6 -> new SlotEvent.Loaded(inc);
            case 7, 8, 9 -> new SlotEvent.Leased(inc, call);
            case 10, 11 ->
                running != 0
                        ? new SlotEvent.Answered(
                                inc, running, Verdict.values()[chance.nextInt(Verdict.values().length)])
                        : new SlotEvent.Pong(inc);
            case 12 -> running != 0 ? over(chance, inc, running) : new SlotEvent.Pong(inc);
            case 13 -> new SlotEvent.ChannelClosed(inc);
            case 14 -> new SlotEvent.Exited(inc, TransitionCause.CRASHED);
            case 15 -> new SlotEvent.GuardianLost(inc);
            case 16 ->
                chance.nextInt(20) == 0
                        ? new SlotEvent.EndNow(TransitionCause.DRAINED)
                        : new SlotEvent.SpawnRefused(inc);
            case 17 -> chance.nextInt(5) == 0 ? new SlotEvent.Outgrown(inc) : new SlotEvent.Pong(inc);
            default -> new SlotEvent.TimerFired(inc, Timer.values()[chance.nextInt(Timer.values().length)]);
        };
    }

    private static SlotEvent over(Random chance, int inc, long running) {
        return switch (chance.nextInt(3)) {
            case 0 -> new SlotEvent.CallOver(inc, running);
            case 1 -> new SlotEvent.DeadlinePassed(inc, running);
            default -> new SlotEvent.StacksRead(inc);
        };
    }

    @Nested
    class ASickWorker {

        @Test
        void isEndedAtTheLastOfTheChecksThatItMayMiss() {
            List<String> steps = new ArrayList<>();
            SlotState state = STATES.get("readyPinged");

            for (int miss = 0; miss < 3; miss++) {
                SlotCore.Step step = CORE.on(state, new SlotEvent.TimerFired(INC, Timer.PONG), 1);
                steps.add(describe(step));
                state = step.state();
            }

            assertThat(steps.subList(0, 2)).allMatch(step -> step.startsWith("Degraded "));
            assertThat(steps.get(2)).startsWith("Ending UNHEALTHY ");
        }
    }

    @Nested
    class WithoutStacksOrTermination {

        private static final SlotCore SHORT = new SlotCore(STABLE, 3, 3, false, false);

        @Test
        void theCallerIsToldAtTheDeadline() {
            SlotCore.Step step = SHORT.on(STATES.get("busy"), new SlotEvent.DeadlinePassed(INC, CALL), 1);

            assertThat(describe(step)).isEqualTo("Busy TimeOutCall Climbed SendCancel StartTimer");
        }

        @Test
        void whatGoesOnIsKilled() {
            for (String state : List.of("timedOut", "cancelled")) {
                SlotCore.Step step = SHORT.on(STATES.get(state), new SlotEvent.TimerFired(INC, Timer.FENCE), 1);

                assertThat(describe(step)).isEqualTo("Ending HUNG StopTimer Climbed Kill StartTimer");
            }
        }
    }
}
