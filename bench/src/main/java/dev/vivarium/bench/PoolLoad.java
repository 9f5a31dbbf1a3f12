package dev.vivarium.bench;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonPool;
import dev.vivarium.bench.load.LoadClock;
import dev.vivarium.bench.load.LoadGenerator;
import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.LoadReport;
import dev.vivarium.bench.load.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** A load plan on a pool with the bench's handlers. */
public final class PoolLoad {

    private static final int BURN_MICROS = 100;
    private static final int BYTES = 1 << 16;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private PoolLoad() {}

    /** Returns the names of the operations that there are, with what they do. */
    public static Map<String, String> operations() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("echo", "a small JSON object there and back");
        all.put("burn", "100 us of processor");
        all.put("bytes", "64 KiB there and back, as base64 in JSON");
        return all;
    }

    private static Supplier<PendingCall<?>> call(PythonPool pool, String operation) {
        byte[] bytes = new byte[BYTES];
        return switch (operation) {
            case "echo" -> EchoCalls.small(pool);
            case "burn" -> () -> pool.call("burn", Integer.class, BURN_MICROS);
            case "bytes" -> () -> pool.call("echo_bytes", byte[].class, bytes);
            default -> throw new IllegalArgumentException("no operation is named " + operation);
        };
    }

    /**
     * Checks that the operations of a plan are there.
     *
     * @throws IllegalArgumentException naming the one that is not, and those that are
     */
    public static void check(LoadPlan plan) {
        for (Operation operation : plan.operations()) {
            if (!operations().containsKey(operation.name())) {
                throw new IllegalArgumentException("no operation is named '" + operation.name() + "'; there are: "
                        + String.join(", ", operations().keySet()));
            }
        }
    }

    /**
     * Makes the load, as long as the plan is, after the warm-up that the settings say. Their number of calls is not looked at.
     *
     * @param inFlight how many calls may be without an answer; what is due beyond it is dropped and counted
     * @throws BenchUnavailable when this machine lacks something
     * @throws IllegalArgumentException when the plan has an operation that is not there
     * @throws InterruptedException when the thread is interrupted; other exceptions may come of that too
     * @throws Exception when the warm-up fails; calls of the load that fail are counted
     */
    public static LoadOutcome run(LoadPlan plan, long seed, int inFlight, BenchSettings settings, Progress progress)
            throws Exception {
        check(plan);
        try (Workbench bench = new Workbench(settings, progress)) {
            // As many wait as may be in flight: what is dropped is dropped by the generator, where it is counted.
            PythonPool pool =
                    bench.pool("load", settings.workers(), config -> config.queueCapacity(Math.max(1, inFlight)));
            Map<String, Supplier<PendingCall<?>>> calls = new LinkedHashMap<>();
            for (Operation operation : plan.operations()) {
                Supplier<PendingCall<?>> call = call(pool, operation.name());
                calls.put(operation.name(), call);
                progress.at(() -> "warming up: " + operation.name());
                EchoCalls.seenByABlockedCaller(call).run(settings.warmUp(), nanos -> {});
            }
            LoadReport report = new LoadGenerator(plan, seed, inFlight, PATIENCE, LoadClock.system(), operation -> {
                        progress.at(() -> "making load");
                        return Objects.requireNonNull(calls.get(operation.name()))
                                .get();
                    })
                    .run();
            List<String> notes = new ArrayList<>();
            if (report.pauses() > 0) {
                notes.add("the generator itself did not run " + report.pauses()
                        + " times: latencies of these moments are its own as much as the pool's");
            }
            if (report.sum(LoadReport.Part::dropped) > 0) {
                notes.add("calls that were due were dropped: latencies are those of the others, and too good");
            }
            return new LoadOutcome(
                    "load", settings.workers(), inFlight, settings.warmUp(), bench.environment(), plan, report, notes);
        }
    }
}
