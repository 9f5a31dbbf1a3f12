package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.RetryCore;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.internal.core.model.PoolModel.Parts;
import dev.vivarium.protocol.Execution;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bugs planted in the wiring and in the cores: each must be caught, by the invariant that it breaks. */
class SabotageTest {

    private static final Scenario TWO = Scenario.named("two slots, two calls");
    private static final Scenario ONE =
            TWO.slots(1).calls(new Scenario.Call(true, 1, 1)).until(1);

    private record Bug(String name, Parts parts, Scenario scenario, Invariant breaks) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Bug> bugs() {
        return Stream.concat(bugsOfSlots(), Stream.concat(bugsOfTheRouter(), bugsOfTheRest()));
    }

    private static Stream<Bug> bugsOfSlots() {
        Parts real = Parts.real();
        return Stream.of(
                new Bug(
                        "a call whose worker died is not given back",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void lost(SlotWorld slot, LinkWorld link, int call) {}
                        }),
                        TWO.with(1, Adversity.CRASH),
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a lease that cannot be taken is dropped",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void refuse(SlotWorld slot, long id) {
                                slot.leasing = 0;
                            }
                        }),
                        TWO.with(1, Adversity.CRASH),
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a retired slot stops before the router has forgotten it",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void retire(SlotWorld slot) {
                                super.retire(slot);
                                slot.stopped = true;
                            }
                        }),
                        TWO.with(1, Adversity.DISMISS),
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a worker is not offered again after its call",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void offer(SlotWorld slot, int incarnation) {
                                if (slot.link != null && slot.link.finished == 0) {
                                    super.offer(slot, incarnation);
                                }
                            }
                        }),
                        TWO,
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "the backoff timer is not started",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void scheduleRestart(SlotWorld slot, SlotEffect.ScheduleRestart restart) {}
                        }),
                        TWO.with(1, Adversity.CRASH),
                        Invariant.WAY_BACK),
                new Bug(
                        "a call that its living worker has not started is said never to start",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            Execution executionOfLate(LinkWorld link, int call) {
                                return link.executionOf(call);
                            }
                        }),
                        TWO.until(1),
                        Invariant.EXECUTION_IS_KNOWN),
                new Bug(
                        "a dead worker's link may still end its call",
                        real.slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            boolean takeBack(LinkWorld link, int call) {
                                return true;
                            }
                        }),
                        ONE.with(1, Adversity.GUARDIAN_LOST),
                        Invariant.NO_FOREIGN_ANSWER));
    }

    private static Stream<Bug> bugsOfTheRouter() {
        Parts real = Parts.real();
        return Stream.of(
                new Bug(
                        "a call that comes back is not queued",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void again(PoolWorld world, CallWorld call) {
                                call.requeue();
                            }
                        }),
                        TWO.with(1, Adversity.CRASH),
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a lease is sent twice",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void lease(PoolWorld world, SlotWorld slot, int incarnation, int call) {
                                super.lease(world, slot, incarnation, call);
                                super.lease(world, slot, incarnation, call);
                            }
                        }),
                        TWO,
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a worker whose call was cancelled in the queue is not free again",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void free(PoolWorld world, RouterCore.Assignment assignment) {}
                        }),
                        TWO.with(1, Adversity.CANCEL),
                        Invariant.LEASES_CONSERVED),
                new Bug(
                        "a call that may have run is repeated though it is not retry-safe",
                        real.router(new RouterActor((execution, safe, failed, most, remaining) ->
                                RetryCore.decide(execution, true, failed, most, remaining))),
                        TWO.with(1, Adversity.CRASH),
                        Invariant.EXECUTION_IS_KNOWN),
                new Bug(
                        "the deadlines of waiting calls are not looked at",
                        real.router(new RouterActor(RetryCore::decide) {
                            @Override
                            void onDeadline(PoolWorld world) {
                                world.nextDeadline = PoolWorld.NEVER;
                            }
                        }),
                        ONE.with(1, Adversity.DISMISS),
                        Invariant.WAY_BACK));
    }

    private static Stream<Bug> bugsOfTheRest() {
        return Stream.of(
                new Bug(
                        "an event of an old incarnation is taken for one of the new",
                        Parts.with((state, event, now) -> SlotDecisions.REAL.on(state, renewed(state, event), now)),
                        ONE.with(1, Adversity.GUARDIAN_LOST),
                        Invariant.STALE_DOES_NOTHING),
                new Bug(
                        "a late answer ends a call a second time",
                        Parts.real().environment(new Environment() {
                            @Override
                            void readReply(PoolWorld world, SlotWorld slot, LinkWorld link) {
                                world.call(link.reply).outcomes++;
                                super.readReply(world, slot, link);
                            }
                        }),
                        TWO.until(1),
                        Invariant.ONE_OUTCOME),
                new Bug(
                        "a deadline does not reach the worker",
                        Parts.real().slot(new SlotActor(SlotDecisions.REAL) {
                            @Override
                            void onDeadline(PoolWorld world, SlotWorld slot) {
                                slot.deadlineCall = 0;
                                slot.deadlineIncarnation = 0;
                            }
                        }),
                        ONE.with(1, Adversity.HANG),
                        Invariant.WAY_BACK),
                new Bug(
                        "a worker that ends is not published",
                        Parts.with(SabotageTest::unpublished),
                        TWO.with(1, Adversity.CRASH),
                        Invariant.LEGAL_MOVES));
    }

    private static SlotEvent renewed(SlotState state, SlotEvent event) {
        return event instanceof SlotEvent.ChannelClosed ? new SlotEvent.ChannelClosed(state.incarnation()) : event;
    }

    private static SlotCore.Step unpublished(SlotState state, SlotEvent event, long now) {
        SlotCore.Step step = SlotDecisions.REAL.on(state, event, now);
        return new SlotCore.Step(
                step.state(),
                step.effects().stream()
                        .filter(e -> !(e instanceof SlotEffect.Moved moved && moved.cause() == TransitionCause.CRASHED))
                        .toList());
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

    @ParameterizedTest(name = "{0}")
    @MethodSource("bugs")
    void withoutTheBugTheSameScenarioIsClean(Bug bug) {
        Exploration<Move> found = Explorer.explore(new PoolModel(bug.scenario(), Parts.real()), 300_000);

        assertThat(found.isClean()).as(found::report).isTrue();
    }
}
