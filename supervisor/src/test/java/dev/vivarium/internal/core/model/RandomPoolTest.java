package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.RetryCore;
import dev.vivarium.internal.core.model.PoolModel.Parts;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * Random histories of a pool that is too large to be explored. {@code -Dvivarium.explore.seed} repeats a failure,
 * {@code -Dvivarium.explore.walks} walks longer than the build does.
 */
class RandomPoolTest {

    private static final int WALKS = Integer.getInteger("vivarium.explore.walks", 1_000);
    private static final int LENGTH = 600;

    private static Scenario large() {
        Map<Adversity, Integer> most = new EnumMap<>(Adversity.class);
        for (Adversity kind : Adversity.values()) {
            most.put(kind, 3);
        }
        Set.of(Adversity.CLOSE, Adversity.DISMISS, Adversity.END_NOW).forEach(kind -> most.put(kind, 1));
        List<Scenario.Call> calls = IntStream.rangeClosed(1, 8)
                .mapToObj(i -> new Scenario.Call(i % 2 == 0, 2, i))
                .toList();
        return new Scenario(
                "four slots, eight calls", 4, Scenario.Start.COLD, calls, 8, 15, Map.copyOf(most), null, false);
    }

    @Nested
    class ALargerPool {

        @Test
        void keepsWhatMustHoldOnEveryRandomWay() {
            Long given = Long.getLong("vivarium.explore.seed");
            long first = given == null ? new Random().nextLong() : given;
            PoolModel model = new PoolModel(large(), Parts.real());
            long moves = 0;
            System.out.println("random walks: " + WALKS + " from seed " + first);

            for (long seed = first; seed < first + WALKS; seed++) {
                RandomWalk<Move> walk = RandomWalk.walk(model, seed, LENGTH);
                moves += walk.moves().size();

                if (!walk.isClean()) {
                    RandomWalk<Move> small = RandomWalk.shrink(model, walk);
                    throw new AssertionError(
                            "repeat with -Dvivarium.explore.seed=" + seed + "; shrunk from "
                                    + walk.moves().size() + " moves: " + small.report(),
                            small.violation());
                }
            }
            System.out.printf("random walks: %,d moves%n", moves);
        }
    }

    @Nested
    class AFailure {

        private final Parts spoiled = Parts.real().router(new RouterActor(RetryCore::decide) {
            @Override
            void again(PoolWorld world, CallWorld call) {
                call.requeue();
            }
        });
        private final PoolModel model = new PoolModel(large(), spoiled);

        private RandomWalk<Move> firstFailure() {
            return LongStream.range(0, 1_000)
                    .mapToObj(seed -> RandomWalk.walk(model, seed, LENGTH))
                    .filter(walk -> !walk.isClean())
                    .findFirst()
                    .orElseThrow();
        }

        @Test
        void shrinksToMovesOfWhichNoneCanBeLeftOut() {
            RandomWalk<Move> failed = firstFailure();

            RandomWalk<Move> small = RandomWalk.shrink(model, failed);

            System.out.println("shrunk from " + failed.moves().size() + ": " + small.report());
            assertThat(small.moves()).hasSizeLessThanOrEqualTo(failed.moves().size());
            for (int i = 0; i < small.moves().size(); i++) {
                List<Move> without = new ArrayList<>(small.moves());
                without.remove(i);
                RandomWalk<Move> rest = RandomWalk.along(model, without);
                assertThat(rest.isClean()
                                || rest.violation().invariant()
                                        != small.violation().invariant())
                        .as("without %s", small.moves().get(i))
                        .isTrue();
            }
        }

        @Test
        void isTheSameEachTimeThatItsSeedIsWalked() {
            RandomWalk<Move> one = firstFailure();
            RandomWalk<Move> other = firstFailure();

            assertThat(other.moves()).isEqualTo(one.moves());
            assertThat(RandomWalk.shrink(model, other).moves())
                    .isEqualTo(RandomWalk.shrink(model, one).moves());
        }
    }
}
