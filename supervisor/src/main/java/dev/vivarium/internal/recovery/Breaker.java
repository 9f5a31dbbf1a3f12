package dev.vivarium.internal.recovery;

import dev.vivarium.Circuit;
import dev.vivarium.internal.core.CircuitBreaker;
import dev.vivarium.internal.core.CircuitBreaker.Closed;
import dev.vivarium.internal.core.CircuitBreaker.Entry;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.core.CircuitBreaker.Pass;
import dev.vivarium.internal.core.CircuitBreaker.State;
import dev.vivarium.internal.port.Clock;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** One circuit breaker; {@link CircuitBreaker} decides. Thread-safe, and free of locks: every call passes here. */
final class Breaker {

    /** Hears of changes. */
    interface Listener {
        /** The breaker's state has another name now. */
        void changed(Circuit circuit, Circuit.State from, Circuit.State to);
    }

    private final Circuit circuit;
    private final CircuitBreaker core;
    private final Clock clock;
    private final Listener listener;
    private final AtomicReference<State> state = new AtomicReference<>(CircuitBreaker.initial());

    Breaker(Circuit circuit, CircuitBreaker core, Clock clock, Listener listener) {
        this.circuit = circuit;
        this.core = core;
        this.clock = clock;
        this.listener = listener;
    }

    Circuit circuit() {
        return circuit;
    }

    boolean isClosed() {
        return current() instanceof Closed;
    }

    private State current() {
        return Objects.requireNonNull(state.get());
    }

    Entry enter() {
        while (true) {
            State before = current();
            Entry entry = core.enter(before, clock.nanoTime());
            if (change(before, entry.state())) {
                return entry;
            }
        }
    }

    void leave(Pass pass, Outcome outcome) {
        State before;
        do {
            before = current();
        } while (!change(before, core.leave(before, pass, outcome, clock.nanoTime())));
    }

    private boolean change(State before, State after) {
        if (after == before) {
            return true;
        }
        if (!state.compareAndSet(before, after)) {
            return false;
        }
        if (before.name() != after.name()) {
            listener.changed(circuit, before.name(), after.name());
        }
        return true;
    }
}
