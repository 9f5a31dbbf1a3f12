package dev.vivarium.chaos;

import dev.vivarium.chaos.internal.ScenarioReader;
import dev.vivarium.chaos.internal.ScenarioWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What befalls a pool under load, and what must hold. Immutable. A scenario is written in Java with {@link #builder(String)}, or in YAML;
 * both are the same model, and each can be had from the other.
 *
 * <pre>{@code
 * Scenario scenario = Scenario.builder("kill-one")
 *         .title("One worker is killed")
 *         .workers(4)
 *         .fault(Duration.ofSeconds(2), new ChaosFault.Signalled(Signal.KILL, KillPoint.ANY), Targets.ONE)
 *         .expect("lost == 0", "ok(safe) >= 100%")
 *         .build();
 * }</pre>
 *
 * @param name what it is called, [a-z0-9-]
 * @param title one sentence that says what happens
 * @param workers how many workers the pool has
 * @param options options of the pool, as in its configuration
 * @param load the calls that are made meanwhile
 * @param steady what is asked of the pool while nothing befalls it
 * @param method what befalls it; the steps begin together, each after its own time
 * @param recover how long, after the last heal, the pool may take until all workers are there and every call has ended
 * @param expect what must hold
 */
public record Scenario(
        String name,
        String title,
        int workers,
        List<String> options,
        LoadSpec load,
        SteadyState steady,
        List<Step> method,
        Duration recover,
        List<Expectation> expect) {

    /** Copies the lists. */
    public Scenario {
        options = List.copyOf(options);
        method = List.copyOf(method);
        expect = List.copyOf(expect);
    }

    /** Begins a scenario. */
    public static ScenarioBuilder builder(String name) {
        return new ScenarioBuilder(name);
    }

    /**
     * Reads a file.
     *
     * @throws InvalidScenario with everything that is wrong with it, each with its line
     * @throws IOException when it cannot be read
     */
    public static Scenario read(Path file) throws IOException {
        return parse(file.toString(), Files.readString(file));
    }

    /**
     * Reads a text in YAML.
     *
     * @param source what it is called in errors; a file's name without its ending is the scenario's when it gives none
     * @throws InvalidScenario with everything that is wrong with it, each with its line
     */
    public static Scenario parse(String source, String yaml) {
        return ScenarioReader.read(source, yaml);
    }

    /** Returns it in YAML, complete: {@link #parse} makes an equal one of it. */
    public String toYaml() {
        return ScenarioWriter.write(this);
    }

    /** Returns a copy with another number of workers. */
    public Scenario withWorkers(int count) {
        return new Scenario(name, title, count, options, load, steady, method, recover, expect);
    }
}
