package dev.vivarium.bench.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of a plan when they are due, whatever has become of the earlier ones. A call's latency counts from the moment at
 * which it was due: what a slow target keeps waiting is measured, and not left out. Beside that stands the service time, from the
 * moment at which the call was really made.
 *
 * <p>A call that is due while there are as many in flight as there may be is dropped and counted: an open model has no limit, a
 * machine has. Used once, by one thread.
 */
public final class LoadGenerator {

    /** How many calls can be allowed in flight. */
    public static final int MAX_IN_FLIGHT = 1_000_000;

    /** How often is looked, after the plan's end, whether all have been answered. */
    private static final long LOOK_NANOS = 1_000_000;

    private final LoadPlan plan;
    private final long seed;
    private final int maxInFlight;
    private final Duration patience;
    private final LoadClock clock;
    private final LoadTarget target;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final @Nullable LoadRecorder[] recorders;

    /**
     * Creates a generator.
     *
     * @param seed makes the choices of a mix; the same plan and seed are the same calls
     * @param maxInFlight how many calls may be without an answer; 1 to {@value #MAX_IN_FLIGHT}
     * @param patience how long, after the plan's end, answers are waited for; those that have not come by then are counted
     *     as unanswered
     * @throws IllegalArgumentException when a value is out of its range
     */
    public LoadGenerator(
            LoadPlan plan, long seed, int maxInFlight, Duration patience, LoadClock clock, LoadTarget target) {
        checkInFlight(maxInFlight);
        if (patience.isNegative()) {
            throw new IllegalArgumentException("patience must not be negative, got " + patience);
        }
        this.plan = plan;
        this.seed = seed;
        this.maxInFlight = maxInFlight;
        this.patience = patience;
        this.clock = clock;
        this.target = target;
        this.recorders =
                new LoadRecorder[plan.phases().size() * plan.operations().size()];
    }

    /**
     * Checks how many calls may be in flight.
     *
     * @throws IllegalArgumentException when it is not 1 to {@value #MAX_IN_FLIGHT}
     */
    public static void checkInFlight(int calls) {
        if (calls < 1 || calls > MAX_IN_FLIGHT) {
            throw new IllegalArgumentException("calls in flight must be 1 to " + MAX_IN_FLIGHT + ", got " + calls);
        }
    }

    /**
     * Makes the load, and returns when the plan is over and the last call has been answered, or patience is over too.
     *
     * @throws InterruptedException when the thread is interrupted; calls in flight go on
     */
    public LoadReport run() throws InterruptedException {
        try (Watchdog watchdog = new Watchdog()) {
            long begun = clock.nanos();
            for (Arrivals arrivals = plan.arrivals(seed); arrivals.hasNext(); ) {
                LoadPlan.Arrival arrival = arrivals.next();
                clock.until(begun + arrival.nanos());
                begin(arrival, begun + arrival.nanos());
            }
            clock.until(begun + plan.length().toNanos());
            long end = clock.nanos() + patience.toNanos();
            while (inFlight.get() > 0 && clock.nanos() - end < 0) {
                clock.until(clock.nanos() + LOOK_NANOS);
            }
            return report(clock.nanos() - begun, watchdog.pauses());
        }
    }

    private void begin(LoadPlan.Arrival arrival, long due) {
        LoadRecorder recorder = recorder(arrival.phase(), arrival.operation());
        if (inFlight.get() >= maxInFlight) {
            recorder.dropped();
            target.dropped(plan.operations().get(arrival.operation()), due);
            return;
        }
        inFlight.incrementAndGet();
        long begun = clock.nanos();
        recorder.begun(begun - due);
        CompletionStage<?> call;
        try {
            call = target.begin(plan.operations().get(arrival.operation()), due);
        } catch (RuntimeException e) {
            ended(recorder, due, begun, e);
            return;
        }
        var unused = call.whenComplete((result, failure) -> ended(recorder, due, begun, failure));
    }

    private void ended(LoadRecorder recorder, long due, long begun, @Nullable Throwable failure) {
        long now = clock.nanos();
        if (failure == null) {
            recorder.answered(now - due, now - begun);
        } else {
            recorder.failed(failure);
        }
        inFlight.decrementAndGet();
    }

    private LoadRecorder recorder(int phase, int operation) {
        int index = phase * plan.operations().size() + operation;
        LoadRecorder recorder = recorders[index];
        if (recorder == null) {
            recorder = new LoadRecorder(
                    plan.phases().get(phase).name(),
                    plan.operations().get(operation).name());
            recorders[index] = recorder;
        }
        return recorder;
    }

    private LoadReport report(long nanos, Pauses pauses) {
        List<LoadReport.Part> parts = new ArrayList<>();
        for (LoadRecorder recorder : recorders) {
            if (recorder != null) {
                parts.add(recorder.part());
            }
        }
        return new LoadReport(
                seed, plan.calls(), nanos / 1e9, parts, pauses.count(), pauses.longestNanos() / 1e6, pauses.kept());
    }
}
