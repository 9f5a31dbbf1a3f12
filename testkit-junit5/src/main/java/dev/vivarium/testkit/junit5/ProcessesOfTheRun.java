package dev.vivarium.testkit.junit5;

import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.StrayProcesses;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Finds processes that tests have started themselves and that live on. Where tests run one after the other, each test is asked
 * for what it has left; where they may run side by side, the run is, at its end.
 *
 * <p>JUnit before 5.13 closes only what is a {@code CloseableResource}, which is deprecated since.
 */
@SuppressWarnings("deprecation")
final class ProcessesOfTheRun implements AutoCloseable, ExtensionContext.Store.CloseableResource {

    /** The configuration parameter, or system property, with when to look: {@code test}, {@code run} or {@code never}. */
    static final String WHEN = "vivarium.testkit.processes";

    /** JUnit's configuration parameter for tests that run side by side. */
    private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";

    private enum When {
        TEST,
        RUN,
        NEVER
    }

    static final Duration PATIENCE = Duration.ofSeconds(10);

    private final StrayProcesses strays = StrayProcesses.begin();
    private final Set<String> tests = new ConcurrentSkipListSet<>();
    private final When when;

    private ProcessesOfTheRun(When when) {
        this.when = when;
    }

    private static When when(ExtensionContext context) {
        boolean sideBySide =
                context.getConfigurationParameter(PARALLEL, Boolean::valueOf).orElse(false);
        String value = context.getConfigurationParameter(WHEN).orElse(sideBySide ? "run" : "test");
        return Stream.of(When.values())
                .filter(known -> known.name().equalsIgnoreCase(value))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(WHEN + " must be test, run or never, got \"" + value + "\""));
    }

    /** Begins with the first test of a run; the run's end closes it. */
    static ProcessesOfTheRun watch(ExtensionContext context) {
        return context.getRoot()
                .getStore(Namespace.create(ProcessesOfTheRun.class))
                .getOrComputeIfAbsent(
                        ProcessesOfTheRun.class, key -> new ProcessesOfTheRun(when(context)), ProcessesOfTheRun.class);
    }

    /** Begins a test: what lives already is not its. Returns nothing where it cannot be told what a test has left. */
    Optional<StrayProcesses> begin(ExtensionContext context) {
        tests.add(context.getRequiredTestClass().getName());
        return when == When.TEST ? Optional.of(StrayProcesses.begin()) : Optional.empty();
    }

    @Override
    public void close() {
        List<Leak> left = when == When.RUN ? atTheEnd() : List.of();
        if (!left.isEmpty()) {
            throw new AssertionError("the tests left processes that belong to no pool:\n  "
                    + left.stream().map(Leak::toString).collect(Collectors.joining("\n  "))
                    + "\nit may have been any of these tests, or one that has no pool: "
                    + String.join(", ", tests));
        }
    }

    private List<Leak> atTheEnd() {
        try {
            return strays.left(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while looking for what the tests have left", e);
        }
    }
}
