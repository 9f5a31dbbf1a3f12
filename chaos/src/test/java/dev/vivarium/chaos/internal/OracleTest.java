package dev.vivarium.chaos.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.Expectation;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import dev.vivarium.chaos.Verdict;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.SessionHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Each checker finds what it looks for, and nothing else; trouble of the measurement is not the pool's. */
class OracleTest {

    private static final long SECOND = 1_000_000_000;

    private final Scenario scenario = Scenario.builder("oracle")
            .workers(2)
            .load(new LoadSpec(
                    "constant:10:10s", Map.of(LoadSpec.SAFE, 1), Duration.ZERO, Duration.ofSeconds(2), 1, 100))
            .steady(new SteadyState(Duration.ofSeconds(2), 1, Duration.ofMillis(100)))
            .fault(Duration.ZERO, new ChaosFault.Hung(), Targets.ONE)
            .recover(Duration.ofSeconds(3))
            .expect("ok >= 99%", "p99(during) <= 50ms", "recovery <= 1s")
            .build();
    private final Schedule schedule = Schedule.of(scenario, 1);

    private final List<Call> calls = new ArrayList<>();
    private final List<Struck> struck = new ArrayList<>();
    private final List<Leak> leaks = new ArrayList<>();
    private final List<SessionHistory.Finding> sessions = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();
    private final List<Ledger.Finding> ledger = new ArrayList<>();
    private final List<Watch.Outage> outages = new ArrayList<>();
    private final List<Long> restarts = new ArrayList<>();
    private Facts.Machine machine = new Facts.Machine(2, 1, 0, 0);
    private int exits;
    private int waiting;
    private long violations;
    private long recovered = 12 * SECOND;

    OracleTest() {
        for (int i = 0; i < 100; i++) {
            call(i, Call.Outcome.OK, 10);
        }
        Struck hung = new Struck(schedule.faults().get(0), 1, 2 * SECOND);
        hung.land(2 * SECOND);
        hung.heal(3 * SECOND);
        struck.add(hung);
    }

    private Call call(int number, Call.Outcome outcome, long millis) {
        long due = SECOND + number * SECOND / 10;
        Call call = new Call(number, LoadSpec.SAFE, due, due);
        if (outcome == Call.Outcome.FAILED) {
            call.end(outcome, due + millis * 1_000_000, 1, "CallTimedOut", Execution.UNKNOWN);
        } else if (outcome != Call.Outcome.OPEN) {
            call.end(outcome, due + millis * 1_000_000, 1, null, null);
        }
        calls.add(call);
        return call;
    }

    private Call failed(int number) {
        Call call = call(number, Call.Outcome.FAILED, 10);
        calls.remove(calls.size() - 1);
        return call;
    }

    private List<Finding> judged() {
        return Oracle.judge(facts(scenario, schedule, struck));
    }

    private Facts facts(Scenario of, Schedule drawn, List<Struck> targets) {
        Ledger.Report report = new Ledger.Report(calls.size(), calls.size(), 0, 0, calls.size(), ledger);
        Facts.PoolFacts pool = new Facts.PoolFacts(
                Set.of(), restarts, exits, outages, List.of(), waiting, -1, 10, violations, "something");
        Facts.Times times = new Facts.Times(SECOND, 3 * SECOND, 5 * SECOND, 9 * SECOND, 11 * SECOND, recovered);
        return new Facts(
                of,
                drawn,
                calls,
                report,
                sessions,
                targets,
                leaks,
                pool,
                times,
                machine,
                new Facts.Limits(100, 0.1, 10),
                troubles);
    }

    private Verdict verdict() {
        return Verdict.of(judged().stream().map(Finding::verdict).toList());
    }

