package dev.vivarium.metrics;

import dev.vivarium.PythonPool;
import dev.vivarium.SessionCounts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.function.ToLongFunction;

/** The numbers of a pool's sessions. */
final class SessionMeters {

    private final PythonPool pool;
    private final Tags tags;

    SessionMeters(PythonPool pool, Tags tags) {
        this.pool = pool;
        this.tags = tags;
    }

    void bindTo(MeterRegistry registry) {
        Gauge.builder("vivarium.sessions", pool, p -> p.snapshot().sessions().bindings())
                .description("Sessions that are with a worker")
                .tags(tags)
                .register(registry);
        calls(registry, "hit", SessionCounts::hits);
        calls(registry, "miss", SessionCounts::misses);
        calls(registry, "replayed", SessionCounts::replayed);
        calls(registry, "conflict", SessionCounts::conflicts);
        counter(
                registry,
                "vivarium.sessions.rebound",
                "Sessions that changed their worker",
                tags,
                SessionCounts::rebinds);
        counter(registry, "vivarium.sessions.expired", "Bindings that were not used", tags, SessionCounts::expired);
        counter(registry, "vivarium.sessions.lost", "Losses that were told", tags, SessionCounts::lost);
    }

    private void calls(MeterRegistry registry, String how, ToLongFunction<SessionCounts> value) {
        counter(registry, "vivarium.session.calls", "Calls of sessions", tags.and("session", how), value);
    }

    private void counter(
            MeterRegistry registry, String name, String what, Tags with, ToLongFunction<SessionCounts> value) {
        FunctionCounter.builder(name, pool, p -> value.applyAsLong(p.snapshot().sessions()))
                .description(what)
                .tags(with)
                .register(registry);
    }
}
