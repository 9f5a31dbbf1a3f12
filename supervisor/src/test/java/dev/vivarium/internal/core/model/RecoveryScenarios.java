package dev.vivarium.internal.core.model;

import static dev.vivarium.internal.core.model.Adversity.CANCEL;
import static dev.vivarium.internal.core.model.Adversity.CLOSE;
import static dev.vivarium.internal.core.model.Adversity.CRASH;
import static dev.vivarium.internal.core.model.Adversity.DISMISS;
import static dev.vivarium.internal.core.model.Adversity.HANG;
import static dev.vivarium.internal.core.model.Adversity.KILL;
import static dev.vivarium.internal.core.model.Adversity.ROUTER_FAILURE;

import dev.vivarium.PoolConfigBuilder;
import java.time.Duration;
import java.util.stream.Stream;

/** Small pools with the real recovery behind their router: delays, budget, poison, circuit breakers. */
final class RecoveryScenarios {

    private static final Duration ONE = RecoveryWorld.UNIT;
    private static final Scenario.Call SAFE = new Scenario.Call(true, 2, 3);
    private static final Scenario.Call UNSAFE = new Scenario.Call(false, 2, 3);

    private RecoveryScenarios() {}

    static Stream<Scenario> all() {
        return Stream.of(
                delayed(),
                smaller(),
                Scenario.named("two slots, two calls, delayed retries")
                        .calls(new Scenario.Call(true, 2, 2), new Scenario.Call(true, 1, 2))
                        .until(2)
                        .with(1, CRASH, KILL)
                        .recovering(RecoveryScenarios::delays)
                        .promptly(),
                halfOpen(),
                hanging(),
                Scenario.named("one slot, two handlers, their breakers")
                        .slots(1)
                        .calls(UNSAFE, UNSAFE.of("other"), UNSAFE)
                        .until(1)
                        .with(2, CRASH, CANCEL)
                        .recovering(RecoveryScenarios::breaksAtOnce)
                        .promptly(),
                brokenRetries(),
                poison(),
                budget());
    }

    /** A delayed call is cancelled, refused, or its timer is lost; every interleaving, mail and processes included. */
    static Scenario delayed() {
        return Scenario.named("one slot, a delayed retry")
                .slots(1)
                .calls(new Scenario.Call(true, 2, 2))
                .until(2)
                .with(2, CRASH, CANCEL, CLOSE, ROUTER_FAILURE)
                .recovering(RecoveryScenarios::delays);
    }

    /** A call has no worker to wait for, and a router that fails must still end it at its deadline. */
    static Scenario smaller() {
        return Scenario.named("one slot, a delayed retry, a smaller pool, a router that fails")
                .slots(1)
                .calls(new Scenario.Call(true, 2, 2))
                .until(2)
                .with(2, CRASH, DISMISS, ROUTER_FAILURE)
                .recovering(RecoveryScenarios::delays)
                .promptly();
    }

    /** A call breaks its worker; those after it are refused, then tried one at a time. */
    static Scenario halfOpen() {
        return Scenario.named("one slot, three calls, a breaker")
                .slots(1)
                .calls(UNSAFE, UNSAFE, UNSAFE)
                .until(1)
                .with(2, CRASH, CANCEL)
                .recovering(RecoveryScenarios::breaksAtOnce)
                .promptly();
    }

    /** A call hangs, which is only known to break something when its worker is off it. */
    static Scenario hanging() {
        return Scenario.named("one slot, a breaker, calls that hang")
                .slots(1)
                .calls(new Scenario.Call(false, 0, 1), new Scenario.Call(false, 0, 3))
                .until(3)
                .with(2, HANG, CANCEL)
                .recovering(RecoveryScenarios::breaksAtOnce)
                .promptly();
    }

    /** A call that is repeated needs leave anew, and may be cancelled meanwhile. */
    static Scenario brokenRetries() {
        return Scenario.named("one slot, retries through a breaker")
                .slots(1)
                .calls(SAFE, SAFE)
                .until(1)
                .with(3, CRASH, CANCEL)
                .recovering(rules -> atOnce(rules)
                        .circuitBreaker(breaker -> breaker.enabled(true)
                                .failureThreshold(2)
                                .successThreshold(2)
                                .halfOpenCalls(2)
                                .openFor(ONE)))
                .promptly();
    }

    /** Equal calls end processes, another does not; they are refused for a while. */
    static Scenario poison() {
        return Scenario.named("one slot, equal calls, poison")
                .slots(1)
                .calls(SAFE, UNSAFE.with(1), SAFE)
                .until(2)
                .with(2, CRASH)
                .recovering(
                        rules -> atOnce(rules).poison(poison -> poison.deaths(2).forgetAfter(ONE.multipliedBy(2))))
                .promptly();
    }

    /** There is more to repeat than is paid for. */
    static Scenario budget() {
        return Scenario.named("one slot, two calls, a budget")
                .slots(1)
                .calls(SAFE, SAFE)
                .until(1)
                .with(3, CRASH)
                .recovering(rules -> atOnce(rules).retry(retry -> retry.burst(1).budget(0.5)))
                .promptly();
    }

    private static PoolConfigBuilder delays(PoolConfigBuilder rules) {
        return rules.retry(retry ->
                        retry.minDelay(ONE).maxDelay(ONE).jitter(0).budget(0).burst(100))
                .poison(poison -> poison.deaths(1000))
                .circuitBreaker(breaker -> breaker.enabled(false));
    }

    private static PoolConfigBuilder atOnce(PoolConfigBuilder rules) {
        return delays(rules).retry(retry -> retry.minDelay(Duration.ZERO));
    }

    private static PoolConfigBuilder breaksAtOnce(PoolConfigBuilder rules) {
        return atOnce(rules)
                .circuitBreaker(breaker -> breaker.enabled(true)
                        .failureThreshold(1)
                        .successThreshold(2)
                        .halfOpenCalls(1)
                        .openFor(ONE));
    }
}
