package dev.vivarium;

/** A system that watches over calls or workers, and that a pool has or has not; see {@link Profile}. */
public enum Safeguard {
    /** Idle workers are asked whether they answer: {@code healthInterval}, {@code healthTimeout}, {@code maxHealthFailures}. */
    HEALTH_CHECKS,
    /** Workers that fail where the others do not get probe calls only: {@link OutlierPolicy}. */
    OUTLIER_EJECTION,
    /** Calls are refused because of those before them: {@link CircuitBreakerPolicy}. */
    CIRCUIT_BREAKERS,
    /** A call that has ended too many processes is refused: {@link PoisonPolicy}. */
    POISON_CALLS,
    /** Calls that lost their worker are sent again, where that is allowed: {@link RetryPolicy}, {@code maxRetries}. */
    RETRIES,
    /** Alarms are raised: {@link AlertPolicy}. */
    ALERTS,
    /** Workers that work are replaced: {@link RecyclePolicy}. By default it has no limits, so that nothing happens. */
    RECYCLING
}
