package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallRejected;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.metrics.PoolMetrics;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

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

    @VivariumTest(layers = Layer.FAKE, workers = 1)
    void sumUpHowLongCallsWaitAndTake(TestPool kit, PythonPool pool) throws Exception {
        MeterRegistry registry = new SimpleMeterRegistry();
        new PoolMetrics(pool).bindTo(registry);
        PendingCall<String> first = pool.call("held", String.class, "gate", "x");
        kit.awaitStarted(first);
        PendingCall<String> second = pool.call("echo", String.class, "y");
        kit.time().advance(Duration.ofSeconds(3));

        kit.open("gate");
        second.await();

        FunctionTimer wait = registry.get("vivarium.calls.wait").functionTimer();
        FunctionTimer time = registry.get("vivarium.calls.time").functionTimer();
        assertThat(wait.count()).isEqualTo(2);
        assertThat(wait.totalTime(TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(time.count()).isEqualTo(2);
        assertThat(time.totalTime(TimeUnit.SECONDS)).isEqualTo(6);
    }

    @VivariumTest
    void haveTagsOfBoundedValuesWhateverCallsThereAre(PythonPool pool) {
        MeterRegistry registry = new SimpleMeterRegistry();
        new PoolMetrics(pool).bindTo(registry);
        int before = registry.getMeters().size();

        for (int i = 0; i < 20; i++) {
            String name = "no such handler " + i;
            assertThat(catchThrowableOfType(
                            CallRejected.class,
                            () -> pool.call(name, String.class).await()))
                    .isNotNull();
        }

        assertThat(registry.getMeters()).hasSize(before);
        assertThat(registry.getMeters())
                .flatExtracting(meter -> meter.getId().getTags())
                .extracting(Tag::getKey)
                .isSubsetOf("pool", "outcome", "category", "phase", "rung", "session");
    }

    @VivariumTest
    void areAllInTheReference(PythonPool pool) throws Exception {
        MeterRegistry registry = new SimpleMeterRegistry();
        new PoolMetrics(pool).bindTo(registry);
        String reference = Files.readString(Path.of("../docs/reference/events.md"));

        assertThat(registry.getMeters())
                .extracting(meter -> meter.getId().getName())
                .allSatisfy(name -> assertThat(reference).contains("`" + name + "`"));
        assertThat(PoolEvent.class.getPermittedSubclasses())
                .extracting(Class::getSimpleName)
                .allSatisfy(name -> assertThat(reference).contains("| `" + name + "` |"));
    }
}
