package dev.vivarium.chaos.internal.twin;

import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.Expectation;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.HealthLie;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.RandomStreams;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.SteadyState;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Draws a scenario from a seed: a subset of all faults with weights that are far from each other, and constants of the pool that are
 * exaggerated, so that what hardly ever happens happens all the time. Nothing is expected of it but what must always hold.
 */
public final class SwarmScenario {

    /** Changes whenever equal seeds give other scenarios than before. */
    public static final int GENERATION = 2;

    private static final Duration WINDOW = Duration.ofMillis(500);
    private static final Duration ANY_TIME = Duration.ofMinutes(10);
    private static final double ANY_SHARE = 0;
    private static final List<Expectation> EXPECT = List.of(
            Expectation.parse("lost == 0"),
            Expectation.parse("duplicated == 0"),
            Expectation.parse("foreign == 0"),
            Expectation.parse("misreported == 0"));

    private final SplittableRandom random;

    private SwarmScenario(long seed) {
        random = new RandomStreams(seed).stream("twin/swarm");
    }

    /** Returns the scenario of a seed. */
    public static Scenario of(long seed) {
        return new SwarmScenario(seed).draw(seed);
    }

    private Scenario draw(long seed) {
        Duration length = millis(1000, 2500);
        Duration ttl = millis(50, 1200);
        Step mix = new Step.Mix(Duration.ZERO, length, millis(60, 400), faults(ttl), true);
        Duration load = WINDOW.multipliedBy(2).plus(length).plus(ttl).plusMillis(200);
        return new Scenario(
                "swarm-" + Long.toHexString(seed),
                "drawn from seed 0x" + Long.toHexString(seed),
                1 + random.nextInt(5),
                options(),
                new LoadSpec(
                        "constant:" + between(20, 100) + ":" + load.toMillis() + "ms",
                        operations(),
                        millis(1, 30),
                        millis(150, 2500),
                        between(1, 6),
                        5_000),
                new SteadyState(WINDOW, ANY_SHARE, ANY_TIME, 0, ANY_TIME),
                List.of(mix),
                Duration.ofSeconds(20),
                EXPECT);
    }

    private int between(int least, int most) {
        return random.nextInt(least, most + 1);
    }

    private Duration millis(int least, int most) {
        return Duration.ofMillis(between(least, most));
    }

    private Map<String, Integer> operations() {
        Map<String, Integer> mix = new TreeMap<>();
        for (String operation : LoadSpec.OPERATIONS) {
            if (random.nextInt(3) > 0) {
                mix.put(operation, 1 << random.nextInt(4));
            }
        }
        if (mix.isEmpty()) {
            mix.put(LoadSpec.SAFE, 1);
        }
        return mix;
    }

    private List<Step.Choice> faults(Duration ttl) {
        List<ChaosFault> all = new ArrayList<>();
        for (Signal signal : List.of(Signal.KILL, Signal.TERM, Signal.SEGV, Signal.STOP)) {
            all.add(new ChaosFault.Signalled(signal, KillPoint.ANY));
            all.add(new ChaosFault.Signalled(signal, KillPoint.OUTSIDE));
        }
        all.add(new ChaosFault.GuardianKilled());
        all.add(new ChaosFault.Exited(3));
        all.add(new ChaosFault.Exited(76));
        all.add(new ChaosFault.Hung());
        all.add(new ChaosFault.Grown(32L << 20, 256L << 20));
        all.add(new ChaosFault.Burned(millis(20, 600)));
        all.add(new ChaosFault.Partitioned(Direction.BOTH));
        all.add(new ChaosFault.Swizzled(Direction.BOTH));
        all.add(new ChaosFault.SlowStarted(millis(20, 500)));
        for (HealthLie lie : HealthLie.values()) {
            all.add(new ChaosFault.HealthLied(lie));
        }
        for (Direction direction : List.of(Direction.TO_JVM, Direction.TO_WORKER)) {
            Duration by = millis(5, 400);
            all.add(new ChaosFault.Delayed(direction, by, Duration.ofMillis(by.toMillis() / 2), 0.5, 0.5));
            all.add(new ChaosFault.Partitioned(direction));
            all.add(new ChaosFault.Sliced(direction, between(1, 50), millis(1, 40), 0.5));
            all.add(new ChaosFault.Throttled(direction, between(200, 20_000)));
            for (FrameEffect effect : FrameEffect.values()) {
                // What is sent twice to a worker is run twice: then it is the channel that lies, and not the pool.
                boolean lies = effect == FrameEffect.DUPLICATE || effect.isOfAnswers();
                if (direction == Direction.TO_JVM || !lies) {
                    all.add(new ChaosFault.Frames(effect, direction, random.nextBoolean() ? 1 : 0.3));
                }
            }
        }
        return all.stream()
                .map(fault -> new Step.Choice(1, inject(fault, targets(), ttl, 1 << random.nextInt(4))))
                .toList();
    }

