package dev.vivarium;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What became of a call in each worker that was up when it was made. Immutable.
 *
 * @param <T> the type of each worker's result
 * @param outcomes a reply or a typed failure for each worker, in the order of their slots; empty when no worker was up
 */
public record WorkerReplies<T>(Map<WorkerId, CallOutcome<T>> outcomes) {

    /** Copies the map. */
    public WorkerReplies {
        Map<Integer, WorkerId> order = new TreeMap<>();
        outcomes.keySet().forEach(worker -> order.put(worker.slot(), worker));
        Map<WorkerId, CallOutcome<T>> copy = new LinkedHashMap<>();
        for (WorkerId worker : order.values()) {
            CallOutcome<T> outcome = outcomes.get(worker);
            if (outcome != null) {
                copy.put(worker, outcome);
            }
        }
        outcomes = Collections.unmodifiableMap(copy);
    }

    /** Returns the results of the workers that answered; null for a handler that returned {@code None}. */
    public Map<WorkerId, @Nullable T> values() {
        Map<WorkerId, @Nullable T> values = new LinkedHashMap<>();
        outcomes.forEach((worker, outcome) -> {
            if (outcome instanceof CallOutcome.Succeeded<T> succeeded) {
                values.put(worker, succeeded.value());
            }
        });
        return Collections.unmodifiableMap(values);
    }

    /** Returns why the other workers did not answer. */
    public Map<WorkerId, PoolException> failures() {
        Map<WorkerId, PoolException> failures = new LinkedHashMap<>();
        outcomes.forEach((worker, outcome) -> {
            if (outcome instanceof CallOutcome.Failed<T> failed) {
                failures.put(worker, failed.error());
            }
        });
        return Collections.unmodifiableMap(failures);
    }
}
