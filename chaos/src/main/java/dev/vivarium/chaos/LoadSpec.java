package dev.vivarium.chaos;

import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.Operation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The calls that are made while faults come: an open model, in which a call is due when the plan says.
 *
 * @param plan its text, as for {@code vivarium bench load}
 * @param mix the operations {@value #CALL} (may not be repeated), {@value #SAFE} (declared retry-safe), {@value #COUNT} (counts up
 *     a session), {@value #READ} (reads one) and {@value #BYTES} (brings bytes), and how often each in relation to the others
 * @param work how long a handler takes, asleep
 * @param timeout the calls' deadline
 * @param sessions how many sessions there are
 * @param maxInFlight calls without an answer; what is due beyond them is dropped, and counted
 */
public record LoadSpec(
        String plan, Map<String, Integer> mix, Duration work, Duration timeout, int sessions, int maxInFlight) {

    /** A call that may not be repeated once it has started. */
    public static final String CALL = "call";

    /** A call that is declared retry-safe. */
    public static final String SAFE = "safe";

    /** A call that counts a session up. */
    public static final String COUNT = "count";

    /** A call that reads a session's count. */
    public static final String READ = "read";

    /** A call that brings 64 KiB, through shared memory unless the pool's options say otherwise, and may not be repeated. */
    public static final String BYTES = "bytes";

    /** All operations. */
    public static final List<String> OPERATIONS = List.of(CALL, SAFE, COUNT, READ, BYTES);

    /** 100 calls a second for 10 s, three in four of them retry-safe, of 5 ms, with a deadline of 5 s. */
    public static final LoadSpec DEFAULT = new LoadSpec(
            "constant:100:10s", Map.of(CALL, 1, SAFE, 3), Duration.ofMillis(5), Duration.ofSeconds(5), 8, 5_000);

    /** Copies the map. */
    public LoadSpec {
        mix = java.util.Collections.unmodifiableMap(new TreeMap<>(mix));
    }

    /** Returns the plan. */
    public LoadPlan loadPlan() {
        return dev.vivarium.bench.load.LoadPlanText.plan(plan)
                .mix(mix.entrySet().stream()
                        .map(entry -> new Operation(entry.getKey(), entry.getValue()))
                        .toArray(Operation[]::new));
    }
}
