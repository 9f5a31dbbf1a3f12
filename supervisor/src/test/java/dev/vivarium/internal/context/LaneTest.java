package dev.vivarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LaneTest {

    private final Deque<Runnable> handedOver = new ArrayDeque<>();
    private final List<Integer> ran = new ArrayList<>();
    private final Lane lane = new Lane(handedOver::add, 3);

    @Test
    void runsTasksInTheirOrderOnTheExecutor() {
        for (int i = 0; i < 3; i++) {
            int number = i;
            assertThat(lane.offer(() -> ran.add(number))).isTrue();
        }
        assertThat(ran).isEmpty();
        assertThat(handedOver).hasSize(1);

        handedOver.remove().run();

        assertThat(ran).containsExactly(0, 1, 2);
    }

    @Test
    void takesNoMoreThanItHolds() {
        for (int i = 0; i < 3; i++) {
            assertThat(lane.offer(() -> {})).isTrue();
        }

        assertThat(lane.offer(() -> ran.add(4))).isFalse();

        handedOver.remove().run();
        assertThat(lane.offer(() -> ran.add(5))).isTrue();
    }

    @Test
    void goesOnAfterATaskThatThrows() {
        assertThat(lane.offer(() -> {
                    throw new StackOverflowError("on purpose");
                }))
                .isTrue();
        assertThat(lane.offer(() -> ran.add(1))).isTrue();

        handedOver.remove().run();

        assertThat(ran).containsExactly(1);
        assertThat(lane.offer(() -> ran.add(2))).isTrue();
        handedOver.remove().run();
        assertThat(ran).containsExactly(1, 2);
    }

    @Test
    void losesNoTaskWhenManyThreadsOffer() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            int each = 5_000;
            CountDownLatch done = new CountDownLatch(4 * each);
            Lane shared = new Lane(threads, 4 * each);
            for (int t = 0; t < 4; t++) {
                new Thread(() -> {
                            for (int i = 0; i < each; i++) {
                                assertThat(shared.offer(done::countDown)).isTrue();
                            }
                        })
                        .start();
            }

            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            threads.shutdownNow();
        }
    }
}