    private void only(String checker, Verdict verdict) {
        assertThat(judged().stream().filter(finding -> finding.verdict() != Verdict.VALID))
                .as("findings")
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.checker()).startsWith(checker);
                    assertThat(finding.verdict()).isEqualTo(verdict);
                });
    }

    @Test
    void saysValidWhenAllHolds() {
        assertThat(verdict()).as("%s", judged()).isEqualTo(Verdict.VALID);
    }

    @Test
    void aCallThatTheMethodMeetsUnderWayDoesNotCountAsBefore() {
        long due = 3 * SECOND - 50_000_000;
        Call met = new Call(19, LoadSpec.SAFE, due, due);
        met.end(Call.Outcome.OK, due + 250_000_000, 1, null, null);

        calls.set(19, met);

        assertThat(judged())
                .filteredOn("checker", "steady state before")
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.verdict()).as(finding.found()).isEqualTo(Verdict.VALID);
                    assertThat(finding.found()).contains("of 19 ok");
                });
    }

    @Nested
    class SaysInvalid {

        @Test
        void whenTheLedgerDoesNotFit() {
            ledger.add(new Ledger.Finding(Ledger.Problem.DUPLICATED, 7, "started twice"));

            only("outcomes", Verdict.INVALID);
        }

        @Test
        void whenACallHasNoOutcomeOrTwo() {
            call(100, Call.Outcome.OPEN, 0);
            assertThat(judged())
                    .anyMatch(each ->
                            each.checker().equals("outcomes") && each.found().contains("no outcome"));

            calls.remove(100);
            calls.get(7).end(Call.Outcome.OK, calls.get(7).ended(), 1, null, null);
            only("outcomes", Verdict.INVALID);
        }

        @Test
        void whenAnAnswerIsForeignOrForgedByNobody() {
            for (Call.Outcome outcome : List.of(Call.Outcome.WRONG, Call.Outcome.FORGED)) {
                calls.set(50, calls.get(50));
                Call wrong = call(100, outcome, 10);

                assertThat(judged())
                        .anyMatch(each -> each.checker().equals("outcomes") && each.verdict() == Verdict.INVALID);
                calls.remove(wrong);
            }
        }

        @Test
        void whenAnOutcomeIsLate() {
            calls.set(50, late(50, 3_100));

            assertThat(judged())
                    .anyMatch(each -> each.checker().equals("deadlines") && each.verdict() == Verdict.INVALID);
        }

        @Test
        void whenASessionsHistoryCannotBe() {
            sessions.add(new SessionHistory.Finding("s1", SessionHistory.Fault.LOST_COMMIT, "told 1 twice"));

            only("sessions", Verdict.INVALID);
        }

        @Test
        void whenLeasesAreNotConserved() {
            violations = 1;

            only("leases", Verdict.INVALID);
        }

        @Test
        void whenSomethingIsLeft() {
            leaks.add(new Leak(Leak.Kind.WARNING, "warned of what was done on purpose"));
            assertThat(verdict()).isEqualTo(Verdict.VALID);

            leaks.add(new Leak(Leak.Kind.PROCESS, "4711"));
            only("leaks", Verdict.INVALID);
        }

        @Test
        void whenRetriesPassTheirBudget() {
            for (int i = 0; i < 31; i++) {
                Call again = new Call(i, LoadSpec.SAFE, SECOND + i, SECOND + i);
                again.end(Call.Outcome.OK, SECOND + i + 1, 2, null, null);
                calls.set(i, again);
            }

            // 100 calls at 0.1, and a burst of 10 twice in 10 s, pay for 30.
            only("retries", Verdict.INVALID);
        }

        @Test
        void whenThereAreMoreRestartsThanExits() {
            restarts.add(4 * SECOND);
            only("restarts", Verdict.INVALID);

            exits = 1;
            assertThat(verdict()).isEqualTo(Verdict.VALID);
        }

        @Test
        void whenWorkersAreRestartedTooOftenWithinASecond() {
            exits = 100;
            for (int i = 0; i <= 2 * Oracle.MOST_RESTARTS; i++) {
                assertThat(verdict()).as("%s", judged()).isEqualTo(Verdict.VALID);
                restarts.add(4 * SECOND + i);
            }

            only("restart intensity", Verdict.INVALID);

            Struck longer = new Struck(schedule.faults().get(0), 1, 2 * SECOND);
            longer.land(4 * SECOND);
            struck.add(longer);
            assertThat(verdict()).as("one that a fault brought: %s", judged()).isEqualTo(Verdict.VALID);
        }

        @Test
        void whenTooFewAreAnsweredMeanwhile() {
            for (int i = 10; i < 40; i++) { // From the first landing to the heal.
                calls.set(i, failed(i));
            }

            assertThat(judged())
                    .anyMatch(
                            each -> each.checker().equals("steady state during") && each.verdict() == Verdict.INVALID);
        }

        @Test
        void whenTheQueueIsLongerThanItMay() {
            waiting = 101;

            only("queue", Verdict.INVALID);
        }

        @Test
        void whenThePoolDoesNotRecover() {
            recovered = -1;
            machine = new Facts.Machine(2, 99, 50, 2 * SECOND);
            only("recovery", Verdict.INVALID);

            recovered = 14 * SECOND + 1;
            machine = new Facts.Machine(2, 1, 0, 0);
            only("recovery", Verdict.INVALID);
        }

        @Test
        void whenTheEndIsNotSteady() {
            calls.set(95, late(95, 150));

            only("steady state after", Verdict.INVALID);
        }

        @Test
        void whenACallReachesItsDeadlineAtTheEndThoughTheMachineIsBusy() {
            machine = new Facts.Machine(2, 1, 3, 300_000_000);
            calls.set(95, failed(95));

            only("steady state after", Verdict.INVALID);
        }

        @Test
        void whenAnExpectationDoesNotHoldInOneOfItsWindows() {
            for (int i = 20; i < 25; i++) {
                calls.set(i, failed(i));
            }
            // Half of the second from 3 s on, and all of the others.
            assertThat(figure("ok >= 99% over 1s")).isEqualTo(0.5);
            assertThat(figure("ok >= 99% over 2s")).isEqualTo(0.75);
            assertThat(figure("ok >= 99%")).isEqualTo(0.95);
            calls.set(60, late(60, 400));
            assertThat(figure("p99 <= 50ms over 1s")).isEqualTo(0.4);
            assertThat(figure("p99(during) <= 50ms over 1s")).isEqualTo(0.01);
        }

        private double figure(String expectation) {
            return new Figures(facts(scenario, schedule, struck), false)
                    .of(Expectation.parse(expectation))
                    .orElseThrow();
        }

        @Test
        void whenAnExpectationDoesNotHold() {
            outages.add(new Watch.Outage(3 * SECOND, 4 * SECOND + 1));

            only("expect recovery", Verdict.INVALID);
        }
    }

    @Nested
    class SaysUnknown {

        @Test
        void whenTheRunnerWasInTroubleWithTheReasonFirst() {
            troubles.add("the timer failed");

            assertThat(judged().get(0).found()).isEqualTo("the timer failed");
            only("runner", Verdict.UNKNOWN);
        }

        @Test
        void whenNotOneCallWasAnswered() {
            calls.clear();

            assertThat(judged().get(0))
                    .isEqualTo(
                            new Finding("runner", Verdict.UNKNOWN, "not one call was answered rightly", "no trouble"));
            assertThat(verdict()).isEqualTo(Verdict.UNKNOWN);
        }

        @Test
        void whenFaultsHaveNotLanded() {
            struck.set(0, new Struck(schedule.faults().get(0), 1, 2 * SECOND));

            only("landed", Verdict.UNKNOWN);
        }

        @Test
        void whenNotHalfOfAFinerKindHasLandedThoughHalfOfTheKindHas() {
            Scenario lies = Scenario.builder("lies")
                    .workers(2)
                    .fault(Duration.ZERO, frames(FrameEffect.DROP), Targets.ALL)
                    .fault(Duration.ZERO, frames(FrameEffect.CROSS), Targets.ONE)
                    .expect("lost == 0")
                    .build();

            assertThat(landed(lies, FrameEffect.DROP)).satisfies(finding -> {
                assertThat(finding.verdict()).isEqualTo(Verdict.UNKNOWN);
                assertThat(finding.found())
                        .contains("0 of 1 frames cross to-jvm, 2 of 2 frames drop to-jvm: faults have not landed");
            });
        }

        @Test
        void notWhenWhatWaitsForSomethingWasLeftOut() {
            Scenario waits = Scenario.builder("waits")
                    .workers(2)
                    .fault(Duration.ZERO, frames(FrameEffect.DROP), Targets.ONE)
                    .step(new Step.When(Duration.ZERO, "circuit-open", inject(FrameEffect.CROSS)))
                    .expect("lost == 0")
                    .build();
            Schedule drawn = Schedule.of(waits, 1);
            Struck dropped = new Struck(drawn.faults().get(0), 1, SECOND);
            dropped.land(2 * SECOND);

            Finding leftOut = Landed.judge(facts(waits, drawn, List.of(dropped)));
            Finding inVain = Landed.judge(facts(
                    waits, drawn, List.of(dropped, new Struck(drawn.faults().get(1), 1, SECOND))));

            assertThat(leftOut.verdict()).as(leftOut.found()).isEqualTo(Verdict.VALID);
            assertThat(inVain.verdict()).as(inVain.found()).isEqualTo(Verdict.UNKNOWN);
        }

        @Test
        void notWhenAMixHasDrawnWhatFindsItsTargetDead() {
            Scenario mix = Scenario.builder("mix")
                    .workers(2)
                    .step(new Step.Mix(
                            Duration.ZERO,
                            Duration.ofSeconds(9),
                            Duration.ofMillis(100),
                            List.of(
                                    new Step.Choice(5, inject(FrameEffect.DROP)),
                                    new Step.Choice(1, inject(FrameEffect.CROSS))),
                            false))
                    .expect("lost == 0")
                    .build();

            assertThat(landed(mix, FrameEffect.DROP)).satisfies(finding -> {
                assertThat(finding.verdict()).as(finding.found()).isEqualTo(Verdict.VALID);
                assertThat(finding.found()).endsWith(" frames");
            });
        }

        private static ChaosFault frames(FrameEffect effect) {
            return new ChaosFault.Frames(effect, Direction.TO_JVM, 1);
        }

        private static Step inject(FrameEffect effect) {
            return new Step.Inject(Duration.ZERO, frames(effect), Targets.ONE, Duration.ZERO, Duration.ofSeconds(1), 1);
        }

        /** Judges a run in which faults of one effect have landed and others have not. */
        private Finding landed(Scenario of, FrameEffect effect) {
            Schedule drawn = Schedule.of(of, 1);
            List<Struck> all = new ArrayList<>();
            drawn.faults().forEach(planned -> {
                for (int i = 0; i < planned.offsets().size(); i++) {
                    Struck each = new Struck(planned, i + 1, SECOND);
                    if (planned.fault().equals(frames(effect))) {
                        each.land(2 * SECOND);
                    }
                    all.add(each);
                }
            });
            return Landed.judge(facts(of, drawn, all));
        }

        @Test
        void whenItWasNotWellBefore() {
            calls.set(3, late(3, 150));

            only("steady state before", Verdict.UNKNOWN);
        }

        @Test
        void whenTimesAreTooLongOnABusyMachineAndThatCanBeAllThereIsToIt() {
            calls.set(95, late(95, 450));
            machine = new Facts.Machine(2, 4.1, 0, 0);
            only("steady state after", Verdict.UNKNOWN);

            calls.set(95, late(95, 550));
            only("steady state after", Verdict.INVALID);
        }

        @Test
        void whenDeadlinesWereMissedOnABusyMachineButNotWhenCallsFailedOtherwise() {
            machine = new Facts.Machine(2, 1, 3, 300_000_000);
            for (int i = 70; i < 72; i++) {
                calls.remove(i);
                Call failed = call(i, Call.Outcome.FAILED, 2000);
                calls.remove(failed);
                calls.add(i, failed);
            }
            only("expect ok", Verdict.UNKNOWN);

            for (int i = 70; i < 72; i++) {
                Call refused = new Call(i, LoadSpec.SAFE, 8 * SECOND, 8 * SECOND);
                refused.end(Call.Outcome.FAILED, 8 * SECOND + 1, 0, "PoolSaturated", Execution.NOT_STARTED);
                calls.set(i, refused);
            }
            only("expect ok", Verdict.INVALID);
        }
    }

    private Call late(int number, long millis) {
        Call call = call(number, Call.Outcome.OK, millis);
        calls.remove(calls.size() - 1);
        return call;
    }

    @Test
    void invalidOutweighsUnknown() {
        troubles.add("trouble");
        violations = 1;

        assertThat(verdict()).isEqualTo(Verdict.INVALID);
    }
}
