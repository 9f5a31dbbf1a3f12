package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.Remembering.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerReplies;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** One call to every worker that is up. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Remembering.HANDLERS,
        workers = 2,
        expectWarnings = "SIGKILL")
class CallAllTest {

    static WorkerScript script() {
        return Remembering.script();
    }

    private static WorkerReplies<Object> all(TestPool kit, PendingReplies<Object> replies) throws InterruptedException {
        kit.passTimeUntil("ended: the call to all", replies::isDone);
        return replies.await();
    }

    private static WorkerId worker(TestPool kit, int slot) {
        return new WorkerId(kit.name(), slot);
    }

    private static PoolException failure(TestPool kit, WorkerReplies<Object> replies, int slot) {
        PoolException error = replies.failures().get(worker(kit, slot));
        assertThat(error).as("failure of slot " + slot).isNotNull();
        return error;
    }

    private static int busySlot(TestPool kit) throws InterruptedException {
        kit.awaitThat("busy", () -> kit.pool().snapshot().count(Phase.BUSY) == 1);
        return kit.pool().snapshot().workers().stream()
                .filter(worker -> worker.phase() == Phase.BUSY)
                .findFirst()
                .orElseThrow()
                .worker()
                .slot();
    }

    private static void awaitBusy(TestPool kit, int workers) throws InterruptedException {
        kit.awaitThat("busy", () -> kit.pool().snapshot().count(Phase.BUSY) == workers);
    }

    @Nested
    class EveryWorker {

        @VivariumTest
        void answersOnce(TestPool kit, PythonPool pool) throws Exception {
            WorkerReplies<Object> put = all(kit, pool.callAll(call("put", "a", 1)));
            WorkerReplies<Object> times = all(kit, pool.callAll(call("times_put", "a")));

            assertThat(put.outcomes().keySet()).containsExactly(worker(kit, 1), worker(kit, 2));
            assertThat(put.values().values()).containsExactly(1, 1);
            assertThat(times.values().values()).containsExactly(1, 1);
            assertThat(put.failures()).isEmpty();
        }

        @VivariumTest
        void answersWhenItIsFree(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            awaitBusy(kit, 1);
            PendingReplies<Object> replies = pool.callAll(call("echo", "x"));

            kit.open("gate");

            assertThat(all(kit, replies).values().values()).containsExactly("x", "x");
            assertThat(kit.outcome(held)).isEqualTo("held");
        }

        @VivariumTest
        void mayRaiseWhereOthersAnswer(TestPool kit, PythonPool pool) throws Exception {
            WorkerReplies<Object> replies = all(kit, pool.callAll(call("put_not_in", 2, "a", 1)));

            assertThat(replies.values()).containsOnlyKeys(worker(kit, 1));
            assertThat(failure(kit, replies, 2))
                    .isInstanceOf(PythonException.class)
                    .hasMessageContaining("not in 2");
        }

        @VivariumTest(
                workers = 1,
                readiness = Readiness.NONE,
                options = {"start-mode = lazy", "min-ready = 0"})
        void isNoneWhereNoneIsUp(TestPool kit, PythonPool pool) throws Exception {
            assertThat(all(kit, pool.callAll(call("echo", "x"))).outcomes()).isEmpty();
        }
    }

    @Nested
    class TheDeadline {

        @VivariumTest(workers = 3)
        void endsAHungWorkersPartAndNoOthers(TestPool kit, PythonPool pool) throws Exception {
            WorkerReplies<Object> replies =
                    all(kit, pool.callAll(call("stuck_in", 2).timeout(Duration.ofSeconds(1))));

            assertThat(failure(kit, replies, 2)).isInstanceOf(CallTimedOut.class);
            assertThat(replies.values()).containsOnlyKeys(worker(kit, 1), worker(kit, 3));
        }

