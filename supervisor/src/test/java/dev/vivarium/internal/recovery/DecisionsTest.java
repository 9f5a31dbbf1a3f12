package dev.vivarium.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.CallAttempt;
import dev.vivarium.PoisonCall;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.RetryPolicy;
import dev.vivarium.RetryPolicy.Growth;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.recovery.Recovery.Fail;
import dev.vivarium.internal.recovery.Recovery.Loss;
import dev.vivarium.internal.recovery.Recovery.Retry;
import dev.vivarium.internal.recovery.Recovery.Verdict;
import dev.vivarium.protocol.Execution;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of a call whose worker ended, without a worker. */
class DecisionsTest {

    private static final WorkerId WORKER = new WorkerId("p", 1);

    private final SetClock clock = new SetClock();
    private double drawn = 0.5;
    private long accepted;

    private final Entropy entropy = new Entropy() {
        @Override
        public double unit() {
            return drawn;
        }

        @Override
        public String token(int bytes) {
            return "0".repeat(2 * bytes);
        }
    };

    private Recovery of(UnaryOperator<PoolConfigBuilder> change) {
        PoolConfig config =
                change.apply(PoolConfig.builder().name("p").handlers("h.py")).build();
        return new Recovery(config, clock, entropy, () -> accepted, event -> {});
    }

    private Recovery with(UnaryOperator<RetryPolicy> change) {
        return of(pool -> pool.retry(change));
    }

    /** A retry-safe call, with more time and retries than it needs. */
    private final class Call {
        private final Recovery recovery;
        private final Admission admission;
        private final List<CallAttempt> attempts = new ArrayList<>();

        Call(Recovery recovery, String body) {
            this.recovery = recovery;
            this.admission = recovery.admit("h", body.getBytes(StandardCharsets.UTF_8));
            accepted++;
        }

        Verdict lost(TransitionCause cause) {
            return lost(cause, Execution.UNKNOWN, 100);
        }

        Verdict lost(TransitionCause cause, Execution execution, int maxRetries) {
            attempts.add(new CallAttempt(WORKER, 1, cause, execution));
            WorkerExit exit = new WorkerExit(WORKER, 1, 7, cause, -1, 9, 0, 0, "it ended", List.of(), "");
            return recovery.afterLoss(
                    new Loss(
                            "call 1",
                            true,
                            false,
                            maxRetries,
                            attempts,
                            Duration.ofDays(1).toNanos(),
                            admission),
                    exit,
                    false);
        }

        Duration delayAfter(TransitionCause cause) {
            Verdict verdict = lost(cause);
            assertThat(verdict).isInstanceOf(Retry.class);
            return ((Retry) verdict).delay();
        }

        void resumed() {
            admission.resumed(clock.nanoTime());
        }
    }

