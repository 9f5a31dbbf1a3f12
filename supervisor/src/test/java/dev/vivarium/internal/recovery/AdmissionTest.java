package dev.vivarium.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallCancelled;
import dev.vivarium.Circuit;
import dev.vivarium.CircuitOpen;
import dev.vivarium.PoisonCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.RecoveryReport;
import dev.vivarium.Safeguard;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.recovery.Recovery.Fail;
import dev.vivarium.internal.recovery.Recovery.Loss;
import dev.vivarium.internal.recovery.Recovery.Retry;
import dev.vivarium.internal.recovery.Recovery.Verdict;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A call's leave to run: what it holds, when it gives that back, and how long it may wait for its next try. */
class AdmissionTest {

    private static final WorkerId WORKER = new WorkerId("p", 1);
    private static final long DAY = Duration.ofDays(1).toNanos();

    private final SetClock clock = new SetClock();
    private final List<PoolEvent> events = new ArrayList<>();

    private static final Entropy ENTROPY = new Entropy() {
        @Override
        public double unit() {
            return 0.5;
        }

        @Override
        public String token(int bytes) {
            return "0".repeat(2 * bytes);
        }
    };

    private Recovery of(UnaryOperator<PoolConfigBuilder> change) {
        PoolConfig config =
                change.apply(PoolConfig.builder().name("p").handlers("h.py")).build();
        return new Recovery(config, clock, ENTROPY, () -> 1_000_000, events::add);
    }

    /** Breakers that open at the first call that breaks, and try one call ten seconds later. */
    private Recovery touchy() {
        return of(pool -> pool.circuitBreaker(policy ->
                policy.failureThreshold(1).successThreshold(1).halfOpenCalls(1).openFor(Duration.ofSeconds(10))));
    }

    private static Admission admit(Recovery recovery, String body) {
        return recovery.admit("h", body.getBytes(StandardCharsets.UTF_8));
    }

    private static CallAttempt attempt(TransitionCause cause, Execution execution) {
        return new CallAttempt(WORKER, 1, cause, execution);
    }

    private static Loss loss(Admission admission, long remaining, CallAttempt... attempts) {
        return new Loss("call 1", true, false, 100, List.of(attempts), remaining, admission);
    }

    private static Verdict lost(Recovery recovery, Admission admission, TransitionCause cause) {
        WorkerExit exit = new WorkerExit(WORKER, 1, 7, cause, -1, 9, 0, 0, "it ended", List.of(), "");
        return recovery.afterLoss(loss(admission, DAY, attempt(cause, Execution.UNKNOWN)), exit, false);
    }

    private static PythonException raised() {
        return new PythonException(new ErrorBody(
                ErrorKind.HANDLER, Execution.RAN, "RetryAfter", "later", List.of(), List.of(), List.of(), 5L));
    }

    private static PoolException failed() {
        return new PoolClosed(Execution.UNKNOWN, List.of(), "closed");
    }

    @Nested
    class APlaceInAHalfOpenBreaker {

        private final Recovery recovery = touchy();
        private final Admission before = admit(recovery, "a");
        private Admission probe = before;

        /** Opens the breakers, and has a call tried. */
        private void half() {
            before.ended(Outcome.BROKEN);
            clock.passSeconds(10);
            probe = admit(recovery, "a");
        }

        private boolean isFree() {
            try {
                admit(recovery, "a").ended(Outcome.UNTOLD);
                return true;
            } catch (CircuitOpen refused) {
                return false;
            }
        }

        @Test
        void isTheCallsUntilItEnds() {
            half();
            assertThat(isFree()).isFalse();

            probe.ended(Outcome.UNTOLD);

            assertThat(isFree()).isTrue();
        }

        @Test
        void isGivenBackOnce() {
            half();
            probe.ended(Outcome.UNTOLD);
            Admission next = admit(recovery, "a");

            probe.ended(Outcome.SOUND);
            probe.released(true);

            assertThat(recovery.openCircuits())
                    .as("told nothing by the second end")
                    .isNotEmpty();
            next.ended(Outcome.SOUND);
            assertThat(recovery.openCircuits()).isEmpty();
        }

