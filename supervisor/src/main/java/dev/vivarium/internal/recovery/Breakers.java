package dev.vivarium.internal.recovery;

import dev.vivarium.Circuit;
import dev.vivarium.CircuitBreakerPolicy;
import dev.vivarium.internal.core.CircuitBreaker;
import dev.vivarium.internal.core.CircuitBreaker.Entry;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.core.CircuitBreaker.Pass;
import dev.vivarium.internal.port.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The breakers of a pool: its own, and one for each handler whose calls have broken something. A handler that never has
 * needs none, so that there are no more than handlers. Thread-safe.
 */
final class Breakers {

    /** What a call goes in with. */
    record Passes(@Nullable Breaker own, Pass handler, Pass pool) {}

    /**
     * The answer to a request.
     *
     * @param passes null when the call is refused
     * @param refusedBy the breaker that refuses
     */
    record Answer(@Nullable Passes passes, @Nullable Circuit refusedBy, long retryAfterNanos) {}

    private static final Pass FIRST = new Pass(0, false);

    private final String pool;
    private final CircuitBreakerPolicy policy;
    private final CircuitBreaker core;
    private final Clock clock;
    private final Breaker.Listener listener;
    private final Breaker whole;
    private final Map<String, Breaker> ofHandlers = new ConcurrentHashMap<>();

    Breakers(String pool, CircuitBreakerPolicy policy, Clock clock, Breaker.Listener listener) {
        this.pool = pool;
        this.policy = policy;
        this.core = new CircuitBreaker(policy);
        this.clock = clock;
        this.listener = listener;
        this.whole = new Breaker(new Circuit(pool, null), core, clock, listener);
    }

    Answer enter(String handler) {
        if (!policy.enabled()) {
            return new Answer(new Passes(null, FIRST, FIRST), null, 0);
        }
        Breaker own = ofHandlers.get(handler);
        Pass first = FIRST;
        if (own != null) {
            Entry entry = own.enter();
            if (entry.pass() == null) {
                return new Answer(null, own.circuit(), entry.retryAfterNanos());
            }
            first = entry.pass();
        }
        Entry entry = whole.enter();
        if (entry.pass() == null) {
            if (own != null) {
                own.leave(first, Outcome.UNTOLD);
            }
            return new Answer(null, whole.circuit(), entry.retryAfterNanos());
        }
        return new Answer(new Passes(own, first, entry.pass()), null, 0);
    }

    void leave(String handler, Passes passes, Outcome outcome) {
        if (!policy.enabled()) {
            return;
        }
        Breaker own = passes.own() != null ? passes.own() : ofHandlers.get(handler);
        if (own == null && outcome == Outcome.BROKEN) {
            own = ofHandlers.computeIfAbsent(
                    handler, name -> new Breaker(new Circuit(pool, name), core, clock, listener));
        }
        if (own != null) {
            own.leave(passes.handler(), outcome);
        }
        whole.leave(passes.pool(), outcome);
    }

    List<Circuit> open() {
        List<Circuit> open = new ArrayList<>();
        if (!whole.isClosed()) {
            open.add(whole.circuit());
        }
        ofHandlers.values().stream()
                .filter(breaker -> !breaker.isClosed())
                .map(Breaker::circuit)
                .forEach(open::add);
        return open;
    }
}