    private static void assertFails(Verdict verdict, String reason) {
        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Fail.class,
                        fail -> assertThat(fail.error())
                                .isInstanceOf(WorkerCrashed.class)
                                .hasMessageContaining(reason));
    }

    @Nested
    class TheNumberOfRetries {

        private final Recovery recovery = of(pool -> pool);

        @Test
        void isNotUsedUpByWorkersThatWereKilledFromOutsideBeforeTheHandlerBegan() {
            // Given a call that was given to three workers that were dead already
            Call call = new Call(recovery, "x");
            for (int i = 0; i < 3; i++) {
                assertThat(call.lost(TransitionCause.KILLED, Execution.NOT_STARTED, 1))
                        .isInstanceOf(Retry.class);
            }

            // When it begins on two more that end
            Verdict first = call.lost(TransitionCause.KILLED, Execution.UNKNOWN, 1);
            Verdict second = call.lost(TransitionCause.KILLED, Execution.UNKNOWN, 1);

            // Then its one retry came after the first of these
            assertThat(first).isInstanceOf(Retry.class);
            assertFails(second, "its retries are used up");
        }

        @Test
        void isUsedUpByWorkersThatEndFromWithinThoughTheHandlerHasNotBegun() {
            Call call = new Call(recovery, "x");
            assertThat(call.lost(TransitionCause.CRASHED, Execution.NOT_STARTED, 1))
                    .isInstanceOf(Retry.class);

            assertFails(call.lost(TransitionCause.CRASHED, Execution.NOT_STARTED, 1), "its retries are used up");
        }

        @Test
        void isNoneWhenItIsZero() {
            Call call = new Call(recovery, "x");

            assertFails(call.lost(TransitionCause.KILLED, Execution.NOT_STARTED, 0), "its retries are used up");
        }
    }

    @Nested
    class APoisonCall {

        private final Recovery recovery = of(pool -> pool.poison(policy -> policy.deaths(2)));

        @ParameterizedTest
        @EnumSource(
                value = TransitionCause.class,
                names = {"CRASHED", "EXITED", "OUT_OF_MEMORY", "MEMORY_LIMIT"})
        void isOneThatEndsItsProcessInWhateverWay(TransitionCause cause) {
            Call call = new Call(recovery, "x");
            assertThat(call.lost(cause)).isInstanceOf(Retry.class);

            assertThat(call.lost(cause))
                    .isInstanceOfSatisfying(
                            Fail.class, fail -> assertThat(fail.error()).isInstanceOf(PoisonCall.class));
        }

        @ParameterizedTest
        @EnumSource(
                value = TransitionCause.class,
                names = {"HUNG", "PROTOCOL_VIOLATION", "KILLED", "UNHEALTHY"})
        void isNoneThatHasNotEndedItsProcessItself(TransitionCause cause) {
            Call call = new Call(recovery, "x");
            assertThat(call.lost(cause)).isInstanceOf(Retry.class);

            assertThat(call.lost(cause)).isInstanceOf(Retry.class);
        }
    }

    @Nested
    class TheTimeForTries {

        private final Recovery recovery = of(pool -> pool.recovery(
                        policy -> policy.minorBudget(Duration.ofSeconds(10)).majorBudget(Duration.ofSeconds(10)))
                .retry(policy -> policy.minDelay(Duration.ofSeconds(7))
                        .maxDelay(Duration.ofSeconds(7))
                        .jitter(0)));

        @Test
        void isThatOfAllTriesTogether() {
            Call call = new Call(recovery, "x");
            for (int i = 0; i < 2; i++) {
                assertThat(call.lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
                clock.passSeconds(5);
                call.resumed();
                clock.passSeconds(100);
            }

            assertFails(call.lost(TransitionCause.KILLED), "recovery would take longer than PT10S");
        }

        @Test
        void leavesOutWhatTheAttemptsTook() {
            Call call = new Call(recovery, "x");
            assertThat(call.lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
            clock.passSeconds(9);
            call.resumed();
            clock.passSeconds(100);
            call.resumed();

            assertThat(call.lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
        }

        @Test
        void mustHoldTheNextDelay() {
            Call call = new Call(recovery, "x");
            assertThat(call.delayAfter(TransitionCause.CRASHED)).isEqualTo(Duration.ofSeconds(7));
            clock.passSeconds(7);
            call.resumed();

            assertFails(call.lost(TransitionCause.CRASHED), "recovery would take longer than PT10S");
        }
    }

    @Nested
    class ADelay {

        private Recovery growing(Growth growth) {
            return with(policy -> policy.growth(growth)
                    .minDelay(Duration.ofMillis(100))
                    .maxDelay(Duration.ofSeconds(5))
                    .jitter(0.5));
        }

        @Test
        void growsFromTheOneBefore() {
            Call call = new Call(growing(Growth.DECORRELATED), "x");
            drawn = 1;

            assertThat(call.delayAfter(TransitionCause.CRASHED)).isEqualTo(Duration.ofMillis(100));
            assertThat(call.delayAfter(TransitionCause.CRASHED)).isEqualTo(Duration.ofMillis(300));
        }

        @Test
        void growsByEndsThatTheCallMayHaveCausedOnly() {
            Call call = new Call(growing(Growth.EXPONENTIAL), "x");
            assertThat(call.delayAfter(TransitionCause.KILLED)).isZero();
            assertThat(call.delayAfter(TransitionCause.KILLED)).isZero();

            assertThat(call.delayAfter(TransitionCause.CRASHED)).isEqualTo(Duration.ofMillis(100));
            assertThat(call.delayAfter(TransitionCause.CRASHED)).isEqualTo(Duration.ofMillis(200));
        }

        @Test
        void isTheFirstWhereTheCallHasCausedNone() {
            Call call = new Call(growing(Growth.EXPONENTIAL), "x");

            assertThat(call.delayAfter(TransitionCause.UNHEALTHY)).isEqualTo(Duration.ofMillis(100));
        }

        @Test
        void isDrawnByLot() {
            drawn = 0;

            assertThat(new Call(growing(Growth.EXPONENTIAL), "x").delayAfter(TransitionCause.CRASHED))
                    .isEqualTo(Duration.ofMillis(50));
        }
    }

    @Nested
    class TheBudgetOfRetries {

        private static final String USED_UP = "the pool's retry budget is used up";

        @Test
        void comesBackAsTimePasses() {
            Recovery recovery = with(policy -> policy.burst(1).budget(0));
            assertThat(new Call(recovery, "a").lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
            assertFails(new Call(recovery, "b").lost(TransitionCause.KILLED), USED_UP);

            clock.passSeconds(10);

            assertThat(new Call(recovery, "c").lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
        }

        @Test
        void isPaidForByCallsThatWereAccepted() {
            Recovery recovery = with(policy -> policy.burst(0).budget(0.5));
            assertFails(new Call(recovery, "a").lost(TransitionCause.KILLED), USED_UP);

            assertThat(new Call(recovery, "b").lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
        }
    }

    @Nested
    class APlaceAmongTheCallsThatAreTriedAgain {

        @Test
        void isGivenBackWhenTheCallLosesItsWorkerOnceMore() {
            Recovery recovery = of(pool -> pool.recovery(policy -> policy.maxConcurrent(1)));
            Call first = new Call(recovery, "a");
            Call second = new Call(recovery, "b");
            assertThat(first.lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
            assertThat(second.lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);
            assertThat(first.admission.takePlace()).isTrue();
            assertThat(second.admission.takePlace()).isFalse();

            assertThat(first.lost(TransitionCause.KILLED)).isInstanceOf(Retry.class);

            assertThat(second.admission.takePlace()).isTrue();
        }
    }
}
