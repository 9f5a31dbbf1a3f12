package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.metrics.PoolMetrics;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** A pool's numbers, as Micrometer has them. */
@VivariumTest(layers = {Layer.FAKE, Layer.PYTHON})
class PoolMetricsTest {

    private static double counter(MeterRegistry registry, String name, String... tags) {
        return registry.get(name).tags(tags).functionCounter().count();
    }

    @VivariumTest(
            options = {"memory.measured = true", "memory.interval = 50ms"},
            workers = 2)
    void haveTheMemoryOfWorkersOnceItIsMeasured(TestPool kit, PythonPool pool) throws Exception {
        MeterRegistry registry = new SimpleMeterRegistry();
        new PoolMetrics(pool).bindTo(registry);
        if (kit.layer() == Layer.FAKE) {
            assertThat(registry.get("vivarium.workers.memory").gauge().value()).isNaN();
            kit.worker(1).measured(300);
            kit.worker(2).measured(200);
        }

        kit.passTimeUntil(
                "both measured", () -> pool.snapshot().workers().stream().allMatch(worker -> worker.memoryBytes() > 0));

        double all = registry.get("vivarium.workers.memory").gauge().value();
        double largest = registry.get("vivarium.workers.memory.max").gauge().value();
        assertThat(largest).isLessThan(all);
        if (kit.layer() == Layer.FAKE) {
            assertThat(all).isEqualTo(500);
            assertThat(largest).isEqualTo(300);
        }
    }

    @VivariumTest
    void areWhatThePoolCounts(TestPool kit, PythonPool pool) throws Exception {
        MeterRegistry registry = new SimpleMeterRegistry();
        new PoolMetrics(pool, Tags.of("service", "shop")).bindTo(registry);

        assertThat(pool.call("echo", String.class, "x").await()).isEqualTo("x");
        assertThat(catchThrowableOfType(
                        PythonException.class,
                        () -> pool.call("fail", String.class, "no").await()))
                .isNotNull();

        assertThat(counter(registry, "vivarium.calls.accepted", "pool", kit.name(), "service", "shop"))
                .isEqualTo(2);
        assertThat(counter(registry, "vivarium.calls", "outcome", "ok")).isEqualTo(1);
        assertThat(counter(registry, "vivarium.calls", "outcome", "failed")).isEqualTo(1);
        assertThat(counter(registry, "vivarium.errors", "category", "python")).isEqualTo(1);
        assertThat(counter(registry, "vivarium.errors", "category", "timeout")).isZero();
        assertThat(counter(registry, "vivarium.worker.ejections")).isZero();
        assertThat(registry.get("vivarium.workers.wanted").gauge().value()).isEqualTo(2);
        assertThat(registry.get("vivarium.circuits.open").gauge().value()).isZero();
        assertThat(registry.get("vivarium.workers.memory").gauge().value()).isNaN();
        kit.awaitThat(
                "idle",
                () -> registry.get("vivarium.workers")
                                .tag("phase", "idle")
                                .gauge()
                                .value()
                        == 2);
    }
}
