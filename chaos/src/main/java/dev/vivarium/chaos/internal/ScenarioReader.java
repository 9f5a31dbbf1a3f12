package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.Expectation;
import dev.vivarium.chaos.InvalidScenario;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads scenarios. What cannot be read is noted, and reading goes on, so that all is told at once. */
public final class ScenarioReader {

    private final Problems problems;

    private ScenarioReader(Problems problems) {
        this.problems = problems;
    }

    /** Returns the scenario, or throws {@link InvalidScenario} with everything that is wrong. */
    public static Scenario read(String source, String yaml) {
        Problems problems = new Problems(source);
        Scenario scenario = new ScenarioReader(problems).scenario(source, tree(source, yaml));
        if (problems.isEmpty()) {
            ScenarioChecks.problems(scenario).forEach(problem -> problems.add(problem.path(), problem.text()));
        }
        if (!problems.isEmpty()) {
            throw new InvalidScenario(source, problems.sentences());
        }
        return scenario;
    }

    private static YamlNode tree(String source, String yaml) {
        try {
            return YamlNode.parse(yaml);
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new InvalidScenario(source, List.of(source + ":" + line + ": is no YAML: " + e.getOriginalMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Scenario scenario(String source, YamlNode node) {
        Reading top = problems.fields("", node);
        String name = top.text("name", nameOf(source));
        String title = top.text("title", name);
        Reading pool = top.fields("pool");
        int workers = (int) pool.whole("workers", 4);
        List<String> options = pool.texts("options");
        pool.end();
        LoadSpec load = load(top.fields("load"));
        SteadyState steady = steady(top.fields("steady"));
        List<Step> method = steps(top, "method");
        Duration recover = top.time("recover", Duration.ofSeconds(10));
        List<Expectation> expect = expectations(top);
        top.end();
        return new Scenario(name, title, workers, options, load, steady, method, recover, expect);
    }

    private static String nameOf(String source) {
        String file = source.substring(source.lastIndexOf('/') + 1);
        return file.contains(".") ? file.substring(0, file.indexOf('.')) : file;
    }

    private static LoadSpec load(Reading reading) {
        LoadSpec defaults = LoadSpec.DEFAULT;
        Map<String, Integer> mix = new LinkedHashMap<>();
        Reading shares = reading.fields("mix");
        shares.names().forEach(name -> mix.put(name, (int) shares.whole(name, 1)));
        LoadSpec load = new LoadSpec(
                reading.text("plan", defaults.plan()),
                mix.isEmpty() ? defaults.mix() : mix,
                reading.timeOrNone("work", defaults.work()),
                reading.time("timeout", defaults.timeout()),
                (int) reading.whole("sessions", defaults.sessions()),
                (int) reading.whole("in-flight", defaults.maxInFlight()));
        reading.end();
        return load;
    }

    private static SteadyState steady(Reading reading) {
        SteadyState defaults = SteadyState.DEFAULT;
        SteadyState steady = new SteadyState(
                reading.time("window", defaults.window()),
                reading.share("ok", defaults.ok()),
                reading.time("p99", defaults.p99()),
                reading.share("ok-during", defaults.okDuring()),
                reading.time("p99-during", defaults.p99During()));
        reading.end();
        return steady;
    }

    private List<Expectation> expectations(Reading top) {
        List<Expectation> all = new ArrayList<>();
        List<String> texts = top.texts("expect");
        for (int i = 0; i < texts.size(); i++) {
            try {
                all.add(Expectation.parse(texts.get(i)));
            } catch (IllegalArgumentException e) {
                problems.add("expect[" + i + "]", String.valueOf(e.getMessage()));
            }
        }
        return all;
    }

    private List<Step> steps(Reading container, String name) {
        List<Step> steps = new ArrayList<>();
        for (Reading item : container.items(name)) {
            steps.add(step(item));
        }
        return steps;
    }

    private Step step(Reading reading) {
        Duration after = reading.timeOrNone("after", Duration.ZERO);
        Step step = body(reading, after);
        reading.end();
        return step;
    }

    private Step body(Reading reading, Duration after) {
        if (reading.has("fault")) {
            return new FaultReading(reading).inject(after);
        }
        if (reading.has("sequence")) {
            return new Step.Sequence(after, steps(reading, "sequence"));
        }
        if (reading.has("parallel")) {
            return new Step.Parallel(after, steps(reading, "parallel"));
        }
        if (reading.has("staged")) {
            Reading staged = reading.fields("staged");
            Step.Staged step = new Step.Staged(
                    after,
                    (int) staged.whole("times", 1),
                    staged.time("every", Duration.ofSeconds(1)),
                    step(staged.fields("step")));
            staged.end();
            return step;
        }
        if (reading.has("mix")) {
            Reading mix = reading.fields("mix");
            List<Step.Choice> choices = new ArrayList<>();
            for (Reading item : mix.items("of")) {
                choices.add(new Step.Choice((int) item.whole("weight", 1), step(item)));
            }
            Step.Mix step = new Step.Mix(
                    after,
                    mix.time("length", Duration.ofSeconds(5)),
                    mix.time("every", Duration.ofMillis(500)),
                    choices,
                    mix.flag("swarm", false));
            mix.end();
            return step;
        }
        if (reading.has("when")) {
            Reading when = reading.fields("when");
            Step.When step = new Step.When(after, when.text("reached", ""), step(when.fields("step")));
            when.end();
            return step;
        }
        reading.problem("must have one of: fault, sequence, parallel, staged, mix, when");
        return new Step.Sequence(after, List.of());
    }

    /** Reads a duration, or notes what is wrong with it. */
    static Duration time(Reading reading, String name, String text, Duration otherwise) {
        try {
            return LoadPlanText.length(text);
        } catch (IllegalArgumentException e) {
            reading.problem(name, String.valueOf(e.getMessage()));
            return otherwise;
        }
    }
}
