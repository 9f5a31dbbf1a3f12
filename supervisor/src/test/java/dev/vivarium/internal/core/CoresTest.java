package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.RetryCore.Decision;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The smaller decision cores. */
class CoresTest {

    @Nested
    class ABackoff {

        private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(30), 0.2);

        @Test
        void doublesUpToItsLimit() {
            assertThat(List.of(0, 1, 2, 3, 9, 1_000_000))
                    .map(n -> backoff.delay(n, 0.5).toMillis())
                    .containsExactly(0L, 200L, 400L, 800L, 30_000L, 30_000L);
        }

        @Test
        void variesByItsJitterAndNeverExceedsItsLimit() {
            assertThat(backoff.delay(2, 0).toMillis()).isEqualTo(320);
            assertThat(backoff.delay(2, 1).toMillis()).isEqualTo(480);
            assertThat(backoff.delay(20, 1)).isEqualTo(Duration.ofSeconds(30));
        }
    }

    @Nested
    class ARetry {

        @ParameterizedTest
        @CsvSource({
            "NOT_STARTED, false, 1, 3, 1, RETRY",
            "UNKNOWN, false, 1, 3, 1, NOT_SAFE",
            "RAN, false, 1, 3, 1, NOT_SAFE",
            "UNKNOWN, true, 1, 3, 1, RETRY",
            "RAN, true, 3, 3, 1, RETRY",
            "UNKNOWN, true, 4, 3, 1, NO_RETRIES_LEFT",
            "NOT_STARTED, false, 4, 3, 1, NO_RETRIES_LEFT",
            "NOT_STARTED, true, 1, 3, 0, OUT_OF_TIME",
            "UNKNOWN, true, 1, 0, 1, NO_RETRIES_LEFT"
        })
        void isDecided(Execution execution, boolean safe, int failed, int max, long remaining, Decision decision) {
            assertThat(RetryCore.decide(execution, safe, failed, max, remaining))
                    .isEqualTo(decision);
        }
    }

    @Nested
    class AnExitStatus {

        @ParameterizedTest
        @CsvSource({
            "0, EXITED, 0, 0",
            "256, EXITED, 1, 0",
            "35072, EXITED, 137, 0",
            "18432, LOAD_FAILED, 72, 0",
            "19456, PROTOCOL_VIOLATION, 76, 0",
            "9, KILLED, -1, 9",
            "15, KILLED, -1, 15",
            "11, CRASHED, -1, 11",
            "139, CRASHED, -1, 11",
            "134, CRASHED, -1, 6",
            "7, CRASHED, -1, 7",
            "31, CRASHED, -1, 31",
            "10, KILLED, -1, 10",
            "14, KILLED, -1, 14",
            "64, KILLED, -1, 64"
        })
        void isDecoded(int wait, TransitionCause cause, int status, int signal) {
            ExitDiagnosis diagnosis = ExitDiagnosis.of(wait, 0, 0);

            assertThat(diagnosis.cause()).isEqualTo(cause);
            assertThat(diagnosis.status()).isEqualTo(status);
            assertThat(diagnosis.signal()).isEqualTo(signal);
        }

        @Test
        void doesNotTakeTheStatusOfAFailedLoadForThatWhereTheHandlersWereLoaded() {
            ExitDiagnosis diagnosis = ExitDiagnosis.of(72 << 8, 0, 0);

            assertThat(diagnosis.of(true, false).cause()).isEqualTo(TransitionCause.LOAD_FAILED);
            assertThat(diagnosis.of(false, true).cause()).isEqualTo(TransitionCause.EXITED);
            assertThat(diagnosis.of(false, true).status()).isEqualTo(72);
        }

        @Test
        void doesNotTakeTheStatusOfAViolationForThatWhereTheProcessDidNotSaySo() {
            ExitDiagnosis diagnosis = ExitDiagnosis.of(76 << 8, 0, 0);

            assertThat(diagnosis.of(false, true).cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
            assertThat(diagnosis.of(true, false).cause()).isEqualTo(TransitionCause.EXITED);
            assertThat(diagnosis.of(true, false).text()).isEqualTo("exited with status 76");
        }

        @Test
        void isOutOfMemoryOnlyWithEvidence() {
            assertThat(ExitDiagnosis.of(9, 1, 2048).cause()).isEqualTo(TransitionCause.OUT_OF_MEMORY);
            assertThat(ExitDiagnosis.of(9, 1, 2048).text())
                    .contains("1 out-of-memory kill")
                    .contains("2 MiB");
            assertThat(ExitDiagnosis.of(9, -1, 2048).cause()).isEqualTo(TransitionCause.KILLED);
            assertThat(ExitDiagnosis.of(11, 1, 2048).cause()).isEqualTo(TransitionCause.CRASHED);
        }
    }

    @Test
    void anIllegalTransitionNamesBothStates() {
        assertThatThrownBy(() -> {
                    throw new IllegalTransition(4, WorkerState.DEGRADED, WorkerState.BUSY);
                })
                .hasMessage("incarnation 4 cannot move from DEGRADED to BUSY");
        assertThat(WorkerState.DEGRADED.canMoveTo(WorkerState.BUSY)).isFalse();
        assertThat(WorkerState.TERMINATED.canMoveTo(WorkerState.READY)).isFalse();
        assertThat(WorkerState.BUSY.canMoveTo(WorkerState.READY)).isTrue();
    }
}
