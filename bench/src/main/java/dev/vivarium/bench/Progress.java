package dev.vivarium.bench;

import java.util.function.Supplier;

/** Is told how far a measurement is, often; says it seldom, or not at all. */
@FunctionalInterface
public interface Progress {

    /** Takes note. Called by the measuring thread between rounds; must be cheap. */
    void at(Supplier<String> state);
}
