package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The explorer, on graphs that can be drawn. */
class ExplorerTest {

    /** A graph: from each node to others; the settled nodes; the node where an invariant does not hold. */
    private record Graph(Map<Integer, List<Integer>> edges, List<Integer> settled, int bad)
            implements Model<Integer, Integer> {

        @Override
        public Integer initial() {
            return 0;
        }

        @Override
        public List<Integer> moves(Integer node) {
            return edges.getOrDefault(node, List.of());
        }

        @Override
        public Integer after(Integer node, Integer to) {
            return to;
        }

        @Override
        public void check(Integer node) {
            if (node == bad) {
                throw new Broken(Invariant.ONE_OUTCOME, "node " + node);
            }
        }

        @Override
        public boolean isFair(Integer to) {
            return to < 100;
        }

        @Override
        public boolean isSettled(Integer node) {
            return settled.contains(node);
        }

        @Override
        public Fingerprint fingerprint(Integer node) {
            return Fingerprint.of().with(node).done();
        }
    }

    private static final int NONE = -1;

    @Test
    void countsEachStateOnceAndEachTransition() {
        Graph diamond = new Graph(Map.of(0, List.of(1, 2), 1, List.of(3), 2, List.of(3)), List.of(3), NONE);

        Exploration<Integer> found = Explorer.explore(diamond, 10);

        assertThat(found.report()).isEqualTo("4 states, 4 transitions, depth 2");
        assertThat(found.isClean()).isTrue();
    }

    @Test
    void reportsTheShortestWayToAViolation() {
        Graph graph = new Graph(Map.of(0, List.of(1, 5), 1, List.of(2), 2, List.of(9), 5, List.of(9)), List.of(9), 9);

        Exploration<Integer> found = Explorer.explore(graph, 10);

        assertThat(found.violation().invariant()).isEqualTo(Invariant.ONE_OUTCOME);
        assertThat(found.trace()).containsExactly(5, 9);
    }

    @Test
    void findsADeadEndAndACycleThatNeverSettle() {
        Graph deadEnd = new Graph(Map.of(0, List.of(1, 2)), List.of(1), NONE);
        Graph cycle = new Graph(Map.of(0, List.of(1, 2), 2, List.of(3), 3, List.of(2)), List.of(1), NONE);

        assertThat(Explorer.explore(deadEnd, 10).trace()).containsExactly(2);
        assertThat(Explorer.explore(cycle, 10).trace()).containsExactly(2);
        assertThat(Explorer.explore(cycle, 10).violation().invariant()).isEqualTo(Invariant.WAY_BACK);
    }

    @Test
    void doesNotCountOnMisfortuneToSettle() {
        Graph graph = new Graph(Map.of(0, List.of(100), 100, List.of()), List.of(100), NONE);

        assertThat(Explorer.explore(graph, 10).violation().invariant()).isEqualTo(Invariant.WAY_BACK);
    }

    @Test
    void refusesAModelThatIsLargerThanItsBudget() {
        Graph line = new Graph(Map.of(0, List.of(1), 1, List.of(2)), List.of(2), NONE);

        assertThat(Explorer.explore(line, 3).isClean()).isTrue();
        assertThatThrownBy(() -> Explorer.explore(line, 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("more than 2 states");
    }
}
