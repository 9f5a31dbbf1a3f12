package dev.vivarium.chaos.internal;

import dev.vivarium.Signal;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.HealthLie;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.PoolProcess;
import dev.vivarium.chaos.ScenarioBuilder;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import java.time.Duration;
import java.util.List;

/** Reads a fault and whom it befalls. */
final class FaultReading {

    /** The kinds of faults, as they are written. */
    static final List<String> KINDS = List.of(
            "signal",
            "guardian-kill",
            "exit",
            "hang",
            "delay",
            "frames",
            "partition",
            "grow",
            "burn",
            "threads",
            "descriptors",
            "pool-signal",
            "jvm-pause",
            "shared-memory-full",
            "disk-full",
            "slice",
            "throttle",
            "swizzle",
            "health-lie",
            "slow-start");

    private final Reading step;

    FaultReading(Reading step) {
        this.step = step;
    }

    Step.Inject inject(Duration after) {
        Reading reading = step.fields("fault");
        ChaosFault fault = fault(reading);
        reading.end();
        return new Step.Inject(
                after,
                fault,
                targets(),
                step.timeOrNone("within", Duration.ZERO),
                step.time("ttl", ScenarioBuilder.DEFAULT_TTL),
                (int) step.whole("times", 1));
    }

    private Targets targets() {
        String text = step.text("targets", "one");
        try {
            return Targets.parse(text)
                    .orElseThrow(
                            () -> new IllegalArgumentException("must be " + Targets.FORMS + "; got '" + text + "'"));
        } catch (IllegalArgumentException e) {
            step.problem("targets", String.valueOf(e.getMessage()));
            return Targets.ONE;
        }
    }

    private static ChaosFault fault(Reading reading) {
        String kind = reading.text("kind", "");
        return switch (kind) {
            case "signal" ->
                new ChaosFault.Signalled(
                        reading.word("signal", Signal.class, Signal.KILL),
                        reading.word("at", KillPoint.class, KillPoint.OUTSIDE));
            case "guardian-kill" -> new ChaosFault.GuardianKilled();
            case "exit" -> new ChaosFault.Exited((int) reading.whole("status", 1));
            case "hang" -> new ChaosFault.Hung();
            case "delay" ->
                new ChaosFault.Delayed(
                        direction(reading),
                        reading.time("by", Duration.ofMillis(100)),
                        reading.timeOrNone("jitter", Duration.ZERO),
                        reading.number("correlation", 0),
                        reading.share("share", 1));
            case "frames" ->
                new ChaosFault.Frames(
                        reading.word("effect", FrameEffect.class, FrameEffect.CORRUPT),
                        direction(reading),
                        reading.share("share", 1));
            case "partition" -> new ChaosFault.Partitioned(reading.word("direction", Direction.class, Direction.BOTH));
            case "grow" -> {
                long bytes = reading.bytes("bytes", 1 << 20);
                yield new ChaosFault.Grown(bytes, reading.bytes("most", bytes));
            }
            case "burn" -> new ChaosFault.Burned(reading.time("time", Duration.ofSeconds(1)));
            case "threads" -> new ChaosFault.Threads((int) reading.whole("count", 100));
            case "descriptors" -> new ChaosFault.Descriptors((int) reading.whole("count", 100));
            case "pool-signal" ->
                new ChaosFault.PoolSignalled(
                        reading.word("process", PoolProcess.class, PoolProcess.GUARDIAN),
                        reading.word("signal", Signal.class, Signal.KILL));
            case "jvm-pause" -> new ChaosFault.JvmPaused(reading.time("time", Duration.ofMillis(500)));
            case "shared-memory-full" -> new ChaosFault.SharedMemoryFilled(reading.bytes("most", 256 << 20));
            case "disk-full" -> new ChaosFault.DiskFilled(reading.bytes("bytes", 4 << 10));
            case "slice" ->
                new ChaosFault.Sliced(
                        direction(reading),
                        (int) reading.bytes("bytes", 16),
                        reading.time("pause", Duration.ofMillis(1)),
                        reading.share("share", 1));
            case "throttle" ->
                new ChaosFault.Throttled(direction(reading), reading.bytes("bytes-per-second", 64 << 10));
            case "swizzle" -> new ChaosFault.Swizzled(reading.word("direction", Direction.class, Direction.BOTH));
            case "health-lie" -> new ChaosFault.HealthLied(reading.word("lie", HealthLie.class, HealthLie.SILENT));
            case "slow-start" -> new ChaosFault.SlowStarted(reading.time("by", Duration.ofSeconds(1)));
            default -> {
                reading.problem("kind", "must be one of " + String.join(", ", KINDS) + "; got '" + kind + "'");
                yield new ChaosFault.Hung();
            }
        };
    }

    private static Direction direction(Reading reading) {
        return reading.word("direction", Direction.class, Direction.TO_JVM);
    }
}