        @Test
        void ofACallThatHungIsKeptUntilItsWorkerIsOffIt() {
            half();
            probe.endedHung();
            assertThat(isFree()).isFalse();

            probe.released(true);

            assertThat(catchThrowableOfType(CircuitOpen.class, () -> admit(recovery, "a"))
                            .retryAfter())
                    .as("it has broken its worker")
                    .isEqualTo(Duration.ofSeconds(10));
        }

        @Test
        void saysNothingWhenTheWorkerWasKilledFromOutside() {
            half();
            probe.endedHung();

            probe.released(false);

            assertThat(isFree()).isTrue();
        }

        @Test
        void staysTheCallsWhileItsWorkerIsOnlyOffIt() {
            half();

            probe.released(true);

            assertThat(isFree()).isFalse();
        }

        @Test
        void isSpentByAnAttemptThatBroke() {
            half();
            assertThat(probe.isSpent()).isFalse();

            probe.broke();

            assertThat(probe.isSpent()).isTrue();
            assertThat(recovery.openCircuits()).isNotEmpty();
        }

        @Test
        void isGivenBackWellByAHandlerThatAsksForALaterTry() {
            half();

            probe.postponed();

            assertThat(probe.isSpent()).isTrue();
            assertThat(recovery.openCircuits()).isEmpty();
        }

        @Test
        void isTakenAnewByACallThatIsTriedAgain() {
            before.broke();
            assertThat(before.renew().passes()).as("the breakers are open").isNull();
            assertThat(before.isSpent()).isTrue();
            clock.passSeconds(10);

            assertThat(before.renew().passes()).isNotNull();

            assertThat(before.isSpent()).isFalse();
            assertThat(isFree()).isFalse();
        }

        @Test
        void isNotTakenAnewByACallThatHasEndedMeanwhile() {
            before.broke();
            before.ended(Outcome.UNTOLD);
            clock.passSeconds(10);

            assertThat(before.renew().passes()).isNotNull();

            assertThat(before.isSpent()).isTrue();
            assertThat(isFree()).isTrue();
        }

        @Test
        void isNotAskedOfThePoolsOwnCalls() {
            half();

            Admission own = recovery.admitOwn("h", new byte[0]);

            assertThat(own.isSpent()).isTrue();
            own.ended(Outcome.BROKEN);
            assertThat(isFree()).as("the probe has it").isFalse();
        }
    }

    @Nested
    class ARefusal {

        @Test
        void saysForHowLongTheBreakerIsOpenAndThenThatItTries() {
            Recovery recovery = touchy();
            admit(recovery, "a").ended(Outcome.BROKEN);
            clock.passSeconds(4);

            assertThatThrownBy(() -> admit(recovery, "a"))
                    .isInstanceOf(CircuitOpen.class)
                    .hasMessageEndingWith("is open for another PT6S");

            clock.passSeconds(6);
            admit(recovery, "a");

            assertThatThrownBy(() -> admit(recovery, "a"))
                    .hasMessageEndingWith("is open and has let as many calls through to try as it may");
        }

        @Test
        void isToldWithTheBreakersThatOpen() {
            Recovery recovery = touchy();

            admit(recovery, "a").ended(Outcome.BROKEN);

            assertThat(events)
                    .containsExactlyInAnyOrder(
                            new PoolEvent.CircuitChanged(
                                    new Circuit("p", "h"), Circuit.State.CLOSED, Circuit.State.OPEN, clock.now()),
                            new PoolEvent.CircuitChanged(
                                    new Circuit("p", null), Circuit.State.CLOSED, Circuit.State.OPEN, clock.now()));
            assertThat(recovery.openCircuits())
                    .containsExactlyInAnyOrder(new Circuit("p", "h"), new Circuit("p", null));
        }

        @Test
        void isNoneWithoutBreakers() {
            Recovery recovery = of(pool -> pool.withoutSafeguards(Safeguard.CIRCUIT_BREAKERS));

            for (int i = 0; i < 5; i++) {
                admit(recovery, "a").ended(Outcome.BROKEN);
            }

            assertThat(recovery.openCircuits()).isEmpty();
            assertThat(admit(recovery, "a").isSpent()).isFalse();
        }
    }

