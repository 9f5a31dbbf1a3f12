package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Alert;
import dev.vivarium.AlertPolicy;
import dev.vivarium.Circuit;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When an alert is raised. */
class AlertCoreTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final AlertCore core = new AlertCore(AlertPolicy.DEFAULT);
    private final List<Circuit> three = List.of(new Circuit("p", "a"), new Circuit("p", "b"), new Circuit("p", null));

    private List<Alert.Kind> kinds(long calls, long failed, List<Circuit> open, long now) {
        return core.look(calls, failed, open, now).stream().map(Alert::kind).toList();
    }

    @Test
    void isRaisedWhenATenthOfTheCallsFailAndOnlyOnceInAWhile() {
        assertThat(kinds(100, 9, List.of(), 0)).isEmpty();
        assertThat(kinds(100, 10, List.of(), 0)).containsExactly(Alert.Kind.HIGH_ERROR_RATE);
        assertThat(kinds(100, 99, List.of(), 299 * SECOND)).isEmpty();
        assertThat(kinds(100, 99, List.of(), 300 * SECOND)).containsExactly(Alert.Kind.HIGH_ERROR_RATE);
    }

    @Test
    void isNotRaisedByAHandfulOfCalls() {
        assertThat(kinds(9, 9, List.of(), 0)).isEmpty();
    }

    @Test
    void tellsOfEachBreakerThatOpensAndOfManyThatAre() {
        assertThat(kinds(0, 0, three.subList(0, 1), 0)).containsExactly(Alert.Kind.CIRCUIT_OPENED);
        assertThat(kinds(0, 0, three.subList(0, 1), 0)).isEmpty();
        assertThat(kinds(0, 0, three, 0))
                .containsExactly(Alert.Kind.CIRCUIT_OPENED, Alert.Kind.CIRCUIT_OPENED, Alert.Kind.MANY_CIRCUITS_OPEN);
    }

    @Test
    void isNoneWhenTheyAreSwitchedOff() {
        assertThat(new AlertCore(AlertPolicy.DEFAULT.enabled(false)).look(100, 100, three, 0))
                .isEmpty();
    }
}
