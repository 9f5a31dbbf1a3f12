package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Calls that wait for the worker that a slot has now. */
class PinnedCallsTest {

    private static final long LATE = 1_000;

    private final RouterCore core = new RouterCore();

    @Test
    void goToTheirSlotAndToNoOther() {
        core.pin(1, LATE, 0, 2);
        core.available(1, 1);

        assertThat(core.assign()).isEmpty();

        core.available(2, 5);
        assertThat(core.assign()).containsExactly(new RouterCore.Assignment(1, 2, 5, false));
    }

    @Test
    void takeTheirTurnAmongThoseThatAnyWorkerMayHave() {
        core.submit(1, LATE, 0);
        core.pin(2, LATE, 1, 1);
        core.submit(3, LATE, 2);

        for (long call : new long[] {1, 2, 3}) {
            core.available(1, 1);
            assertThat(core.assign()).extracting(RouterCore.Assignment::callId).containsExactly(call);
        }
    }

    @Test
    void areNotAmongThoseThatSessionsHold() {
        core.pin(1, LATE, 0, 1);
        core.hold(2, LATE, 0, 1);

        assertThat(core.heldFor(1)).containsExactly(2L);
        assertThat(core.pinnedTo(1)).containsExactly(1L);
    }

    @Test
    void expireAndAreDrainedAsOthersAre() {
        core.pin(1, 10, 0, 1);
        core.pin(2, LATE, 0, 1);

        assertThat(core.earliestDeadline()).isEqualTo(10);
        assertThat(core.expire(10)).containsExactly(1L);
        assertThat(core.waiting()).isEqualTo(1);
        assertThat(core.drain()).containsExactly(2L);
        assertThat(core.pinnedTo(1)).isEmpty();
    }
}
