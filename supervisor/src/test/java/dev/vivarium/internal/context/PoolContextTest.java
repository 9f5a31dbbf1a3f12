package dev.vivarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PoolConfig;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.internal.port.Machine;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the pool makes known of itself. */
class PoolContextTest {

    private static final int SNAPSHOTS = 5_000;
    private static final int STAYS = 2_000;
    private static final int LAST = 300;
    private static final long CALL = 7;

    private final PoolContext context = new PoolContext(
            PoolConfig.builder().name("context").handlers("handlers.py").build(), Machine.system());

    private void slot(int slot, long call) {
        context.slot(new WorkerSnapshot(
                new WorkerId("context", slot),
                1,
                call == 0 ? Phase.IDLE : Phase.BUSY,
                slot,
                call,
                0,
                0,
                0,
                null,
                WorkerSnapshot.Health.SOUND));
    }

    @Test
    void showsACallThatGoesFromOneWorkerToAnotherWithOneOfThem() throws Exception {
        // Given
        slot(1, CALL);
        for (int between = 2; between <= LAST; between++) {
            slot(between, 0);
        }
        AtomicBoolean over = new AtomicBoolean();
        Thread moving = new Thread(() -> {
            for (int from = 1; !over.get(); from = LAST + 1 - from) {
                slot(from, 0);
                slot(LAST + 1 - from, CALL);
                for (int i = 0; i < STAYS; i++) {
                    Thread.onSpinWait();
                }
            }
        });
        moving.start();

        // When
        long twice = IntStream.range(0, SNAPSHOTS)
                .filter(i -> context.snapshot().workers().stream()
                                .filter(worker -> worker.callId() == CALL)
                                .count()
                        > 1)
                .count();

        // Then
        over.set(true);
        moving.join();
        assertThat(twice).isZero();
    }
}
