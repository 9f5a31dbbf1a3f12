package dev.vivarium.chaos.internal;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.InvalidPoolConfig;
import dev.vivarium.PoolConfig;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Metric;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Finds everything that is wrong with a scenario. */
public final class ScenarioChecks {

    /** The most workers that a scenario may have. */
    public static final int MAX_WORKERS = 64;

    /** How deep steps may be in each other. */
    public static final int MAX_DEPTH = 8;

    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");
    private static final long MOST_BYTES = 4L << 30;

    /** A JVM that is stopped for longer does not make the load that was asked for. */
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(1500);

    /**
     * Something that is wrong.
     *
     * @param path where, such as {@code method[0].fault.share}
     */
    public record Problem(String path, String text) {}

    private final List<Problem> problems = new ArrayList<>();

    private ScenarioChecks() {}

    /** Returns what is wrong, in the order of the model; nothing when it can be run. */
    public static List<Problem> problems(Scenario scenario) {
        ScenarioChecks checks = new ScenarioChecks();
        checks.scenario(scenario);
        return checks.problems;
    }

    private void scenario(Scenario scenario) {
        require(NAME.matcher(scenario.name()).matches(), "name", "must be [a-z0-9-], got '" + scenario.name() + "'");
        within("pool.workers", scenario.workers(), 1, MAX_WORKERS);
        options(scenario.options());
        load(scenario.load());
        steady(scenario.steady());
        for (int i = 0; i < scenario.method().size(); i++) {
            step("method[" + i + "]", scenario.method().get(i), 1);
        }
        within("recover", scenario.recover(), Duration.ofMillis(1), LONGEST);
        require(!scenario.expect().isEmpty(), "expect", "must say at least one thing that must hold");
    }

    private void require(boolean holds, String path, String text) {
        if (!holds) {
            problems.add(new Problem(path, text));
        }
    }

    private void within(String path, long value, long least, long most) {
        require(value >= least && value <= most, path, "must be " + least + " to " + most + ", got " + value);
    }

    private void within(String path, Duration value, Duration least, Duration most) {
        require(
                value.compareTo(least) >= 0 && value.compareTo(most) <= 0,
                path,
                "must be " + least.toMillis() + " ms to " + most.toMillis() + " ms, got " + value.toMillis() + " ms");
    }

    private void share(String path, double value) {
        require(value > 0 && value <= 1, path, "must be above 0% to 100%, got " + value * 100 + "%");
    }

    private void perhapsNone(String path, double value) {
        require(value >= 0 && value <= 1, path, "must be 0% to 100%, got " + value * 100 + "%");
    }

    private void options(List<String> options) {
        try {
            var unused = PoolConfig.fromConfig(
                            ConfigFactory.parseString("vivarium.pool {\n" + String.join("\n", options) + "\n}")
                                    .withFallback(ConfigFactory.load()))
                    .handlers("handlers")
                    .build();
        } catch (ConfigException | InvalidPoolConfig e) {
            problems.add(new Problem("pool.options", String.valueOf(e.getMessage())));
        }
    }

    private void load(LoadSpec load) {
        try {
            var plan = load.loadPlan();
            within("load.plan", plan.length(), Duration.ofMillis(100), LONGEST);
        } catch (IllegalArgumentException e) {
            problems.add(new Problem("load.plan", String.valueOf(e.getMessage())));
        }
        load.mix()
                .keySet()
                .forEach(name -> require(
                        LoadSpec.OPERATIONS.contains(name),
                        "load.mix",
                        "has no operation '" + name + "'; there are: " + String.join(", ", LoadSpec.OPERATIONS)));
        require(!load.mix().isEmpty(), "load.mix", "must have an operation");
        within("load.work", load.work(), Duration.ZERO, Duration.ofMinutes(1));
        within("load.timeout", load.timeout(), Duration.ofMillis(10), LONGEST);
        within("load.sessions", load.sessions(), 1, 10_000);
        within("load.in-flight", load.maxInFlight(), 1, 100_000);
    }

    private void steady(SteadyState steady) {
        within("steady.window", steady.window(), Duration.ofMillis(100), LONGEST);
        perhapsNone("steady.ok", steady.ok());
        within("steady.p99", steady.p99(), Duration.ofMillis(1), LONGEST);
        perhapsNone("steady.ok-during", steady.okDuring());
        within("steady.p99-during", steady.p99During(), Duration.ofMillis(1), LONGEST);
    }

    private void step(String path, Step step, int depth) {
        if (depth > MAX_DEPTH) {
            problems.add(new Problem(path, "is the " + depth + "th step in each other, at most " + MAX_DEPTH));
            return;
        }
        within(path + ".after", step.after(), Duration.ZERO, LONGEST);
        if (step instanceof Step.Inject inject) {
            inject(path, inject);
        } else if (step instanceof Step.Sequence sequence) {
            steps(path + ".sequence", sequence.steps(), depth);
        } else if (step instanceof Step.Parallel parallel) {
            steps(path + ".parallel", parallel.steps(), depth);
        } else if (step instanceof Step.Staged staged) {
            within(path + ".staged.times", staged.times(), 1, 1000);
            within(path + ".staged.every", staged.every(), Duration.ofMillis(1), LONGEST);
            step(path + ".staged.step", staged.step(), depth + 1);
        } else if (step instanceof Step.Mix mix) {
            mix(path + ".mix", mix, depth);
        } else if (step instanceof Step.When when) {
            when(path + ".when", when, depth);
        }
    }

