package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StateLifeTest {

    private static final Duration TTL = Duration.ofSeconds(40);
    private static final Instant STORED = Instant.parse("2030-01-01T00:00:00Z");

    private final StateLife life = new StateLife(TTL);

    @Test
    void isNeverShorterThanTheTimeToLiveAfterACallThatOnlyReads() {
        for (long age = 0; age <= 60; age++) {
            Instant read = STORED.plusSeconds(age);
            boolean renewed = life.isOld(Duration.ofSeconds(age).toNanos());

            Instant end = life.expiry(renewed ? read : STORED);

            assertThat(Duration.between(read, end)).as("read after %d s", age).isGreaterThanOrEqualTo(TTL);
        }
    }

    @Test
    void tellsFromItsEndHowOldItIs() {
        assertThat(life.ageNanos(life.expiry(STORED), STORED.plusSeconds(30)))
                .isEqualTo(Duration.ofSeconds(30).toNanos());
        assertThat(life.ageNanos(life.expiry(STORED), STORED.minusSeconds(5))).isZero();
    }

    @Test
    void isNewWhereItNeverEndsAndOldWhereItHasEndedLongAgo() {
        assertThat(life.ageNanos(Instant.MAX, STORED)).isZero();

        long oldest = life.ageNanos(Instant.MIN, STORED);

        assertThat(life.isOld(oldest)).isTrue();
        assertThat(oldest).isEqualTo(Duration.ofSeconds(50).toNanos());
        assertThat(life.ageNanos(Instant.MIN, Instant.MAX)).isEqualTo(oldest);
        assertThat(life.ageNanos(Instant.MAX, Instant.MIN)).isZero();
    }
}