    @Nested
    class ASuspect {

        private final Recovery recovery =
                of(pool -> pool.poison(policy -> policy.deaths(2).forgetAfter(Duration.ofMinutes(1))));

        private void die(String body) {
            assertThat(lost(recovery, admit(recovery, body), TransitionCause.CRASHED))
                    .isNotNull();
        }

        @Test
        void isRefusedWhenItHasEndedTooManyProcesses() {
            die("x");
            assertThat(admit(recovery, "x")).isNotNull();
            die("x");

            assertThatThrownBy(() -> admit(recovery, "x"))
                    .isInstanceOf(PoisonCall.class)
                    .hasMessage("a call of 'h' was refused: calls with the same arguments have ended 2 worker processes"
                            + " within PT1M");
            assertThat(admit(recovery, "y")).as("as long, and another").isNotNull();
            assertThat(admit(recovery, "longer")).isNotNull();
        }

        @Test
        void isKnownByWhatItIsAndNotByItsLength() {
            assertThat(Fingerprint.of(new byte[] {1})).hasSize(64).isNotEqualTo(Fingerprint.of(new byte[] {2}));
        }

        @Test
        void isForgottenInTime() {
            die("x");
            die("x");
            clock.passSeconds(60);

            assertThat(admit(recovery, "x")).isNotNull();
            assertThat(admit(recovery, "x")).as("and nobody is under suspicion").isNotNull();
        }

        @Test
        void isClearedByAGoodEndOfAnEqualCall() {
            die("x");
            admit(recovery, "y").ended(Outcome.SOUND);
            admit(recovery, "x").ended(Outcome.SOUND);

            die("x");

            assertThat(admit(recovery, "x")).isNotNull();
        }

        @Test
        void isNotClearedByAnEndThatSaysNothingOrByAnotherCall() {
            die("x");
            admit(recovery, "y").ended(Outcome.SOUND);
            admit(recovery, "x").ended(Outcome.UNTOLD);
            admit(recovery, "x").endedHung();

            die("x");

            assertThatThrownBy(() -> admit(recovery, "x")).isInstanceOf(PoisonCall.class);
        }

        @Test
        void isNoCallWithoutThatSafeguard() {
            Recovery trusting = of(pool -> pool.withoutSafeguards(Safeguard.POISON_CALLS));

            for (int i = 0; i < 3; i++) {
                assertThat(lost(trusting, admit(trusting, "x"), TransitionCause.CRASHED))
                        .isInstanceOf(Retry.class);
            }

            assertThat(admit(trusting, "x")).isNotNull();
        }
    }

    @Nested
    class ARecovery {

        private final Recovery recovery = of(pool -> pool.recovery(policy -> policy.maxConcurrent(1)));
        private final Admission call = admit(recovery, "a");

        @Test
        void countsOnceHoweverOftenTheCallIsTriedAgain() {
            call.recovers();
            call.recovers();
            assertThat(recovery.report()).isEqualTo(new RecoveryReport(1, 0, 0, 0, 1));

            call.recoveryEnded(null);
            call.recoveryEnded(null);

            assertThat(recovery.report()).isEqualTo(new RecoveryReport(1, 1, 0, 0, 0));
        }

        @Test
        void endsWithAnAnswerAlsoWhenThatIsAnException() {
            call.recovers();

            call.recoveryEnded(raised());

            assertThat(recovery.report()).isEqualTo(new RecoveryReport(1, 1, 0, 0, 0));
        }

        @Test
        void isCancelledOrFails() {
            call.recovers();
            call.recoveryEnded(new CallCancelled(Execution.UNKNOWN, List.of(), "cancelled"));
            assertThat(recovery.report()).isEqualTo(new RecoveryReport(1, 0, 0, 1, 0));

            call.recovers();
            call.recoveryEnded(failed());

            assertThat(recovery.report()).isEqualTo(new RecoveryReport(2, 0, 1, 1, 0));
        }

        @Test
        void isNoneOfACallThatWasNotTriedAgain() {
            call.recoveryEnded(failed());

            assertThat(recovery.report()).isEqualTo(new RecoveryReport(0, 0, 0, 0, 0));
        }

