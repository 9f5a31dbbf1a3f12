package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is counted within a window. */
class CallRatesTest {

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
