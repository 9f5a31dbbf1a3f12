package dev.vivarium.internal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Circuit;
import dev.vivarium.CircuitBreakerPolicy;
import dev.vivarium.internal.core.CircuitBreaker;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.core.CircuitBreaker.Pass;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.internal.recovery.Breakers.Passes;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The breakers of a pool and of its handlers, together. */
class BreakersTest {

    private static final Circuit POOL = new Circuit("p", null);
    private static final Circuit OF_A = new Circuit("p", "a");

    private final SetClock clock = new SetClock();

    private Breakers with(CircuitBreakerPolicy policy) {
        return new Breakers("p", policy, clock, (circuit, from, to) -> {});
    }

    private static Passes enter(Breakers breakers, String handler) {
        Breakers.Answer answer = breakers.enter(handler);
        assertThat(answer.refusedBy()).isNull();
        return Objects.requireNonNull(answer.passes());
    }

    private static void call(Breakers breakers, String handler, Outcome outcome) {
        breakers.leave(handler, enter(breakers, handler), outcome);
    }

    /** Opens the breaker of the pool and, where they are all of one handler, its own. */
    private static void breakFive(Breakers breakers, String... handlers) {
        for (int i = 0; i < 5; i++) {
            call(breakers, handlers[i % handlers.length], Outcome.BROKEN);
        }
    }

    @Nested
    class ThatOfThePool {

        private final Breakers breakers = with(CircuitBreakerPolicy.DEFAULT);

        @Test
        void saysWhenToTryAgain() {
            breakFive(breakers, "a", "b", "c", "d", "e");
            clock.passSeconds(20);

            Breakers.Answer answer = breakers.enter("z");

            assertThat(answer.passes()).isNull();
            assertThat(answer.refusedBy()).isEqualTo(POOL);
            assertThat(answer.retryAfterNanos()).isEqualTo(SetClock.nanosOf(40));
        }

        @Test
        void givesBackThePlaceOfTheHandlersThatItRefuses() {
            Breakers one = with(CircuitBreakerPolicy.DEFAULT.halfOpenCalls(1).successThreshold(1));
            breakFive(one, "a");
            clock.passSeconds(60);
            Passes probe = enter(one, "b");
            assertThat(one.enter("a").refusedBy()).isEqualTo(POOL);

            one.leave("b", probe, Outcome.SOUND);

            assertThat(one.open()).as("told nothing by the refused call").containsExactly(OF_A);
            assertThat(enter(one, "a").handler().probe()).isTrue();
        }
    }

    @Nested
    class ThatOfAHandler {

        private final Breakers breakers = with(CircuitBreakerPolicy.DEFAULT);

        @Test
        void saysWhenToTryAgain() {
            breakFive(breakers, "a");
            clock.passSeconds(20);

            Breakers.Answer answer = breakers.enter("a");

            assertThat(answer.refusedBy()).isEqualTo(OF_A);
            assertThat(answer.retryAfterNanos()).isEqualTo(SetClock.nanosOf(40));
        }

        @Test
        void closesWhenItsProbesEndWell() {
            breakFive(breakers, "a");
            clock.passSeconds(60);

            for (int i = 0; i < 3; i++) {
                call(breakers, "a", Outcome.SOUND);
            }

            assertThat(breakers.open()).isEmpty();
        }

        @Test
        void isToldOfTheGoodEndOfACallThatIsOlderThanItself() {
            Passes older = enter(breakers, "a");
            for (int i = 0; i < 4; i++) {
                call(breakers, "a", Outcome.BROKEN);
            }

            breakers.leave("a", older, Outcome.SOUND);
            call(breakers, "a", Outcome.BROKEN);

            assertThat(breakers.open()).isEmpty();
        }

        @Test
        void isNoneUntilACallHasBroken() {
            call(breakers, "a", Outcome.SOUND);
            call(breakers, "a", Outcome.UNTOLD);
            assertThat(enter(breakers, "a").own()).isNull();

            call(breakers, "a", Outcome.BROKEN);

            assertThat(enter(breakers, "a").own()).isNotNull();
        }
    }

    @Nested
    class ALostRace {

        private int looks;
        private final Breaker breaker = new Breaker(
                OF_A,
                new CircuitBreaker(CircuitBreakerPolicy.DEFAULT.failureThreshold(2)),
                new Clock() {
                    @Override
                    public long nanoTime() {
                        if (looks++ == 0) {
                            breakOne(); // Another call ends while this one's end is being decided.
                        }
                        return clock.nanoTime();
                    }

                    @Override
                    public Instant now() {
                        return clock.now();
                    }
                },
                (circuit, from, to) -> {});

        private void breakOne() {
            breaker.leave(new Pass(0, false), Outcome.BROKEN);
        }

        @Test
        void isRunAgain() {
            breakOne();

            assertThat(breaker.isClosed()).as("two have broken").isFalse();
        }
    }
}
