package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The checker of histories finds the faults that are planted. */
class SessionHistoryTest {

    private final SessionHistory history = new SessionHistory();

    private void answered(long begun, long answered, int value) {
        history.add(new SessionHistory.Answered("s", begun, answered, value));
    }

    @Test
    void acceptsWhatCouldHaveHappened() {
        answered(1, 4, 2);
        answered(2, 3, 1);
        answered(5, 6, 3);

        assertThat(history.check(Map.of("s", 3))).isEmpty();
    }

    @Test
    void acceptsThatWhatNobodyKnowsWasMadeOrNot() {
        answered(1, 2, 1);
        history.unknown("s");

        assertThat(history.check(Map.of("s", 1))).isEmpty();
        assertThat(history.check(Map.of("s", 2))).isEmpty();
    }

    @Test
    void findsALostCommit() {
        answered(1, 2, 1);
        answered(3, 4, 2);

        assertThat(history.check(Map.of("s", 1))).anyMatch(finding -> finding.contains("lost"));
    }

    @Test
    void findsADoubledCommit() {
        answered(1, 2, 1);
        answered(3, 4, 3);

        assertThat(history.check(Map.of("s", 3))).anyMatch(finding -> finding.contains("committed twice"));
    }

    @Test
    void findsAStaleRead() {
        answered(1, 2, 1);
        answered(3, 4, 1);
        history.unknown("s");

        assertThat(history.check(Map.of("s", 2))).anyMatch(finding -> finding.contains("stale read"));
    }

    @Test
    void findsAnOrderThatCannotBe() {
        answered(1, 2, 2);
        answered(3, 4, 1);

        assertThat(history.check(Map.of("s", 2))).anyMatch(finding -> finding.contains("was answered before"));
    }
}
