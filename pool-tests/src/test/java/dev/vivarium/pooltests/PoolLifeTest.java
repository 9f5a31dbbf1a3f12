package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolNotFound;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import dev.vivarium.testkit.junit5.VivariumTest.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Nested;

/** Sizes and queues of pools, idle workers, and pools as actors. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1)
class PoolLifeTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static void awaitPhase(TestPool kit, Phase phase, int count) throws InterruptedException {
        kit.passTimeUntil(
                count + " workers " + phase, () -> kit.pool().snapshot().count(phase) == count);
    }

    private static PythonCall<String> echo() {
        return PythonCall.to("echo").args("x").returning(String.class);
    }

    @Nested
    class TheQueue {

        @VivariumTest(options = "queue-capacity = 2")
        void isBoundedAndSaysSo(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = pool.call("hang", String.class);
            awaitPhase(kit, Phase.BUSY, 1);
            var waiting = List.of(pool.call(echo()), pool.call(echo()));

            PoolSaturated error = catchThrowableOfType(
                    PoolSaturated.class, () -> pool.call(echo()).await());

            assertThat(error)
                    .hasMessageContaining("queueCapacity=2")
                    .hasMessageContaining("total=1, idle=0, busy=1, starting=0, waiting=2");
            assertThat(error.pool().waiting()).isEqualTo(2);
            assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
            running.cancel();
            for (PendingCall<String> call : waiting) {
                assertThat(call.await()).isEqualTo("x");
            }
        }

        @VivariumTest(time = Time.VIRTUAL)
        void letsGoOfCallsAtTheirDeadlineAndOfCancelledOnes(TestPool kit, PythonPool pool, TestTime time)
                throws Exception {
            PendingCall<String> running = pool.call("hang", String.class);
            kit.events().awaitState(1, WorkerState.BUSY);
            PendingCall<String> late = pool.call(echo().timeout(Duration.ofMillis(50)));
            PendingCall<String> unwanted = pool.call(echo());

            kit.passTimeUntil("queued", () -> pool.snapshot().waiting() == 2);
            time.advance(Duration.ofMillis(50));

            assertThatThrownBy(late::await)
                    .isInstanceOfSatisfying(CallTimedOut.class, e -> {
                        assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED);
                        assertThat(e.timeout()).isEqualTo(Duration.ofMillis(50));
                    })
                    .hasMessageContaining("waiting for a worker");
            assertThat(unwanted.cancel()).isTrue();
            assertThatThrownBy(unwanted::await)
                    .isInstanceOfSatisfying(
                            CallCancelled.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
            assertThat(pool.snapshot().waiting()).isZero();
            assertThat(running.isDone()).isFalse();
        }
    }

    @Nested
    class TheSize {

        @VivariumTest
        void growsAndShrinksOnRequest(TestPool kit, PythonPool pool) throws Exception {
            pool.resize(3);
            awaitPhase(kit, Phase.IDLE, 3);

            pool.resize(1);
            kit.passTimeUntil("one worker", () -> pool.snapshot().total() == 1);

            assertThatThrownBy(() -> pool.resize(0)).hasMessageContaining("1 to 1024, got 0");
        }

        @VivariumTest(options = {"overflow = 2", "overflow-idle = 100ms"})
        void overflowsWhileCallsWaitAndComesBack(TestPool kit, PythonPool pool) throws Exception {
            List<PendingCall<String>> running =
                    List.of(pool.call("hang", String.class), pool.call("hang", String.class));
            awaitPhase(kit, Phase.BUSY, 2);

            running.forEach(PendingCall::cancel);

            kit.passTimeUntil("one worker", () -> pool.snapshot().total() == 1);
            assertThat(pool.call(echo()).await()).isEqualTo("x");
        }

        @VivariumTest(
                workers = 2,
                options = {"min-ready = 0", "start-mode = lazy"},
                readiness = Readiness.NONE)
        void startsLazilyWhenTold(PythonPool pool) throws Exception {
            var unused = pool.whenServing().toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
            assertThat(pool.snapshot().count(Phase.VACANT)).isEqualTo(2);

            assertThat(pool.call(echo()).await()).isEqualTo("x");

            assertThat(pool.snapshot().count(Phase.VACANT)).isEqualTo(1);
        }
    }

    @Nested
    class AnIdleWorker {

        @VivariumTest(options = {"health-interval = 50ms", "health-timeout = 300ms", "max-health-failures = 100"})
        void thatDoesNotAnswerIsDegradedAndComesBack(TestPool kit, TestWorker worker) throws Exception {
            WorkerSnapshot before = worker.snapshot();

            worker.signal(Signal.STOP);
            awaitTransition(kit, "degraded", WorkerState.DEGRADED, null);
            worker.signal(Signal.CONT);
            awaitTransition(kit, "restored", null, TransitionCause.HEALTH_RESTORED);

            assertThat(kit.outcome(kit.pool().call(echo()))).isEqualTo("x");
            assertThat(worker.pid()).isEqualTo(before.pid());
            assertThat(worker.snapshot().incarnation()).isEqualTo(before.incarnation());
        }

        /** Waits for a transition from after the one that was awaited before, and lets time pass for it. */
        private void awaitTransition(TestPool kit, String what, WorkerState to, TransitionCause cause)
                throws InterruptedException {
            kit.passTimeUntil(what, () -> kit.events().all().stream().anyMatch(event -> fits(event, to, cause)));
            kit.events().await(what, PoolEvent.WorkerTransitioned.class, event -> fits(event, to, cause));
        }

        private boolean fits(PoolEvent event, WorkerState to, TransitionCause cause) {
            return event instanceof PoolEvent.WorkerTransitioned moved
                    && (to == null || moved.to() == to)
                    && (cause == null || moved.cause() == cause);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED)
    class AsAnActor {

        private ActorRef<PoolCommand> spawn(TestPool kit) {
            return kit.actors().spawn(kit.behavior(settings -> {}));
        }

        @VivariumTest
        void answersAndIsFoundByItsName(TestPool kit) {
            ActorRef<PoolCommand> pool = spawn(kit);
            TestProbe<CallOutcome<Integer>> answers = kit.actors().createTestProbe();
            PythonCall<Integer> call = PythonCall.to("add").args(1, 2).returning(Integer.class);

            pool.tell(new PoolCommand.Call<>(call, answers.ref()));

            CallOutcome<Integer> outcome = answers.receiveMessage(LIMIT);
            kit.ledger().enter(call, outcome);
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            CallOutcome.Succeeded.class,
                            s -> assertThat(s.value()).isEqualTo(3));
            var system = kit.actors().system();
            assertThat(PythonPool.find(system, kit.name()).actor()).isEqualTo(pool);
            assertThatThrownBy(() -> PythonPool.find(system, "other"))
                    .isInstanceOf(PoolNotFound.class)
                    .hasMessageContaining("running: " + kit.name());
            close(kit, pool);
            assertThatThrownBy(() -> PythonPool.find(system, kit.name())).isInstanceOf(PoolNotFound.class);
        }

        private void close(TestPool kit, ActorRef<PoolCommand> pool) {
            TestProbe<Done> closed = kit.actors().createTestProbe();
            pool.tell(new PoolCommand.Close(Duration.ofSeconds(5), closed.ref()));
            closed.receiveMessage(LIMIT);
        }

        @VivariumTest
        void cancelsTheCallsOfAnOwnerThatEnds(TestPool kit) throws Exception {
            ActorRef<PoolCommand> pool = spawn(kit);
            TestProbe<CallOutcome<Integer>> answers = kit.actors().createTestProbe();
            TestProbe<Object> owner = kit.actors().createTestProbe();
            PythonCall<Integer> call = PythonCall.to("hang").returning(Integer.class);
            pool.tell(new PoolCommand.Call<>(call, answers.ref(), owner.ref()));
            kit.events().awaitState(1, WorkerState.BUSY);

            owner.stop();

            CallOutcome<Integer> outcome = answers.receiveMessage(LIMIT);
            kit.ledger().enter(call, outcome);
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            CallOutcome.Failed.class, f -> assertThat(f.error()).isInstanceOf(CallCancelled.class));
            kit.events()
                    .await("release", PoolEvent.WorkerTransitioned.class, e -> e.cause() == TransitionCause.RELEASED);
            close(kit, pool);
        }

        @VivariumTest(layers = Layer.PYTHON)
        void leavesNothingWhenItIsStopped(TestPool kit) throws Exception {
            ActorRef<PoolCommand> pool = spawn(kit);
            kit.events().awaitState(1, WorkerState.READY);
            TestProbe<PoolSnapshot> snapshots = kit.actors().createTestProbe();
            pool.tell(new PoolCommand.GetSnapshot(snapshots.ref()));
            long worker = snapshots.receiveMessage().workers().get(0).pid();
            assertThat(kit.processes()).extracting(ProcessHandle::pid).contains(worker);

            kit.actors().stop(pool, LIMIT);

            kit.passTimeUntil("gone: every process", () -> kit.processes().isEmpty());
        }
    }

    @VivariumTest
    void twoPoolsOfOneNameAreRefused(TestPool kit) {
        TestPool first = kit.another("twin").start();
        TestPool second = kit.another("twin");

        assertThatThrownBy(second::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'" + first.name() + "'");

        assertThat(first.pool().snapshot().state()).isNotEqualTo(PoolState.CLOSED);
    }
}
