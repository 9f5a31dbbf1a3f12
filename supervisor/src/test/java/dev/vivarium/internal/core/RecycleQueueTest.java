package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecycleQueueTest {

    private final RecycleQueue queue = new RecycleQueue();

    @Test
    void replacesOneAtATimeInTheOrderInWhichTheyWereDue() {
        queue.due(2);
        queue.due(1);
        queue.due(2);

        assertThat(queue.next()).isEqualTo(2);
        queue.begin(2, 5);
        assertThat(queue.next()).isZero();

        assertThat(queue.ready(4)).isZero();
        assertThat(queue.ready(5)).isEqualTo(2);
        assertThat(queue.next()).isEqualTo(1);
    }

    @Test
    void doesNotReplaceAgainWhatIsBeingReplacedNorItsReplacement() {
        queue.due(1);
        queue.begin(1, 5);

        queue.due(1);
        queue.due(5);

        assertThat(queue.ready(5)).isEqualTo(1);
        assertThat(queue.next()).isZero();
    }

    @Test
    void makesTheReplacementAnOrdinarySlotWhenTheOldOneEndsFirst() {
        queue.due(1);
        queue.begin(1, 5);

        queue.gone(1);

        assertThat(queue.replacement()).isZero();
        assertThat(queue.ready(5)).isZero();
    }

    @Test
    void startsAnewWhenTheReplacementEnds() {
        queue.due(1);
        queue.begin(1, 5);

        queue.gone(5);
        queue.due(1);

        assertThat(queue.next()).isEqualTo(1);
    }

    @Test
    void endsARoundWhenAllOfItHaveBeenReplacedOrHaveGone() {
        queue.round(List.of(1, 2, 3));
        queue.begin(queue.next(), 4);
        assertThat(queue.ready(4)).isEqualTo(1);
        queue.gone(2);
        assertThat(queue.roundIsOver()).isFalse();

        assertThat(queue.next()).isEqualTo(3);
        queue.begin(3, 1);
        assertThat(queue.ready(1)).isEqualTo(3);

        assertThat(queue.roundIsOver()).isTrue();
    }

    @Test
    void neverWaitsForWhatIsNotThere() {
        for (long seed = 0; seed < 300; seed++) {
            RecycleQueue some = new RecycleQueue();
            Random random = new Random(seed);
            Set<Integer> there = new HashSet<>(Set.of(1, 2, 3, 4));
            int number = 5;
            for (int step = 0; step < 100; step++) {
                int slot = there.stream()
                        .skip(random.nextInt(there.size()))
                        .findFirst()
                        .orElseThrow();
                switch (random.nextInt(5)) {
                    case 0 -> some.due(slot);
                    case 1 -> some.round(there);
                    case 2 -> {
                        if (some.next() != 0) {
                            there.add(number);
                            some.begin(some.next(), number++);
                        }
                    }
                    case 3 -> {
                        int replaced = some.ready(slot);
                        assertThat(replaced == 0 || there.contains(replaced)).isTrue();
                        if (replaced != 0) {
                            there.remove(replaced);
                            some.gone(replaced);
                        }
                    }
                    default -> {
                        if (there.size() > 1) {
                            there.remove(slot);
                            some.gone(slot);
                        }
                    }
                }
            }
            for (int turn = 0; turn < 200 && !some.roundIsOver(); turn++) {
                if (some.replacement() == 0 && some.next() != 0) {
                    some.begin(some.next(), number++);
                }
                int replaced = some.ready(some.replacement());
                if (replaced != 0) {
                    some.gone(replaced);
                }
            }
            assertThat(some.roundIsOver()).as("seed %d", seed).isTrue();
        }
    }
}