        @Test
        void ofACallThatHasEndedMeanwhileIsOver() {
            call.ended(Outcome.UNTOLD);

            call.recovers();

            assertThat(recovery.report()).isEqualTo(new RecoveryReport(1, 0, 0, 1, 0));
        }
    }

    @Nested
    class APlaceAmongThoseThatAreTriedAgain {

        private final Recovery recovery = of(pool -> pool.recovery(policy -> policy.maxConcurrent(1)));
        private final Admission first = admit(recovery, "a");
        private final Admission second = admit(recovery, "b");
        private int told;

        private void both() {
            first.recovers();
            second.recovers();
            recovery.whenPlaceFree(() -> told++);
        }

        @Test
        void isNotNeededByACallThatIsNot() {
            assertThat(first.takePlace()).isTrue();

            assertThat(first.hasPlace()).isFalse();
            assertThat(second.takePlace()).isTrue();
        }

        @Test
        void isTakenOnce() {
            both();
            assertThat(first.takePlace()).isTrue();
            assertThat(first.hasPlace()).isTrue();
            assertThat(first.takePlace()).isTrue();
            assertThat(second.takePlace()).isFalse();
            assertThat(second.hasPlace()).isFalse();

            first.ended(Outcome.SOUND);

            assertThat(first.hasPlace()).isFalse();
            assertThat(told).isEqualTo(1);
            assertThat(second.takePlace()).isTrue();
        }

        @Test
        void isToldOfToThoseWhoWaitOnly() {
            both();
            assertThat(first.takePlace()).isTrue();
            first.endedHung();
            assertThat(told).as("nobody has asked").isZero();
            assertThat(second.takePlace()).isTrue();
            Admission third = admit(recovery, "c");
            third.recovers();
            assertThat(third.takePlace()).isFalse();

            recovery.nobodyWaits();
            second.ended(Outcome.UNTOLD);

            assertThat(told).isZero();
        }

        @Test
        void isGivenBackAtOnceByACallThatHasEndedMeanwhile() {
            both();
            first.ended(Outcome.UNTOLD);
            first.recovers();

            assertThat(first.takePlace()).isTrue();

            assertThat(first.hasPlace()).isFalse();
            assertThat(second.takePlace()).isTrue();
        }

        @Test
        void isGivenBackWhenTheHandlerAsksForALaterTry() {
            both();
            assertThat(first.takePlace()).isTrue();

            recovery.afterRequest(
                    loss(first, DAY, attempt(TransitionCause.RELEASED, Execution.RAN)),
                    raised(),
                    Duration.ofSeconds(1),
                    false);

            assertThat(first.hasPlace()).isFalse();
            assertThat(second.takePlace()).isTrue();
        }
    }

    @Nested
    class TheTimeThatACallWaits {

        private final Admission call = admit(of(pool -> pool), "a");
        private final PoolException tooLate = failed();

        private void waits() {
            call.waitsFrom(100, 50, () -> tooLate);
        }

        @Test
        void isItsDeadlineOrTheEndOfItsBudget() {
            assertThat(call.waitsUntil(120)).isEqualTo(120);
            waits();

            assertThat(call.waitsUntil(120)).isEqualTo(120);
            assertThat(call.waitsUntil(151)).isEqualTo(150);

            call.resumed(110);
            assertThat(call.waitsUntil(151)).isEqualTo(151);
        }

        @ParameterizedTest(name = "deadline {0}, now {1}: {2}")
        @CsvSource({"1000, 149, false", "1000, 150, true", "1000, 151, true", "151, 151, false", "152, 151, true"})
        void isOverWhenItsBudgetIsAndItsDeadlineIsNot(long deadline, long now, boolean over) {
            assertThat(call.overBudget(deadline, now)).isNull();
            waits();

            assertThat(call.overBudget(deadline, now)).isEqualTo(over ? tooLate : null);

            call.resumed(now);
            assertThat(call.overBudget(deadline, now)).isNull();
        }

        @Test
        void isAddedUp() {
            waits();
            call.resumed(130);
            call.resumed(190);
            call.waitsFrom(200, 50, () -> tooLate);
            call.resumed(205);

            assertThat(call.waited()).isEqualTo(35);
        }
    }

