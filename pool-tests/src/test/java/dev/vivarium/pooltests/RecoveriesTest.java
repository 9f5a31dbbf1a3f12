package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.RecoveryReport;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls that lost their worker and are tried again. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        workers = 2,
        options = "retry.min-delay = 0",
        expectWarnings = "KILL")
class RecoveriesTest {

    private static PendingCall<String> held(TestPool kit, String gate) throws Exception {
        PendingCall<String> call = kit.pool()
                .call(PythonCall.to("held")
                        .args(gate, gate)
                        .returning(String.class)
                        .retrySafe());
        kit.awaitStarted(call);
        return call;
    }

    private static void started(TestPool kit, PendingCall<?> call, int times) throws Exception {
        kit.passTimeUntil("started " + times + " times", () -> kit.ledger().starts(call.id()) == times);
    }

    private static void kill(TestPool kit) {
        kit.worker(1).kill();
        kit.worker(2).kill();
    }

    @VivariumTest(options = "recovery.max-concurrent = 1")
    void areFew(TestPool kit, PythonPool pool) throws Exception {
        PendingCall<String> one = held(kit, "one");
        PendingCall<String> two = held(kit, "two");

        kill(kit);
        kit.passTimeUntil("tried again: one of them", () -> one.attempts() + two.attempts() == 3);
        // The second worker is free for others, though a call that was lost waits.
        assertThat(pool.call("echo", String.class, "x").await()).isEqualTo("x");
        assertThat(one.attempts() + two.attempts()).isEqualTo(3);
        assertThat(pool.recoveries().underWay()).isEqualTo(2);
        kit.open("one");
        kit.open("two");

        assertThat(kit.outcome(one)).isEqualTo("one");
        assertThat(kit.outcome(two)).isEqualTo("two");
    }

    @VivariumTest(options = "recovery.max-concurrent = 1")
    void giveTheirPlacesBackWhenTheyAreCancelled(TestPool kit, PythonPool pool) throws Exception {
        PendingCall<String> one = held(kit, "one");
        PendingCall<String> two = held(kit, "two");
        kill(kit);
        kit.passTimeUntil("tried again: one of them", () -> one.attempts() + two.attempts() == 3);
        PendingCall<String> running = one.attempts() == 2 ? one : two;
        PendingCall<String> waiting = running == one ? two : one;

        assertThat(running.cancel()).isTrue();

        started(kit, waiting, 2);
        kit.open("one");
        kit.open("two");
        assertThat(kit.outcome(waiting)).isIn("one", "two");
        assertThat(pool.recoveries()).isEqualTo(new RecoveryReport(2, 1, 0, 1, 0));
    }

    @VivariumTest(
            layers = Layer.FAKE,
            workers = 3,
            readiness = VivariumTest.Readiness.NOT_STARTED,
            options = {"recovery.max-concurrent = 1", "recovery.minor-budget = 1h", "call-timeout = 1h"})
    void passAPlaceOnBeyondACallThatEndsBeforeItHasTakenIt(TestPool kit, TestTime time) throws Exception {
        // Given: one call has the place, and two wait for it
        kit.start(settings -> settings.callbackExecutor(RecoveriesTest::runElsewhereAndWait))
                .ensureReady();
        List<PendingCall<String>> calls = List.of(held(kit, "a"), held(kit, "b"), held(kit, "c"));
        for (int slot = 1; slot <= calls.size(); slot++) {
            kit.worker(slot).kill();
            int lost = slot;
            kit.awaitThat("lost " + lost, () -> triedAgain(kit).size() == lost);
        }
        List<PendingCall<String>> inTurn = triedAgain(kit).stream()
                .map(id -> calls.stream()
                        .filter(call -> call.id() == id)
                        .findFirst()
                        .orElseThrow())
                .toList();
        PendingCall<String> running = inTurn.get(0);
        time.advance(Duration.ofSeconds(10)); // By then all three workers have been replaced.
        kit.awaitThat("runs", () -> kit.ledger().starts(running.id()) == 2);

        // When: the next in turn has ended, and the router hears of the free place before it hears of that end
        var unused = inTurn.get(1).whenComplete((value, error) -> running.cancel());
        assertThat(inTurn.get(1).cancel()).isTrue();

        // Then
        assertThat(running.isDone()).isTrue();
        kit.awaitThat("runs", () -> kit.ledger().starts(inTurn.get(2).id()) == 2);
        List.of("a", "b", "c").forEach(kit::open);
        assertThat(kit.outcome(inTurn.get(2))).isIn("a", "b", "c");
        assertThat(kit.pool().recoveries()).isEqualTo(new RecoveryReport(3, 1, 0, 2, 0));
    }

    /** Who ends a call goes on when the call's callbacks have run. The pool itself runs none on the thread that ends it. */
    private static void runElsewhereAndWait(Runnable callback) {
        CompletableFuture.runAsync(callback, task -> new Thread(task).start()).join();
    }

    private static List<Long> triedAgain(TestPool kit) {
        return kit.events().all().stream()
                .filter(PoolEvent.CallRetried.class::isInstance)
                .map(event -> ((PoolEvent.CallRetried) event).callId())
                .toList();
    }

    @VivariumTest(
            workers = 1,
            options = {"recovery.max-concurrent = 5", "recovery.minor-budget = 0"})
    void areNotBegunWithoutABudget(TestPool kit, PythonPool pool) throws Exception {
        PendingCall<String> call = held(kit, "gate");

        kit.worker(1).kill();

        WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));
        assertThat(error).hasMessageContaining("longer than PT0S, the budget of severity MINOR");
        assertThat(pool.recoveries().begun()).isZero();
    }

    @VivariumTest(
            layers = Layer.FAKE,
            options = {"recovery.max-concurrent = 1", "recovery.minor-budget = 5s", "call-timeout = 1h"})
    void endWhenTheirBudgetIsUsedUpThoughTheDeadlineIsLater(TestPool kit, TestTime time) throws Exception {
        PendingCall<String> one = held(kit, "one");
        PendingCall<String> two = held(kit, "two");
        kill(kit);
        kit.passTimeUntil("tried again: one of them", () -> one.attempts() + two.attempts() == 3);
        PendingCall<String> running = one.attempts() == 2 ? one : two;
        PendingCall<String> waiting = running == one ? two : one;

        time.advance(Duration.ofSeconds(6));

        WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(waiting));
        assertThat(error).hasMessageContaining("longer than PT5S, the budget of severity MINOR");
        assertThat(running.isDone()).isFalse();
        kit.open(running == one ? "one" : "two");
        assertThat(kit.outcome(running)).isIn("one", "two");
        assertThat(kit.pool().recoveries()).isEqualTo(new RecoveryReport(2, 1, 1, 0, 0));
    }

    @VivariumTest(workers = 1)
    void areCounted(TestPool kit, PythonPool pool, TestWorker worker) throws Exception {
        PendingCall<String> call = held(kit, "gate");
        worker.kill();
        started(kit, call, 2);
        assertThat(pool.recoveries()).isEqualTo(new RecoveryReport(1, 0, 0, 0, 1));
        kit.open("gate");

        assertThat(kit.outcome(call)).isEqualTo("gate");

        assertThat(pool.recoveries()).isEqualTo(new RecoveryReport(1, 1, 0, 0, 0));
    }
}
