package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.RecycleReason;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

/** Workers that work are replaced, and nobody notices. */
@VivariumTest(layers = {Layer.FAKE, Layer.PYTHON})
class RecyclingTest {

    private static PythonCall<String> echo(String value) {
        return PythonCall.to("echo").args(value).returning(String.class);
    }

    private static List<RecycleReason> reasons(TestPool kit) {
        return kit.events().all().stream()
                .filter(PoolEvent.RecycleDue.class::isInstance)
                .map(event -> ((PoolEvent.RecycleDue) event).reason())
                .toList();
    }

    private static String lastWords(TestPool kit) {
        return kit.events().all().stream()
                .filter(PoolEvent.WorkerExited.class::isInstance)
                .map(event -> ((PoolEvent.WorkerExited) event).exit().detail())
                .reduce("", (first, second) -> second);
    }

    private static long recycled(TestPool kit) {
        return kit.events().all().stream()
                .filter(event -> event instanceof PoolEvent.WorkerExited exited
                        && exited.exit().cause() == TransitionCause.RECYCLED)
                .count();
    }

    /** Returns the fewest workers that were ready or busy at any moment after all of them had been, by the events. */
    private static int fewestServing(TestPool kit, int wanted) {
        Set<String> serving = new HashSet<>();
        boolean complete = false;
        int fewest = Integer.MAX_VALUE;
        for (PoolEvent event : kit.events().all()) {
            if (event instanceof PoolEvent.WorkerTransitioned moved) {
                String worker = moved.worker() + "." + moved.incarnation();
                if (moved.to() == WorkerState.READY || moved.to() == WorkerState.BUSY) {
                    serving.add(worker);
                } else {
                    serving.remove(worker);
                }
                complete |= serving.size() >= wanted;
                fewest = complete ? Math.min(fewest, serving.size()) : fewest;
            }
        }
        return fewest;
    }

    @Nested
    class AWorker {

        @VivariumTest(options = {"recycling.max-calls = 5", "recycling.jitter = 0"})
        void isReplacedAfterSoManyCallsAndCapacityNeverDips(TestPool kit, PythonPool pool) throws Exception {
            for (int round = 0; recycled(kit) < 6; round++) {
                List<PendingCall<String>> calls = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    calls.add(pool.call(echo("call " + round + "." + i)));
                }
                for (int i = 0; i < 4; i++) {
                    assertThat(kit.outcome(calls.get(i))).isEqualTo("call " + round + "." + i);
                }
            }

            assertThat(fewestServing(kit, 2)).as(kit.events().last()).isGreaterThanOrEqualTo(2);
            assertThat(pool.snapshot().failed()).isZero();
            assertThat(reasons(kit)).hasSizeGreaterThanOrEqualTo(6).containsOnly(RecycleReason.CALLS);
            assertThat(lastWords(kit)).contains("was recycled: it had answered 5 calls");
        }

        @VivariumTest(
                layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
                workers = 1,
                options = {"recycling.max-memory = 64m", "recycling.jitter = 0", "memory.interval = 50ms"})
        void isReplacedWhenItsProcessesHaveTooMuchMemoryAndNoCallFails(
                TestPool kit, PythonPool pool, FaultInjector faults) throws Exception {
            assertThat(kit.outcome(pool.call(echo("before")))).isEqualTo("before");

            if (kit.layer() == Layer.PYTHON) {
                try (FaultLease ballooned = faults.at(Moment.STARTED).arm(new Fault.Ballooned(96L << 20))) {
                    kit.outcome(pool.call(PythonCall.to("echo").args("x").returning(Long.class)));
                    assertThat(ballooned.landed()).isEqualTo(1);
                    // Before the fault is healed, which gives the memory back.
                    kit.passTimeUntil("recycled", () -> recycled(kit) == 1);
                }
            } else {
                kit.worker(1).measured(96L << 20);
                kit.passTimeUntil("recycled", () -> recycled(kit) == 1);
            }

            assertThat(kit.outcome(pool.call(echo("after")))).isEqualTo("after");
            assertThat(reasons(kit)).containsExactly(RecycleReason.MEMORY);
            assertThat(lastWords(kit))
                    .containsPattern("was recycled: it had \\d+\\.\\d MiB of memory, and may have up to 64\\.0 MiB");
            assertThat(fewestServing(kit, 1)).as(kit.events().last()).isGreaterThanOrEqualTo(1);
            assertThat(pool.snapshot().failed()).isZero();
        }

