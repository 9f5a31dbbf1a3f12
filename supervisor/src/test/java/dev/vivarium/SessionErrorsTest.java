package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.protocol.Execution;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionErrorsTest {

    private static CallAttempt attempt(Execution execution) {
        return new CallAttempt(new WorkerId("p", 1), 1, TransitionCause.KILLED, execution);
    }

    @Test
    void aCallThatWasNeverSentHasNotStarted() {
        assertThat(new SessionBusy("s", List.of(), "").execution()).isEqualTo(Execution.NOT_STARTED);
        assertThat(new SessionLost("s", 1, List.of(), "", null).execution()).isEqualTo(Execution.NOT_STARTED);
    }

    @Test
    void aCallOfWhichAnAttemptMayHaveRunIsNotSaidNotToHaveStarted() {
        // Given a call that lost a worker, and may have run there
        List<CallAttempt> attempts = List.of(attempt(Execution.UNKNOWN), attempt(Execution.NOT_STARTED));

        // Then whatever keeps it from its next try does not make that undone
        assertThat(new SessionBusy("s", attempts, "").execution()).isEqualTo(Execution.UNKNOWN);
        assertThat(new SessionLost("s", 1, attempts, "", null).execution()).isEqualTo(Execution.UNKNOWN);
    }
}
