package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.RetryPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Retries stay a share of the load. */
class RetryBudgetTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

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

    @Test
    void getsItsBurstBackEvenlyOverTenSeconds() {
        RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT.burst(1000).budget(0), 0);
        takeAll(budget, 0, 0);

        assertThat(takeAll(budget, 0, SECOND)).isEqualTo(100);
        assertThat(takeAll(budget, 0, 2 * SECOND)).isEqualTo(100);
    }

    @Test
    void savesUpForTenCallsAndNoneMore() {
        RetryBudget budget = new RetryBudget(RetryPolicy.DEFAULT.burst(1).budget(1), 0);

        assertThat(takeAll(budget, 1_000_000, 0)).isEqualTo(10);
    }
}
