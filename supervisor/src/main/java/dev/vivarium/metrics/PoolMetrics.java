package dev.vivarium.metrics;

import dev.vivarium.ErrorCategory;
import dev.vivarium.LadderRung;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

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
        counter(registry, "vivarium.replies.late", "Answers that came too late", tags, PoolSnapshot::lateReplies);
        counter(registry, "vivarium.log.dropped", "Lines of output dropped", tags, PoolSnapshot::droppedLogLines);
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

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
