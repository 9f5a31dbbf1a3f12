package dev.vivarium.testkit.internal;

import dev.vivarium.CallTimeline;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.testkit.CallStep;
import dev.vivarium.testkit.MonitorReport.Calls;
import dev.vivarium.testkit.MonitorReport.Handler;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.MonitorReport.Spread;
import dev.vivarium.testkit.MonitorReport.Workers;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What a monitor writes down in one phase. Guarded by the monitor. */
public final class PhaseBook {

    private static final int DIGITS = 3;

    /** The calls of one handler, by events. */
    private static final class HandlerBook {
        private final Histogram took = new Histogram(DIGITS);
        private long failed;
    }

    private final String name;
    private final Instant began;
    private final PoolSnapshot first;
    private @Nullable Instant ended;
    private @Nullable PoolSnapshot last;
    private long watched;
    private final Map<CallStep, Histogram> steps = new EnumMap<>(CallStep.class);
    private final Map<WorkerId, Histogram> exchanges = new TreeMap<>();
    private final Map<String, Long> errors = new TreeMap<>();
    private final Map<String, HandlerBook> handlers = new TreeMap<>();
    private final Map<String, Long> events = new TreeMap<>();
    private final Map<TransitionCause, Long> ends = new EnumMap<>(TransitionCause.class);
    private final Map<WorkerId, Long> busy = new TreeMap<>();
    private long upNanos;
    private long busyNanos;

    /**
     * Opens the book.
     *
     * @param first the pool when the phase begins
     */
    public PhaseBook(String name, Instant began, PoolSnapshot first) {
        this.name = name;
        this.began = began;
        this.first = first;
    }

    /** The phase is over. Calls that were made in it may still end. */
    public void end(Instant now, PoolSnapshot snapshot) {
        ended = now;
        last = snapshot;
    }

    /** Returns when it began. */
    public Instant began() {
        return began;
    }

    /** Returns whether nothing was written into it. */
    public boolean isEmpty() {
        return watched == 0 && events.isEmpty();
    }

    /** A call is watched from now on. */
    public void watched() {
        watched++;
    }

    /** A watched call ended. */
    public void ended(@Nullable CallTimeline timeline, @Nullable PoolException error) {
        if (error != null) {
            errors.merge(error.getClass().getSimpleName(), 1L, Long::sum);
        }
        if (timeline == null) {
            return;
        }
        Instant replied = null;
        for (CallTimeline.Attempt attempt : timeline.attempts()) {
            took(CallStep.SEND, attempt.leased(), attempt.sent());
            took(CallStep.START, attempt.sent(), attempt.started());
            took(CallStep.RUN, attempt.started(), attempt.replied());
            took(CallStep.EXCHANGE, attempt.sent(), attempt.replied());
            if (attempt.sent() != null && attempt.replied() != null) {
                record(
                        exchanges.computeIfAbsent(attempt.worker(), any -> new Histogram(DIGITS)),
                        Duration.between(attempt.sent(), attempt.replied()));
            }
            replied = attempt.replied();
        }
        timeline.queueWait().ifPresent(waited -> took(CallStep.QUEUE, waited));
        took(CallStep.DELIVER, replied, timeline.ended());
        timeline.total().ifPresent(total -> took(CallStep.TOTAL, total));
    }

    private void took(CallStep step, @Nullable Instant from, @Nullable Instant to) {
        if (from != null && to != null) {
            took(step, Duration.between(from, to));
        }
    }

    private void took(CallStep step, Duration time) {
        record(steps.computeIfAbsent(step, any -> new Histogram(DIGITS)), time);
    }

    private static void record(Histogram histogram, Duration time) {
        histogram.recordValue(Math.max(0, time.toNanos()));
    }

    /** A call ended that was made in this phase, by its event. */
    public void callEnded(PoolEvent.CallEnded event) {
        HandlerBook book = handlers.computeIfAbsent(event.handler(), any -> new HandlerBook());
        record(book.took, event.took());
        if (event.error() != null) {
            book.failed++;
        }
    }

    /** There was an event. */
    public void event(PoolEvent event) {
        events.merge(event.getClass().getSimpleName(), 1L, Long::sum);
        if (event instanceof PoolEvent.WorkerExited exited) {
            ends.merge(exited.exit().cause(), 1L, Long::sum);
        }
    }

    /** A worker was up for some time. */
    public void up(WorkerId worker, boolean wasBusy, long nanos) {
        upNanos += nanos;
        if (wasBusy) {
            busyNanos += nanos;
            busy.merge(worker, nanos, Long::sum);
        }
    }

    /**
     * Returns what is in the book.
     *
     * @param now for a phase that has not ended
     * @param snapshot for a phase that has not ended
     */
    public Phase read(Instant now, PoolSnapshot snapshot) {
        Instant end = ended == null ? now : ended;
        PoolSnapshot pool = last == null ? snapshot : last;
        Map<CallStep, Spread> spreads = new EnumMap<>(CallStep.class);
        steps.forEach((step, histogram) -> spreads.put(step, spread(histogram)));
        Map<String, Handler> byHandler = new LinkedHashMap<>();
        handlers.forEach((handler, book) -> byHandler.put(handler, new Handler(spread(book.took), book.failed)));
        Map<WorkerId, Duration> busyTimes = new TreeMap<>();
        busy.forEach((worker, nanos) -> busyTimes.put(worker, Duration.ofNanos(nanos)));
        Map<WorkerId, Spread> byWorker = new TreeMap<>();
        exchanges.forEach((worker, histogram) -> byWorker.put(worker, spread(histogram)));
        Calls calls = new Calls(
                pool.accepted() - first.accepted(),
                pool.succeeded() - first.succeeded(),
                pool.failed() - first.failed(),
                pool.retried() - first.retried(),
                pool.lateReplies() - first.lateReplies(),
                watched,
                pool.accepted() - pool.succeeded() - pool.failed());
        Workers workers = new Workers(
                upNanos == 0 ? 0 : (double) busyNanos / upNanos,
                Duration.ofNanos(upNanos),
                Collections.unmodifiableMap(busyTimes),
                Collections.unmodifiableMap(byWorker),
                pool.restarts() - first.restarts(),
                Collections.unmodifiableMap(new TreeMap<>(ends)));
        return new Phase(
                name,
                began,
                Duration.between(began, end),
                calls,
                Collections.unmodifiableMap(spreads),
                Collections.unmodifiableMap(new TreeMap<>(errors)),
                Collections.unmodifiableMap(byHandler),
                workers,
                Collections.unmodifiableMap(new TreeMap<>(events)),
                pool);
    }

    private static Spread spread(Histogram histogram) {
        return new Spread(
                histogram.getTotalCount(),
                Duration.ofNanos(histogram.getMinValue()),
                Duration.ofNanos(Math.round(histogram.getMean())),
                Duration.ofNanos(Math.round(histogram.getStdDeviation())),
                Duration.ofNanos(histogram.getValueAtPercentile(50)),
                Duration.ofNanos(histogram.getValueAtPercentile(90)),
                Duration.ofNanos(histogram.getValueAtPercentile(99)),
                Duration.ofNanos(histogram.getValueAtPercentile(99.9)),
                Duration.ofNanos(histogram.getMaxValue()));
    }
}