        @VivariumTest
        void endsWhatABusyWorkerHasNotBegun(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            int busy = busySlot(kit);

            WorkerReplies<Object> replies =
                    all(kit, pool.callAll(call("put", "a", 1).timeout(Duration.ofSeconds(1))));

            assertThat(failure(kit, replies, busy))
                    .isInstanceOfSatisfying(
                            CallTimedOut.class,
                            error -> assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED));
            assertThat(replies.values()).hasSize(1);
            kit.open("gate");
            kit.outcome(held);
        }
    }

    @Nested
    class AWorkerThatEnds {

        @VivariumTest
        void withItsPartIsReportedAndItsReplacementIsNotCalled(TestPool kit, PythonPool pool) throws Exception {
            PendingReplies<Object> replies =
                    pool.callAll(call("held", "gate", "x").retrySafe());
            awaitBusy(kit, 2);

            kit.worker(1).kill();
            kit.passTimeUntil("replaced", () -> kit.worker(1).snapshot().incarnation() == 2);
            kit.open("gate");

            WorkerReplies<Object> all = all(kit, replies);
            assertThat(failure(kit, all, 1)).isInstanceOf(WorkerCrashed.class);
            assertThat(all.values()).containsOnlyKeys(worker(kit, 2));
            assertThat(pool.snapshot().retried()).isZero();
        }

        @VivariumTest
        void beforeItWasFreeIsReportedAsNotStarted(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            int busy = busySlot(kit);
            PendingReplies<Object> replies = pool.callAll(call("put", "a", 1));
            kit.awaitThat("the other one answered", () -> pool.snapshot().succeeded() == 1);
            kit.awaitStarted(held); // Else it would be sent again.

            kit.worker(busy).kill();

            assertThatThrownBy(() -> kit.outcome(held)).isInstanceOf(WorkerCrashed.class);
            WorkerReplies<Object> all = all(kit, replies);
            assertThat(failure(kit, all, busy)).isInstanceOfSatisfying(WorkerCrashed.class, error -> {
                assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
                assertThat(error.exit().worker().slot()).isEqualTo(busy);
            });
        }
    }

    @Nested
    class ACancellation {

        @VivariumTest
        void endsEveryPartAndFreesTheWorkers(TestPool kit, PythonPool pool) throws Exception {
            PendingReplies<Object> replies = pool.callAll(call("hang"));
            awaitBusy(kit, 2);

            replies.cancel();

            assertThat(all(kit, replies).failures().values())
                    .hasSize(2)
                    .allSatisfy(error -> assertThat(error).isInstanceOf(CallCancelled.class));
            assertThat(kit.outcome(pool.call("echo", String.class, "after"))).isEqualTo("after");
        }

        @VivariumTest
        void leavesWhatWasAnsweredAndWhatWaitsIsNotBegun(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            int busy = busySlot(kit);
            PendingReplies<Object> replies = pool.callAll(call("put", "a", 1));
            kit.awaitThat("the other one answered", () -> pool.snapshot().succeeded() == 1);

            replies.cancel();

            WorkerReplies<Object> all = all(kit, replies);
            assertThat(all.values()).hasSize(1);
            assertThat(failure(kit, all, busy))
                    .isInstanceOfSatisfying(
                            CallCancelled.class,
                            error -> assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED));
            kit.open("gate");
            kit.outcome(held);
        }
    }

    @Nested
    class WhatCannotBeSent {

        @VivariumTest(workers = 3, options = "queue-capacity = 1")
        void becauseTheQueueIsFullIsReportedForItsWorker(TestPool kit, PythonPool pool) throws Exception {
            PendingReplies<Object> running = pool.callAll(call("held", "gate", "x"));
            awaitBusy(kit, 1);
            kit.open("gate");

            WorkerReplies<Object> all = all(kit, running);

            assertThat(all.outcomes()).hasSize(3);
            assertThat(all.failures().values())
                    .hasSize(2)
                    .allSatisfy(error -> assertThat(error).isInstanceOf(PoolSaturated.class));
        }

        @VivariumTest
        void becauseThePoolIsClosedFailsAsAWhole(TestPool kit, PythonPool pool) throws Exception {
            pool.close(Duration.ZERO);

            PendingReplies<Object> replies = pool.callAll(call("echo", "x"));

            assertThatThrownBy(() -> all(kit, replies)).isInstanceOf(PoolClosed.class);
        }

        @VivariumTest
        void becauseThePoolIsBeingClosedEndsToo(TestPool kit, PythonPool pool) throws Exception {
            PendingReplies<Object> running = pool.callAll(call("hang"));
            PendingReplies<Object> waiting = pool.callAll(call("echo", "x"));
            awaitBusy(kit, 2);

            pool.close(Duration.ZERO);

            assertThat(all(kit, running).failures()).hasSize(2);
            assertThat(all(kit, waiting).failures().values())
                    .hasSize(2)
                    .allSatisfy(error -> assertThat(error).isInstanceOf(PoolClosed.class));
        }
    }
}
