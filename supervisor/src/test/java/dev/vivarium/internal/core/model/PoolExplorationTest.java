package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.WorkerState;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Visits every interleaving of small pools, and shows that nothing the core can do was left out.
 *
 * <p>{@code -Dvivarium.explore.large=true} adds larger scenarios, {@code -Dvivarium.explore.states} sets the most states that
 * one may have.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PoolExplorationTest {

    private static final int BUDGET = Integer.getInteger("vivarium.explore.states", 1_000_000);

    private final Coverage seen = new Coverage(SlotDecisions.REAL);

    static Stream<Scenario> scenarios() {
        return Scenarios.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    @Order(1)
    void everyInterleavingKeepsWhatMustHold(Scenario scenario) {
        Coverage coverage = new Coverage(SlotDecisions.REAL);
        PoolModel model = new PoolModel(scenario, PoolModel.Parts.with(coverage));

        Exploration<Move> found = Explorer.explore(model, BUDGET);

        System.out.println("explored: " + scenario.name() + ": " + found.report());
        assertThat(found.isClean()).as(found::report).isTrue();
        seen.add(coverage);
    }

    @Test
    @Order(2)
    void theExplorationsTakeEveryTransitionOfTheTable() {
        Set<String> legal = new TreeSet<>();
        for (WorkerState from : WorkerState.values()) {
            for (WorkerState to : WorkerState.values()) {
                if (from.canMoveTo(to)) {
                    legal.add(from + " > " + to);
                }
            }
        }

        System.out.println("transitions of the table taken: " + seen.moves().size() + " of " + legal.size());
        assertThat(seen.moves()).isEqualTo(legal);
    }

    @Test
    @Order(2)
    void theExplorationsMakeEveryChangeThatTheCoreCanMake() {
        Coverage possible = new Coverage(SlotDecisions.REAL);

        Exploration<?> found = Explorer.explore(new SlotModel(possible), BUDGET);

        System.out.println("explored: a slot among hostile senders: " + found.report());
        System.out.println("pairs of state and event that change something: "
                + possible.changes().size() + ", in pools " + seen.changes().size());
        assertThat(found.isClean()).as(found::report).isTrue();
        assertThat(seen.changes()).isEqualTo(possible.changes());
    }
}