    @Nested
    class ALaterTry {

        private final Recovery recovery = of(pool -> pool);
        private final Admission call = admit(recovery, "a");

        private Verdict asked(Recovery by, Admission admission, long remaining, Duration delay, boolean closing) {
            return by.afterRequest(
                    loss(admission, remaining, attempt(TransitionCause.RELEASED, Execution.RAN)),
                    raised(),
                    delay,
                    closing);
        }

        @Test
        void comesWhenTheHandlerAsksForIt() {
            assertThat(asked(recovery, call, DAY, Duration.ofSeconds(7), false))
                    .isEqualTo(new Retry(Duration.ofSeconds(7)));

            assertThat(call.isSpent()).isTrue();
            assertThat(recovery.readmit(call)).isTrue();
            assertThat(call.isSpent()).isFalse();
            assertThat(recovery.readmit(call)).as("it has leave").isTrue();
        }

        @Test
        void doesNotComeAfterTheDeadlineOrToAPoolThatCloses() {
            Duration second = Duration.ofSeconds(1);

            assertThat(asked(recovery, call, second.toNanos(), second, false)).isInstanceOf(Fail.class);
            assertThat(asked(recovery, call, DAY, second, true)).isInstanceOf(Fail.class);
            assertThat(asked(recovery, call, second.toNanos() + 1, second, false))
                    .isInstanceOf(Retry.class);
        }

        @Test
        void doesNotComeToACallThatMayNotRunTwice() {
            Loss unsafe = new Loss(
                    "call 1", false, false, 100, List.of(attempt(TransitionCause.RELEASED, Execution.RAN)), DAY, call);
            PythonException raised = raised();

            assertThat(recovery.afterRequest(unsafe, raised, Duration.ZERO, false))
                    .isEqualTo(new Fail(raised));
            assertThat(call.isSpent()).isFalse();
        }

        @Test
        void doesNotComeWithoutRetries() {
            Recovery without = of(pool -> pool.withoutSafeguards(Safeguard.RETRIES));

            assertThat(asked(without, admit(without, "a"), DAY, Duration.ZERO, false))
                    .isInstanceOf(Fail.class);
        }

        @Test
        void isPaidFor() {
            Recovery poor = of(pool -> pool.retry(policy -> policy.burst(1).budget(0)));
            Admission one = admit(poor, "a");

            assertThat(asked(poor, one, DAY, Duration.ZERO, false)).isInstanceOf(Retry.class);
            assertThat(asked(poor, one, DAY, Duration.ZERO, false)).isInstanceOf(Fail.class);
        }

        @Test
        void isLetInByTheBreakersOnly() {
            Recovery touchy = touchy();
            Admission one = admit(touchy, "a");
            Admission other = admit(touchy, "b");
            assertThat(asked(touchy, one, DAY, Duration.ZERO, false)).isInstanceOf(Retry.class);

            other.ended(Outcome.BROKEN);

            assertThat(touchy.readmit(one)).isFalse();
        }
    }

    @Nested
    class ACallThatLostItsWorker {

        private final Recovery recovery = of(pool -> pool);

        private Verdict after(TransitionCause cause, long remaining, boolean closing, CallAttempt... attempts) {
            WorkerExit exit = new WorkerExit(WORKER, 1, 7, cause, -1, 9, 0, 0, "it ended", List.of(), "");
            return recovery.afterLoss(loss(admit(recovery, "a"), remaining, attempts), exit, closing);
        }

        private void assertFailsWith(Verdict verdict, Execution execution, String reason) {
            assertThat(verdict)
                    .isInstanceOfSatisfying(
                            Fail.class,
                            fail -> assertThat(fail.error())
                                    .hasMessageEndingWith(reason)
                                    .extracting(PoolException::execution)
                                    .isEqualTo(execution));
        }

        @Test
        void isNotSentAgainByAPoolThatCloses() {
            assertFailsWith(
                    after(TransitionCause.KILLED, DAY, true, attempt(TransitionCause.KILLED, Execution.UNKNOWN)),
                    Execution.UNKNOWN,
                    "not repeated: the pool is closing");
        }

