package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.WorkerState;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Visits every interleaving of small pools, and shows that nothing the core can do was left out.
 *
 * <p>{@code -Dvivarium.explore.large=true} adds larger scenarios, {@code -Dvivarium.explore.brief=true} leaves out the largest
 * of the others, {@code -Dvivarium.explore.states} sets the most states that
 * one may have.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 10, unit = TimeUnit.MINUTES) // A minute of processor time, which a busy machine may stretch.
class PoolExplorationTest {

    private static final int BUDGET = Integer.getInteger("vivarium.explore.states", 1_000_000);

    private record Explored(Exploration<Move> found, Coverage coverage) {}

    private final Coverage seen = new Coverage(SlotDecisions.REAL);
    private final Map<String, Future<Explored>> explorations = new HashMap<>();
    private ExecutorService processors;

    /** All of them are begun at once, so that no processor idles; each test waits for its own. */
    @BeforeAll
    void explore() {
        processors = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        scenarios().forEach(scenario -> explorations.put(scenario.name(), processors.submit(() -> explore(scenario))));
    }

    @AfterAll
    void stop() {
        processors.shutdownNow();
    }

    private static Explored explore(Scenario scenario) {
        Coverage coverage = new Coverage(SlotDecisions.REAL);
        return new Explored(
                Explorer.explore(new PoolModel(scenario, PoolModel.Parts.with(coverage)), BUDGET), coverage);
    }

    static Stream<Scenario> scenarios() {
        return Scenarios.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    @Order(1)
    void everyInterleavingKeepsWhatMustHold(Scenario scenario) throws Exception {
        Explored explored = explorations.get(scenario.name()).get();

        Exploration<Move> found = explored.found();
        System.out.println("explored: " + scenario.name() + ": " + found.report());
        assertThat(found.isClean()).as(found::report).isTrue();
        seen.add(explored.coverage());
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