    private void when(String path, Step.When when, int depth) {
        require(
                Metric.events().contains(when.event()),
                path + ".reached",
                "must be one of " + String.join(", ", Metric.events()) + ", got '" + when.event() + "'");
        require(!hasWhen(when.step()), path + ".step", "must have no when of its own");
        step(path + ".step", when.step(), depth + 1);
    }

    private static boolean hasWhen(Step step) {
        if (step instanceof Step.Sequence sequence) {
            return sequence.steps().stream().anyMatch(ScenarioChecks::hasWhen);
        } else if (step instanceof Step.Parallel parallel) {
            return parallel.steps().stream().anyMatch(ScenarioChecks::hasWhen);
        } else if (step instanceof Step.Staged staged) {
            return hasWhen(staged.step());
        } else if (step instanceof Step.Mix mix) {
            return mix.choices().stream().anyMatch(choice -> hasWhen(choice.step()));
        }
        return step instanceof Step.When;
    }

    private void mix(String path, Step.Mix mix, int depth) {
        within(path + ".length", mix.length(), Duration.ofMillis(1), LONGEST);
        within(path + ".every", mix.every(), Duration.ofMillis(10), LONGEST);
        require(!mix.choices().isEmpty(), path + ".of", "must have a step");
        for (int i = 0; i < mix.choices().size(); i++) {
            within(path + ".of[" + i + "].weight", mix.choices().get(i).weight(), 1, 1000);
            step(path + ".of[" + i + "]", mix.choices().get(i).step(), depth + 1);
        }
    }

    private void steps(String path, List<Step> steps, int depth) {
        require(!steps.isEmpty(), path, "must have a step");
        for (int i = 0; i < steps.size(); i++) {
            step(path + "[" + i + "]", steps.get(i), depth + 1);
        }
    }

    private void inject(String path, Step.Inject inject) {
        within(path + ".within", inject.within(), Duration.ZERO, LONGEST);
        within(path + ".ttl", inject.ttl(), Duration.ofMillis(1), LONGEST);
        within(path + ".times", inject.times(), 1, 100_000);
        String at = path + ".fault";
        ChaosFault fault = inject.fault();
        if (fault instanceof ChaosFault.Exited exited) {
            within(at + ".status", exited.status(), 0, 255);
        } else if (fault instanceof ChaosFault.Delayed delayed) {
            within(at + ".by", delayed.by(), Duration.ofMillis(1), LONGEST);
            within(at + ".jitter", delayed.jitter(), Duration.ZERO, delayed.by());
            require(
                    delayed.correlation() >= 0 && delayed.correlation() <= 1,
                    at + ".correlation",
                    "must be 0 to 1, got " + delayed.correlation());
            share(at + ".share", delayed.share());
            oneWay(at, delayed.direction());
        } else if (fault instanceof ChaosFault.Frames frames) {
            share(at + ".share", frames.share());
            oneWay(at, frames.direction());
            require(
                    !frames.effect().isOfAnswers() || frames.direction() == Direction.TO_JVM,
                    at + ".direction",
                    "must be to-jvm, which answers take, for "
                            + frames.effect().name().toLowerCase(java.util.Locale.ROOT));
        } else if (fault instanceof ChaosFault.Grown grown) {
            within(at + ".bytes", grown.bytes(), 1, MOST_BYTES);
            within(at + ".most", grown.most(), grown.bytes(), MOST_BYTES);
        } else if (fault instanceof ChaosFault.Burned burned) {
            within(at + ".time", burned.time(), Duration.ofMillis(1), Duration.ofMinutes(1));
        } else if (fault instanceof ChaosFault.Threads threads) {
            within(at + ".count", threads.count(), 1, 10_000);
        } else if (fault instanceof ChaosFault.Descriptors descriptors) {
            within(at + ".count", descriptors.count(), 1, 1_000_000);
        } else if (fault instanceof ChaosFault.JvmPaused paused) {
            within(at + ".time", paused.time(), Duration.ofMillis(1), LONGEST_PAUSE);
        } else if (fault instanceof ChaosFault.SharedMemoryFilled filled) {
            within(at + ".most", filled.most(), 1, MOST_BYTES);
        } else if (fault instanceof ChaosFault.DiskFilled filled) {
            within(at + ".bytes", filled.bytes(), 1, MOST_BYTES);
        } else if (fault instanceof ChaosFault.Sliced sliced) {
            within(at + ".bytes", sliced.bytes(), 1, MOST_BYTES);
            within(at + ".pause", sliced.pause(), Duration.ofMillis(1), LONGEST);
            share(at + ".share", sliced.share());
            oneWay(at, sliced.direction());
        } else if (fault instanceof ChaosFault.Throttled throttled) {
            within(at + ".bytes-per-second", throttled.bytesPerSecond(), 1, MOST_BYTES);
            oneWay(at, throttled.direction());
        } else if (fault instanceof ChaosFault.SlowStarted slow) {
            within(at + ".by", slow.by(), Duration.ofMillis(1), LONGEST);
        }
    }

    private void oneWay(String path, Direction direction) {
        require(direction != Direction.BOTH, path + ".direction", "must be to-worker or to-jvm, got both");
    }
}