        @VivariumTest(
                workers = 1,
                time = VivariumTest.Time.VIRTUAL,
                options = {
                    "recycling.max-age = 1h",
                    "recycling.jitter = 0",
                    "health-interval = 1d",
                    "connect-timeout = 1d",
                    "load-timeout = 1d"
                })
        void isReplacedWhenItIsOldEnough(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            time.advance(Duration.ofMinutes(59));
            assertThat(recycled(kit)).isZero();

            time.advance(Duration.ofMinutes(1));

            kit.passTimeUntil("recycled", () -> recycled(kit) == 1);
            assertThat(reasons(kit)).containsExactly(RecycleReason.AGE);
            assertThat(lastWords(kit)).contains("was recycled: it had been ready for PT1H");
            assertThat(kit.outcome(pool.call(echo("after")))).isEqualTo("after");
            assertThat(fewestServing(kit, 1)).as(kit.events().last()).isGreaterThanOrEqualTo(1);
        }

        @VivariumTest(
                workers = 1,
                options = {"recycling.max-calls = 1", "recycling.jitter = 0"})
        void finishesItsCallFirst(TestPool kit, PythonPool pool) throws Exception {
            assertThat(kit.outcome(pool.call(echo("one")))).isEqualTo("one");
            PendingCall<String> held =
                    pool.call(PythonCall.to("held").args("gate", "kept").returning(String.class));
            kit.events()
                    .await(
                            "the replacement, ready",
                            PoolEvent.WorkerTransitioned.class,
                            moved -> moved.worker().slot() == 2 && moved.to() == WorkerState.READY);

            kit.open("gate");

            assertThat(kit.outcome(held)).isEqualTo("kept");
            kit.passTimeUntil("recycled", () -> recycled(kit) >= 1);
        }
    }

    @Nested
    class AnOverflowWorker {

        @VivariumTest(
                workers = 1,
                options = {"overflow = 1", "overflow-idle = 1h", "recycling.max-calls = 1", "recycling.jitter = 0"})
        void isLetGoAndComesBackIfItIsNeeded(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> first =
                    pool.call(PythonCall.to("held").args("first", "1").returning(String.class));
            PendingCall<String> second =
                    pool.call(PythonCall.to("held").args("second", "2").returning(String.class));
            kit.awaitStarted(second);

            kit.open("second");

            assertThat(kit.outcome(second)).isEqualTo("2");
            kit.passTimeUntil("recycled", () -> recycled(kit) == 1);
            assertThat(kit.outcome(pool.call(echo("another")))).isEqualTo("another");
            kit.open("first");
            assertThat(kit.outcome(first)).isEqualTo("1");
        }
    }

    @Nested
    class ARollingRestart {

        @VivariumTest(workers = 3)
        void replacesEveryWorkerOneAfterTheOther(TestPool kit, PythonPool pool) throws Exception {
            pool.rollingRestart().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            kit.passTimeUntil("recycled", () -> recycled(kit) == 3);
            kit.awaitThat("three again", () -> pool.snapshot().workers().size() == 3);
            assertThat(reasons(kit)).hasSize(3).containsOnly(RecycleReason.ON_DEMAND);
            assertThat(lastWords(kit)).contains("was recycled on demand");
            assertThat(fewestServing(kit, 3)).as(kit.events().last()).isGreaterThanOrEqualTo(3);
            assertThat(pool.snapshot().workers())
                    .extracting(WorkerSnapshot::phase)
                    .containsOnly(WorkerSnapshot.Phase.IDLE);
        }

        @VivariumTest(options = "start-mode = lazy", workers = 3, readiness = VivariumTest.Readiness.NONE)
        void startsNoWorkerWhereThereIsNone(TestPool kit, PythonPool pool) throws Exception {
            pool.whenServing().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            pool.rollingRestart().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            kit.passTimeUntil("three slots", () -> pool.snapshot().workers().size() == 3);
            assertThat(pool.snapshot().count(WorkerSnapshot.Phase.VACANT)).isEqualTo(2);
        }

        @VivariumTest
        void endsWithThePool(PythonPool pool) throws Exception {
            var over = pool.rollingRestart().toCompletableFuture();
            pool.close(Duration.ZERO);

            over.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            pool.rollingRestart().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        }

        @VivariumTest(workers = 2)
        void andAResizeAgreeOnTheNumberOfWorkers(TestPool kit, PythonPool pool) throws Exception {
            var over = pool.rollingRestart().toCompletableFuture();
            pool.resize(1);
            over.get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            kit.passTimeUntil("one", () -> pool.snapshot().workers().size() == 1);
            assertThat(kit.outcome(pool.call(echo("still there")))).isEqualTo("still there");
        }
    }
}