        @Test
        void isNotSentAgainOnceItsItemsHaveBeenPassedOn() {
            Loss begun = new Loss(
                    "call 1",
                    true,
                    true,
                    0,
                    List.of(attempt(TransitionCause.KILLED, Execution.UNKNOWN)),
                    DAY,
                    admit(recovery, "a"));
            WorkerExit exit =
                    new WorkerExit(WORKER, 1, 7, TransitionCause.KILLED, -1, 9, 0, 0, "it ended", List.of(), "");

            assertFailsWith(
                    recovery.afterLoss(begun, exit, false),
                    Execution.UNKNOWN,
                    "not repeated: items of its stream had been passed on");
        }

        @Test
        void mayHaveDoneWhatAnyOfItsAttemptsMayHave() {
            assertFailsWith(
                    after(
                            TransitionCause.KILLED,
                            DAY,
                            true,
                            attempt(TransitionCause.KILLED, Execution.UNKNOWN),
                            attempt(TransitionCause.KILLED, Execution.NOT_STARTED)),
                    Execution.UNKNOWN,
                    "the pool is closing");
            assertThat(Recovery.ofAttempts(List.of())).isEqualTo(Execution.NOT_STARTED);
        }

        @Test
        void isNotSentAgainAfterItsDeadline() {
            long delay = Duration.ofMillis(10).toNanos();

            assertFailsWith(
                    after(TransitionCause.CRASHED, delay, false, attempt(TransitionCause.CRASHED, Execution.UNKNOWN)),
                    Execution.UNKNOWN,
                    "the next try would come after its deadline");
            assertThat(after(
                            TransitionCause.CRASHED,
                            delay + 1,
                            false,
                            attempt(TransitionCause.CRASHED, Execution.UNKNOWN)))
                    .isEqualTo(new Retry(Duration.ofMillis(10)));
        }

        @Test
        void isBlamedForAnEndFromWithinUnlessItHadNotStarted() {
            Recovery touchy = touchy();
            Admission call = admit(touchy, "a");
            WorkerExit exit =
                    new WorkerExit(WORKER, 1, 7, TransitionCause.CRASHED, -1, 9, 0, 0, "it ended", List.of(), "");
            touchy.afterLoss(loss(call, DAY, attempt(TransitionCause.CRASHED, Execution.NOT_STARTED)), exit, false);
            assertThat(touchy.openCircuits()).isEmpty();

            Verdict verdict =
                    touchy.afterLoss(loss(call, DAY, attempt(TransitionCause.CRASHED, Execution.UNKNOWN)), exit, false);

            assertThat(touchy.openCircuits()).isNotEmpty();
            assertFailsWith(
                    verdict, Execution.UNKNOWN, "not repeated: the circuit breaker of handler 'h' of pool 'p' is open");
        }

        @Test
        void keepsItsLeaveWhenTheWorkerWasKilledFromOutside() {
            Admission call = admit(recovery, "a");

            assertThat(lost(recovery, call, TransitionCause.KILLED)).isEqualTo(new Retry(Duration.ZERO));

            assertThat(call.isSpent()).isFalse();
            assertThat(recovery.report().begun()).isEqualTo(1);
        }

        @Test
        void isTriedAgainAsLongAsItsBudgetHoldsTheDelay() {
            Recovery timed = of(pool -> pool.recovery(
                            policy -> policy.minorBudget(Duration.ofSeconds(7)).majorBudget(Duration.ofSeconds(7)))
                    .retry(policy -> policy.minDelay(Duration.ofSeconds(7))
                            .maxDelay(Duration.ofSeconds(7))
                            .jitter(0)));

            assertThat(lost(timed, admit(timed, "a"), TransitionCause.CRASHED))
                    .as("all of it")
                    .isEqualTo(new Retry(Duration.ofSeconds(7)));

            Admission late = admit(timed, "b");
            assertThat(lost(timed, late, TransitionCause.KILLED)).isEqualTo(new Retry(Duration.ZERO));
            clock.passSeconds(7);
            late.resumed(clock.nanoTime());
            assertThat(lost(timed, late, TransitionCause.KILLED))
                    .as("nothing of it")
                    .isInstanceOf(Fail.class);
        }
    }
}
