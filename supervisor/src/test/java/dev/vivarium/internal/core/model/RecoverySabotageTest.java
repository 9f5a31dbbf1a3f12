package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.core.RetryCore;
import dev.vivarium.internal.core.model.PoolModel.Parts;
import dev.vivarium.internal.recovery.Recovery;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bugs planted around the recovery: each must be caught, by the invariant that it breaks. Without them it is clean. */
class RecoverySabotageTest {

    private record Bug(String name, Parts parts, Scenario scenario, Invariant breaks) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Bug> bugs() {
        return Stream.concat(bugsOfDelays(), bugsOfDecisions());
    }

    private static Stream<Bug> bugsOfDelays() {
        Parts real = Parts.real();
        Scenario delayed = RecoveryScenarios.delayed();
        return Stream.of(
                new Bug(
                        "the timers of delayed calls end with a router that fails",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void resumeDelays(PoolWorld world) {}
                        }),
                        delayed,
                        Invariant.WAY_BACK),
                new Bug(
                        "the timer of the deadlines ends with a router that fails",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void resumeDeadlines(PoolWorld world) {}
                        }),
                        RecoveryScenarios.smaller(),
                        Invariant.WAY_BACK),
                new Bug(
                        "a pool that closes keeps its delayed calls",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void refuseDelayed(PoolWorld world) {}

                            @Override
                            void onRetryDue(PoolWorld world, CallWorld call) {
                                if (world.refusing) {
                                    call.retryTimer = false;
                                } else {
                                    super.onRetryDue(world, call);
                                }
                            }
                        }),
                        delayed,
                        Invariant.WAY_BACK),
                new Bug(
                        "a delayed call is queued at once as well",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void delay(PoolWorld world, CallWorld call, int until) {
                                super.delay(world, call, until);
                                world.routerToChange()
                                        .giveBack(call.id, world.order(call.id).deadline(), world.time);
                            }
                        }),
                        delayed,
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a delayed call is nowhere",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void delay(PoolWorld world, CallWorld call, int until) {}
                        }),
                        delayed,
                        Invariant.LEASES_CONSERVED));
    }

    private static Stream<Bug> bugsOfDecisions() {
        Parts real = Parts.real();
        return Stream.of(
                new Bug(
                        "a call that ended keeps its leave",
                        real.recovery(new RecoveryActor() {
                            @Override
                            void ended(PoolWorld world, CallWorld call, Outcome outcome) {}
                        }),
                        RecoveryScenarios.halfOpen(),
                        Invariant.PLACES_CONSERVED),
                new Bug(
                        "a call that hung keeps its leave when its worker is off it",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void released(PoolWorld world, int call, boolean within) {}
                        }),
                        RecoveryScenarios.hanging(),
                        Invariant.PLACES_CONSERVED),
                new Bug(
                        "a place is not free again when its call has ended",
                        real.recovery(new Miscounting(1)),
                        RecoveryScenarios.halfOpen(),
                        Invariant.PLACES_CONSERVED),
                new Bug(
                        "a place is given back twice",
                        real.recovery(new Miscounting(-1)),
                        RecoveryScenarios.halfOpen(),
                        Invariant.PLACES_CONSERVED),
                new Bug(
                        "a call is sent again though no breaker lets it through",
                        real.recovery(new RecoveryActor() {
                            @Override
                            Recovery.Verdict afterLoss(PoolWorld world, CallWorld call, Scenario.Call order) {
                                Recovery.Verdict verdict = super.afterLoss(world, call, order);
                                return order.retrySafe() && !call.isDone()
                                        ? new Recovery.Retry(Duration.ZERO)
                                        : verdict;
                            }
                        }),
                        RecoveryScenarios.brokenRetries(),
                        Invariant.PLACES_CONSERVED),
                new Bug(
                        "the deaths that calls caused are forgotten",
                        real.recovery(new RecoveryActor() {
                            @Override
                            Recovery.Verdict afterLoss(PoolWorld world, CallWorld call, Scenario.Call order) {
                                world.recovery.state.forgetSuspects();
                                return super.afterLoss(world, call, order);
                            }
                        }),
                        RecoveryScenarios.poison(),
                        Invariant.POISON_IS_REFUSED),
                new Bug(
                        "retries cost nothing",
                        real.recovery(new RecoveryActor() {
                            @Override
                            Recovery.Verdict afterLoss(PoolWorld world, CallWorld call, Scenario.Call order) {
                                world.recovery.state.giveAway(1);
                                return super.afterLoss(world, call, order);
                            }
                        }),
                        RecoveryScenarios.budget(),
                        Invariant.RETRIES_ARE_PAID));
    }

    /** Gives a probe's place back wrongly. */
    private static final class Miscounting extends RecoveryActor {
        private final int by;

        Miscounting(int by) {
            this.by = by;
        }

        @Override
        void ended(PoolWorld world, CallWorld call, Outcome outcome) {
            super.ended(world, call, outcome);
            world.recovery.state.miscount(by);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bugs")
    void eachBugIsCaughtByTheInvariantThatItBreaks(Bug bug) {
        PoolModel model = new PoolModel(bug.scenario(), bug.parts());

        Exploration<Move> found = Explorer.explore(model, 300_000);

        System.out.println("planted: " + bug + ": " + found.report());
        assertThat(found.isClean()).as("nothing was found").isFalse();
        assertThat(found.violation().invariant()).as(found::report).isEqualTo(bug.breaks());
    }
}
