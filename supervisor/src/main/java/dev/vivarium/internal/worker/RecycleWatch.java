package dev.vivarium.internal.worker;

import dev.vivarium.RecyclePolicy;
import dev.vivarium.RecycleReason;
import dev.vivarium.Safeguard;
import dev.vivarium.internal.context.PoolContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When one incarnation is due to be replaced.
 *
 * @param calls calls that it may answer
 * @param age how old it may become; zero for as old as it likes
 * @param memory bytes that it may have
 */
public record RecycleWatch(long calls, Duration age, long memory) {

    /** Nothing is ever due. */
    public static final RecycleWatch NEVER = new RecycleWatch(Long.MAX_VALUE, Duration.ZERO, Long.MAX_VALUE);

    /**
     * Draws the limits of an incarnation.
     *
     * @param unit a random number from 0 to 1
     */
    static RecycleWatch draw(RecyclePolicy policy, double unit) {
        double share = 1 - policy.jitter() * unit;
        long calls = policy.maxCalls() == 0 ? NEVER.calls : Math.max(1, Math.round(policy.maxCalls() * share));
        Duration age = policy.maxAge().isZero()
                ? NEVER.age
                : Duration.ofMillis(Math.max(1, Math.round(policy.maxAge().toMillis() * share)));
        long memory = policy.maxMemory() == 0 ? NEVER.memory : Math.max(1, Math.round(policy.maxMemory() * share));
        return new RecycleWatch(calls, age, memory);
    }

    /** Draws the limits of an incarnation of a pool's. */
    public static RecycleWatch draw(PoolContext context) {
        boolean recycles = context.config().operation().has(Safeguard.RECYCLING);
        return recycles ? draw(context.config().recycling(), context.entropy().unit()) : NEVER;
    }

    /** Returns whether it becomes due with time. */
    public boolean hasAge() {
        return !age.isZero();
    }

    /**
     * Returns why it is due, or null. Memory speaks against a worker only when it has done something: one that takes too much
     * from the start would have its replacements replaced without end, in a pool that nobody calls.
     *
     * @param answered calls that it has answered
     * @param bytes memory that it has, -1 when unknown
     */
    public @Nullable RecycleReason due(long answered, long bytes) {
        if (answered >= calls) {
            return RecycleReason.CALLS;
        }
        return answered > 0 && bytes >= memory ? RecycleReason.MEMORY : null;
    }

    /** Puts a reason into words, as a clause. */
    String describe(RecycleReason reason, long answered, long bytes) {
        return switch (reason) {
            case CALLS -> "it had answered " + answered + " calls";
            case AGE -> "it had been ready for " + age;
            case MEMORY ->
                "it had " + Mebibytes.text(bytes) + " of memory, and may have up to " + Mebibytes.text(memory);
            case ON_DEMAND -> "somebody asked for it";
        };
    }
}