    private static Step inject(ChaosFault fault, Targets targets, Duration ttl, int times) {
        boolean ofPool = fault instanceof ChaosFault.OfPool; // Which has no target, and lands once.
        return new Step.Inject(
                Duration.ZERO, fault, ofPool ? Targets.ONE : targets, Duration.ZERO, ttl, ofPool ? 1 : times);
    }

    private Targets targets() {
        Targets targets = switch (random.nextInt(4)) {
            case 0 -> Targets.ALL;
            case 1 -> Targets.of(2);
            default -> Targets.ONE;
        };
        Targets.Preferred[] first = Targets.Preferred.values();
        return targets.preferring(first[random.nextInt(first.length)]);
    }

    private List<String> options() {
        List<String> options = new ArrayList<>();
        option(options, 2, "queue-capacity = " + between(1, 60));
        option(options, 3, "max-retries = " + between(0, 5));
        option(options, 3, "stack-dump = " + (random.nextBoolean() ? 0 : between(5, 80)) + "ms");
        option(options, 5, "cancel-grace = " + between(10, 400) + "ms");
        option(options, 4, "terminate-grace = " + (random.nextBoolean() ? 0 : between(10, 300)) + "ms");
        option(options, 5, "drain-grace = " + between(50, 1500) + "ms");
        int backoff = between(5, 200);
        option(options, 5, "min-backoff = " + backoff + "ms\nmax-backoff = " + backoff * between(1, 8) + "ms");
        option(options, 3, "stable-after = " + between(100, 2000) + "ms");
        option(
                options,
                4,
                "max-health-failures = " + between(1, 4) + "\nhealth-interval = " + between(40, 400)
                        + "ms\nhealth-timeout = " + between(30, 150) + "ms");
        option(options, 3, "probes.interval = " + between(20, 300) + "ms\nprobes.successes = " + between(1, 4));
        option(options, 4, "retry.budget = " + between(0, 20) / 10.0 + "\nretry.burst = " + between(0, 20));
        option(options, 3, "retry.min-delay = " + between(1, 60) + "ms");
        option(
                options,
                4,
                "circuit-breaker.failure-threshold = " + between(1, 12) + "\ncircuit-breaker.success-threshold = "
                        + between(1, 3) + "\ncircuit-breaker.half-open-calls = " + between(1, 3));
        options.add("circuit-breaker.open-for = " + between(50, 800) + "ms");
        option(options, 4, "poison.deaths = " + between(1, 4));
        option(options, 2, "recycling.max-calls = " + between(2, 30));
        option(options, 1, "recycling.max-age = " + between(200, 1500) + "ms");
        option(options, 3, "recovery.max-concurrent = " + between(1, 4));
        option(options, 2, "memory.limit = 128MiB\nmemory.interval = 50ms");
        option(options, 3, "sessions.mode = " + (random.nextBoolean() ? "STRICT_QUEUE" : "STRICT_FAIL_FAST"));
        option(options, 2, "sessions.ttl = " + between(20, 800) + "ms");
        return options;
    }

    /** Adds an option in so many of six cases; lines of one are drawn together. */
    private void option(List<String> options, int ofSix, String lines) {
        if (random.nextInt(6) < ofSix) {
            options.addAll(lines.lines().toList());
        }
    }
}
