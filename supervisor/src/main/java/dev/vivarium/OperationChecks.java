package dev.vivarium;

import java.util.Objects;
import java.util.TreeSet;

/** What must hold for a pool's mode and safeguards: no option is set that would have no effect. */
final class OperationChecks {

    private OperationChecks() {}

    static void check(ConfigProblems problems, PoolOptions given) {
        mode(problems, given);
        safeguards(problems, given);
    }

    private static void mode(ConfigProblems problems, PoolOptions given) {
        if (given.mode != PoolMode.SINGLE) {
            return;
        }
        problems.require(given.workers() == 1, "mode SINGLE has one worker, got workers=" + given.workers);
        problems.require(given.overflow == 0, "mode SINGLE has no overflow, got overflow=" + given.overflow);
        problems.require(
                given.recycling.maxCalls() == 0
                        && given.recycling.maxAge().isZero()
                        && given.recycling.maxMemory() == 0,
                "mode SINGLE never has two workers, but recycling starts the second before the first goes, got "
                        + given.recycling);
    }

    private static void safeguards(ConfigProblems problems, PoolOptions given) {
        PoolConfig.Operation operation = new PoolConfig.Operation(given.mode, given.profile, given.with, given.without);
        TreeSet<Safeguard> both = new TreeSet<>(given.with);
        both.retainAll(given.without);
        problems.require(both.isEmpty(), "withSafeguards and withoutSafeguards must not name the same, got " + both);
        problems.require(
                !given.with.contains(Safeguard.CIRCUIT_BREAKERS) || given.circuitBreaker.enabled(),
                "withSafeguards names CIRCUIT_BREAKERS, but circuitBreaker.enabled is false");
        problems.require(
                !given.with.contains(Safeguard.OUTLIER_EJECTION) || given.outliers.enabled(),
                "withSafeguards names OUTLIER_EJECTION, but outliers.enabled is false");
        problems.require(
                !given.with.contains(Safeguard.ALERTS) || given.alerts.enabled(),
                "withSafeguards names ALERTS, but alerts.enabled is false");
        for (Safeguard safeguard : Safeguard.values()) {
            if (!operation.has(safeguard)) {
                String set = whatIsSet(safeguard, given);
                problems.require(
                        set.isEmpty(),
                        set + " has no effect: " + safeguard + " is off in profile " + given.profile
                                + (given.without.contains(safeguard) ? " and withoutSafeguards" : "")
                                + "; leave the option out, or add the safeguard with withSafeguards");
            }
        }
    }

    /** Returns what differs from its default, empty if nothing does. */
    private static String whatIsSet(Safeguard safeguard, PoolOptions given) {
        PoolOptions fresh = new PoolConfigBuilder();
        return switch (safeguard) {
            case HEALTH_CHECKS ->
                (differs("healthInterval", given.healthInterval, fresh.healthInterval)
                                + differs("healthTimeout", given.healthTimeout, fresh.healthTimeout)
                                + differs("maxHealthFailures", given.maxHealthFailures, fresh.maxHealthFailures))
                        .trim();
            case OUTLIER_EJECTION ->
                differs("outliers", given.outliers.enabled(true), fresh.outliers)
                        .trim();
            case CIRCUIT_BREAKERS ->
                differs("circuitBreaker", given.circuitBreaker.enabled(true), fresh.circuitBreaker)
                        .trim();
            case POISON_CALLS -> differs("poison", given.poison, fresh.poison).trim();
            case RETRIES ->
                (differs("retry", given.retry, fresh.retry)
                                + differs("recovery", given.recovery, fresh.recovery)
                                + differs("maxRetries", given.maxRetries, fresh.maxRetries))
                        .trim();
            case ALERTS ->
                differs("alerts", given.alerts.enabled(true).log(true), fresh.alerts)
                        .trim();
            case RECYCLING ->
                differs("recycling", given.recycling, fresh.recycling).trim();
        };
    }

    private static String differs(String option, Object value, Object usual) {
        return Objects.equals(value, usual) ? "" : " " + option + "=" + value;
    }
}
