package dev.vivarium.metrics;

import dev.vivarium.CallTimes;
import dev.vivarium.ErrorCategory;
import dev.vivarium.LadderRung;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.RecoveryReport;
import dev.vivarium.WorkerSnapshot;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;

/**
 * Shows a pool's counters and its present state as Micrometer meters. Everything is read when a registry asks, so that calls
 * cost nothing more. The values of all tags are bounded: the pool's name, and constants.
 *
 * <pre>{@code
 * new PoolMetrics(pool).bindTo(registry);
 * }</pre>
 */
public final class PoolMetrics implements MeterBinder {

    private final PythonPool pool;
    private final Tags tags;

    /** Creates the binder of a pool, with the tag {@code pool}. */
    public PoolMetrics(PythonPool pool) {
        this(pool, Tags.empty());
    }

    /** Creates the binder of a pool, with further tags. */
    public PoolMetrics(PythonPool pool, Iterable<Tag> more) {
        this.pool = pool;
        this.tags = Tags.of("pool", pool.name()).and(more);
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        counter(registry, "vivarium.calls.accepted", "Calls accepted", tags, PoolSnapshot::accepted);
        counter(registry, "vivarium.calls", "Calls that ended", tags.and("outcome", "ok"), PoolSnapshot::succeeded);
        counter(registry, "vivarium.calls", "Calls that ended", tags.and("outcome", "failed"), PoolSnapshot::failed);
        counter(registry, "vivarium.calls.retried", "Attempts beyond the first", tags, PoolSnapshot::retried);
        counter(registry, "vivarium.worker.restarts", "Processes replaced", tags, PoolSnapshot::restarts);
        counter(registry, "vivarium.worker.ejections", "Workers ejected as outliers", tags, PoolSnapshot::ejections);
        counter(registry, "vivarium.replies.late", "Answers that came too late", tags, PoolSnapshot::lateReplies);
        counter(
                registry,
                "vivarium.log.dropped",
                "Lines of output and log records dropped",
                tags,
                PoolSnapshot::droppedLogLines);
        for (LadderRung rung : LadderRung.values()) {
            counter(
                    registry,
                    "vivarium.ladder",
                    "What was done to get workers off calls that were over",
                    tags.and("rung", lower(rung)),
                    snapshot -> snapshot.ladder().of(rung));
        }
        for (ErrorCategory category : ErrorCategory.values()) {
            FunctionCounter.builder(
                            "vivarium.errors",
                            pool,
                            p -> p.errors().byCategory().getOrDefault(category, 0L))
                    .description("Calls that failed or were refused")
                    .tags(tags.and("category", lower(category)))
                    .register(registry);
        }
        timer(
                registry,
                "vivarium.calls.wait",
                "How long calls wait for their first worker",
                CallTimes::leased,
                CallTimes::waited);
        recoveries(registry, "answered", RecoveryReport::answered);
        recoveries(registry, "failed", RecoveryReport::failed);
        recoveries(registry, "cancelled", RecoveryReport::cancelled);
        Gauge.builder("vivarium.recoveries.under.way", pool, p -> p.recoveries().underWay())
                .description("Calls that lost a worker, are tried again and have not ended")
                .tags(tags)
                .register(registry);
        timer(registry, "vivarium.calls.time", "How long accepted calls take", CallTimes::ended, CallTimes::taken);
        gauge(registry, "vivarium.calls.waiting", "Calls that wait for a worker", tags, PoolSnapshot::waiting);
        TimeGauge.builder(
                        "vivarium.calls.oldest.wait",
                        pool,
                        TimeUnit.NANOSECONDS,
                        p -> p.snapshot().oldestWait().toNanos())
                .description("How long the oldest waiting call has waited")
                .tags(tags)
                .register(registry);
        for (WorkerSnapshot.Phase phase : WorkerSnapshot.Phase.values()) {
            gauge(
                    registry,
                    "vivarium.workers",
                    "Workers by phase",
                    tags.and("phase", lower(phase)),
                    snapshot -> snapshot.count(phase));
        }
        new SessionMeters(pool, tags).bindTo(registry);
        gauge(registry, "vivarium.workers.wanted", "Workers wanted", tags, PoolSnapshot::wanted);
        memory(registry, "vivarium.workers.memory", "Resident memory of all workers' process trees", LongStream::sum);
        memory(
                registry,
                "vivarium.workers.memory.max",
                "Resident memory of the largest worker's process tree",
                all -> all.max().orElse(0));
        gauge(
                registry,
                "vivarium.circuits.open",
                "Circuit breakers that are not closed",
                tags,
                snapshot -> snapshot.openCircuits().size());
        Gauge.builder("vivarium.error.rate", pool, p -> p.errors().rate())
                .description("Failed calls as a share of all within the window of the alerts")
                .tags(tags)
                .register(registry);
    }

    private void recoveries(MeterRegistry registry, String outcome, ToDoubleFunction<RecoveryReport> value) {
        FunctionCounter.builder("vivarium.recoveries", pool, p -> value.applyAsDouble(p.recoveries()))
                .description("Calls that lost a worker and were tried again, by how they ended")
                .tags(tags.and("outcome", outcome))
                .register(registry);
    }

    private void timer(
            MeterRegistry registry,
            String name,
            String what,
            ToLongFunction<CallTimes> count,
            Function<CallTimes, Duration> sum) {
        FunctionTimer.builder(
                        name,
                        pool,
                        p -> count.applyAsLong(p.times()),
                        p -> sum.apply(p.times()).toNanos(),
                        TimeUnit.NANOSECONDS)
                .description(what)
                .tags(tags)
                .register(registry);
    }

    private void counter(
            MeterRegistry registry, String name, String what, Tags with, ToDoubleFunction<PoolSnapshot> value) {
        FunctionCounter.builder(name, pool, p -> value.applyAsDouble(p.snapshot()))
                .description(what)
                .tags(with)
                .register(registry);
    }

    private void gauge(
            MeterRegistry registry, String name, String what, Tags with, ToDoubleFunction<PoolSnapshot> value) {
        Gauge.builder(name, pool, p -> value.applyAsDouble(p.snapshot()))
                .description(what)
                .tags(with)
                .register(registry);
    }

    /** Not a number as long as nothing has been measured, which is not the same as no memory. */
    private void memory(MeterRegistry registry, String name, String what, ToLongFunction<LongStream> of) {
        Gauge.builder(name, pool, p -> {
                    List<WorkerSnapshot> measured = p.snapshot().workers().stream()
                            .filter(worker -> worker.memoryBytes() >= 0)
                            .toList();
                    return measured.isEmpty()
                            ? Double.NaN
                            : of.applyAsLong(measured.stream().mapToLong(WorkerSnapshot::memoryBytes));
                })
                .description(what)
                .baseUnit(BaseUnits.BYTES)
                .tags(tags)
                .register(registry);
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
