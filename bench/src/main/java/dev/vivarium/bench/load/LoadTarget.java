package dev.vivarium.bench.load;

import java.util.concurrent.CompletionStage;

/** What load is made on. */
@FunctionalInterface
public interface LoadTarget {

    /**
     * Begins a call, and does not wait for it: the next one may be due already. Called by the generator's thread. The call has
     * failed when the stage fails, or when this throws.
     *
     * @param operation the kind of call that is due
     */
    CompletionStage<?> begin(Operation operation);
}
