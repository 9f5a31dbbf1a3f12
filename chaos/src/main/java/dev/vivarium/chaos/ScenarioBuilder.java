package dev.vivarium.chaos;

import dev.vivarium.chaos.internal.ScenarioChecks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Makes a {@link Scenario}. Not thread-safe. */
public final class ScenarioBuilder {

    /** How long a fault may last unless it is said otherwise. */
    public static final Duration DEFAULT_TTL = Duration.ofSeconds(5);

    private final String name;
    private String title = "";
    private int workers = 4;
    private List<String> options = List.of();
    private LoadSpec load = LoadSpec.DEFAULT;
    private SteadyState steady = SteadyState.DEFAULT;
    private final List<Step> method = new ArrayList<>();
    private Duration recover = Duration.ofSeconds(10);
    private final List<Expectation> expect = new ArrayList<>();

    ScenarioBuilder(String name) {
        this.name = name;
    }

    /** Says in one sentence what happens. Default: the name. */
    public ScenarioBuilder title(String sentence) {
        title = sentence;
        return this;
    }

    /** Sets how many workers the pool has; 1 to 64, default 4. */
    public ScenarioBuilder workers(int count) {
        workers = count;
        return this;
    }

    /** Sets options of the pool, such as {@code "queue-capacity = 50"}. */
    public ScenarioBuilder options(String... lines) {
        options = List.of(lines);
        return this;
    }

    /** Sets the calls. Default: {@link LoadSpec#DEFAULT}. */
    public ScenarioBuilder load(LoadSpec calls) {
        load = calls;
        return this;
    }

    /** Sets what is asked while nothing befalls the pool. Default: {@link SteadyState#DEFAULT}. */
    public ScenarioBuilder steady(SteadyState state) {
        steady = state;
        return this;
    }

    /** Adds a step. */
    public ScenarioBuilder step(Step step) {
        method.add(step);
        return this;
    }

    /** Adds a fault that lands once in each target, all at once, and lasts {@link #DEFAULT_TTL} at most. */
    public ScenarioBuilder fault(Duration after, ChaosFault fault, Targets targets) {
        return step(new Step.Inject(after, fault, targets, Duration.ZERO, DEFAULT_TTL, 1));
    }

    /** Sets how long the pool may take to recover after the last heal; default 10 s, at most 10 minutes. */
    public ScenarioBuilder recover(Duration atMost) {
        recover = atMost;
        return this;
    }

    /**
     * Adds what must hold; see {@link Expectation}.
     *
     * @throws IllegalArgumentException when one cannot be read
     */
    public ScenarioBuilder expect(String... texts) {
        for (String text : texts) {
            expect.add(Expectation.parse(text));
        }
        return this;
    }

    /**
     * Makes the scenario.
     *
     * @throws InvalidScenario with everything that is wrong with it, each with its path
     */
    public Scenario build() {
        Scenario scenario = new Scenario(
                name, title.isEmpty() ? name : title, workers, options, load, steady, method, recover, expect);
        List<String> problems = ScenarioChecks.problems(scenario).stream()
                .map(problem -> problem.path() + " " + problem.text())
                .toList();
        if (!problems.isEmpty()) {
            throw new InvalidScenario("scenario " + name, problems);
        }
        return scenario;
    }
}
