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

    /**
     * Begins a call, as {@link #begin(Operation)} does, for a target that keeps books of its own.
     *
     * @param due when it was due, by the generator's clock, in nanoseconds
     */
    default CompletionStage<?> begin(Operation operation, long due) {
        return begin(operation);
    }

    /** A call was due and not made, because too many were in flight. Does nothing unless a target counts them. */
    default void dropped(Operation operation, long due) {}
}
