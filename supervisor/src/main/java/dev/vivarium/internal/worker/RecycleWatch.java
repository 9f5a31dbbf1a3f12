package dev.vivarium.internal.worker;

import dev.vivarium.PoolConfig;
import dev.vivarium.RecyclePolicy;
import dev.vivarium.Safeguard;
import java.time.Duration;

/** When one incarnation is due to be replaced. */
record RecycleWatch(long calls, Duration age) {

    static final RecycleWatch NEVER = new RecycleWatch(Long.MAX_VALUE, Duration.ZERO);

    /**
     * Draws the limits of an incarnation.
     *
     * @param unit a random number from 0 to 1
     */
    static RecycleWatch draw(PoolConfig config, double unit) {
        RecyclePolicy policy = config.recycling();
        if (!config.operation().has(Safeguard.RECYCLING)) {
            return NEVER;
        }
        double share = 1 - policy.jitter() * unit;
        long calls = policy.maxCalls() == 0 ? NEVER.calls : Math.max(1, Math.round(policy.maxCalls() * share));
        Duration age = policy.maxAge().isZero()
                ? NEVER.age
                : Duration.ofMillis(Math.max(1, Math.round(policy.maxAge().toMillis() * share)));
        return new RecycleWatch(calls, age);
    }

    boolean hasAge() {
        return !age.isZero();
    }
}
