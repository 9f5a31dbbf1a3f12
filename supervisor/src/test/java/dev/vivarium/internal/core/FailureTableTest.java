package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.ErrorCategory;
import dev.vivarium.RecoveryStrategy;
import dev.vivarium.Severity;
import dev.vivarium.TransitionCause;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the end of a worker means. */
class FailureTableTest {

    @ParameterizedTest
    @CsvSource({
        "CRASHED, CONNECTION, MAJOR, true, BACKOFF_RETRY",
        "EXITED, CONNECTION, MAJOR, true, BACKOFF_RETRY",
        "OUT_OF_MEMORY, RESOURCE, MAJOR, true, FAILOVER",
        "MEMORY_LIMIT, RESOURCE, MAJOR, true, FAILOVER",
        "HUNG, TIMEOUT, MAJOR, true, BACKOFF_RETRY",
        "PROTOCOL_VIOLATION, COMMUNICATION, MAJOR, true, IMMEDIATE_RETRY",
        "UNHEALTHY, HEALTH_CHECK, MINOR, false, BACKOFF_RETRY",
        "KILLED, CONNECTION, MINOR, false, IMMEDIATE_RETRY",
        "GUARDIAN_LOST, CONNECTION, MINOR, false, IMMEDIATE_RETRY",
        "DRAINED, CONNECTION, MINOR, false, IMMEDIATE_RETRY",
        "LOAD_FAILED, INITIALIZATION, CRITICAL, true, CIRCUIT_BREAK"
    })
    void isClassified(
            TransitionCause cause,
            ErrorCategory category,
            Severity severity,
            boolean within,
            RecoveryStrategy strategy) {
        FailureTable.Failure failure = FailureTable.of(cause, 1);

        assertThat(failure).isEqualTo(new FailureTable.Failure(category, severity, within));
        assertThat(failure.strategy()).isEqualTo(strategy);
    }

    @Test
    void isWorseAfterManyAttempts() {
        assertThat(FailureTable.of(TransitionCause.CRASHED, 3).severity()).isEqualTo(Severity.MAJOR);
        assertThat(FailureTable.of(TransitionCause.CRASHED, 4).severity()).isEqualTo(Severity.CRITICAL);
        assertThat(FailureTable.of(TransitionCause.CRASHED, 4).strategy()).isEqualTo(RecoveryStrategy.CIRCUIT_BREAK);
    }

    @Test
    void thatCameFromOutsideIsNeverWorse() {
        assertThat(FailureTable.of(TransitionCause.KILLED, 99).strategy()).isEqualTo(RecoveryStrategy.IMMEDIATE_RETRY);
    }

    @Test
    void isNoneWhereTheCauseIsNone() {
        assertThatThrownBy(() -> FailureTable.of(TransitionCause.LEASED, 1)).hasMessageContaining("LEASED");
    }
}
