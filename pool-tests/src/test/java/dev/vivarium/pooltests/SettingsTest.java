package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.Remembering.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.SettingRefused;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerReplies;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Settings: calls that every worker has answered before it serves. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        handlers = Remembering.HANDLERS,
        workers = 2,
        expectWarnings = "SIGKILL")
class SettingsTest {

    static WorkerScript script() {
        return Remembering.script();
    }

    private static <T> T done(TestPool kit, CompletionStage<T> stage) throws Exception {
        CompletableFuture<T> future = stage.toCompletableFuture();
        kit.passTimeUntil("ended: the setting", future::isDone);
        return future.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    private static <E extends PoolException> E error(TestPool kit, CompletionStage<?> stage, Class<E> type) {
        ExecutionException failed = catchThrowableOfType(ExecutionException.class, () -> done(kit, stage));
        assertThat(failed).isNotNull();
        assertThat(failed.getCause()).isInstanceOf(type);
        return type.cast(failed.getCause());
    }

    /** Returns what every worker answers, by slot, once as many are up. */
    private static List<Object> asked(TestPool kit, int workers, String handler, String name) throws Exception {
        AtomicReference<WorkerReplies<Object>> last = new AtomicReference<>();
        // A worker shows as idle a moment before the router has heard of it.
        kit.passTimeUntil("up: " + workers + " workers", () -> {
            last.set(answers(kit.pool().callAll(call(handler, name))));
            return last.get().outcomes().size() == workers;
        });
        assertThat(last.get().failures()).isEmpty();
        return new ArrayList<>(last.get().values().values());
    }

    private static WorkerReplies<Object> answers(PendingReplies<Object> replies) {
        try {
            return replies.await(Duration.ofSeconds(Scripts.LIMIT_S));
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static void allIdle(TestPool kit, int workers) throws InterruptedException {
        kit.passTimeUntil("idle", () -> kit.pool().snapshot().count(Phase.IDLE) == workers);
    }

    private static void replaced(TestPool kit, int slot, int incarnation) throws InterruptedException {
        kit.passTimeUntil(
                "replaced",
                () -> kit.worker(slot).snapshot().incarnation() >= incarnation
                        && kit.worker(slot).snapshot().phase() == Phase.IDLE);
    }

    private static WorkerId worker(TestPool kit, int slot) {
        return new WorkerId(kit.name(), slot);
    }

    @Nested
    class EveryWorkerThatIsUp {

        @VivariumTest
        void hasAnsweredItOnceTheStageCompletes(TestPool kit, PythonPool pool) throws Exception {
            WorkerReplies<Object> replies = done(kit, pool.configure("a", call("put", "a", 1)));

            assertThat(replies.values().values()).containsExactly(1, 1);
            assertThat(asked(kit, 2, "value", "a")).containsExactly(1, 1);
            assertThat(asked(kit, 2, "times_put", "a")).containsExactly(1, 1);
            assertThat(pool.settings()).containsExactly("a");
        }

        @VivariumTest
        void getsItBeforeItsNextCallWhenItIsTooBusyNow(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            kit.awaitThat("busy", () -> pool.snapshot().count(Phase.BUSY) == 1);

            WorkerReplies<Object> replies =
                    done(kit, pool.configure("a", call("put", "a", 1).timeout(Duration.ofSeconds(1))));

            assertThat(replies.values()).hasSize(1);
            assertThat(replies.failures().values()).hasOnlyElementsOfType(CallTimedOut.class);
            kit.open("gate");
            kit.outcome(held);
            assertThat(asked(kit, 2, "value", "a")).containsExactly(1, 1);
        }

        @VivariumTest
        void isReportedWhenItEndsMeanwhile(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            kit.awaitThat("busy", () -> pool.snapshot().count(Phase.BUSY) == 1);
            int busy = kit.worker(1).snapshot().phase() == Phase.BUSY ? 1 : 2;
            CompletionStage<WorkerReplies<Object>> stage = pool.configure("a", call("put", "a", 1));
            kit.awaitThat("in force", () -> pool.settings().contains("a"));
            kit.awaitStarted(held); // Else it would be sent again.

            kit.worker(busy).kill();

            WorkerReplies<Object> replies = done(kit, stage);
            assertThat(replies.failures().get(worker(kit, busy))).isInstanceOf(WorkerCrashed.class);
            assertThatThrownBy(() -> kit.outcome(held)).isInstanceOf(WorkerCrashed.class);
        }

        @VivariumTest(expectWarnings = {"did not take setting", "could not", "SIGKILL"})
        void isEndedWhenItRefusesWhatAnotherHasTaken(TestPool kit, PythonPool pool) throws Exception {
            WorkerReplies<Object> replies = done(kit, pool.configure("a", call("put_not_in", 2, "a", 1)));

            assertThat(replies.failures().get(worker(kit, 2))).isInstanceOf(PythonException.class);
            PoolEvent.WorkerExited exited = kit.events().awaitExit();
            assertThat(exited.exit().worker().slot()).isEqualTo(2);
            assertThat(exited.exit().detail())
                    .contains("did not take setting 'a'")
                    .contains("not in 2");
            assertThat(done(kit, pool.unconfigure("a"))).isTrue();
            replaced(kit, 2, 2);
        }
    }

    @Nested
    class AReplacement {

        @VivariumTest
        void hasThemAllOldestFirst(TestPool kit, PythonPool pool) throws Exception {
            done(kit, pool.configure("a", call("put_rising", "x", 1)));
            done(kit, pool.configure("b", call("put_rising", "x", 2)));

            kit.worker(1).kill();
            replaced(kit, 1, 2);
            kit.worker(2).kill();
            replaced(kit, 2, 2);

            assertThat(asked(kit, 2, "value", "x")).containsExactly(2, 2);
            assertThat(asked(kit, 2, "times_put", "x")).containsExactly(2, 2);
        }

        @VivariumTest
        void hasTheLastOfEachName(TestPool kit, PythonPool pool) throws Exception {
            done(kit, pool.configure("a", call("put", "x", 1)));
            done(kit, pool.configure("a", call("put", "x", 2)));

            kit.worker(1).kill();
            replaced(kit, 1, 2);

            assertThat(asked(kit, 2, "value", "x")).containsExactly(2, 2);
            assertThat(asked(kit, 2, "times_put", "x")).containsExactly(1, 2);
            assertThat(pool.settings()).containsExactly("a");
        }

        @VivariumTest
        void doesNotHaveOneThatWasForgotten(TestPool kit, PythonPool pool) throws Exception {
            done(kit, pool.configure("a", call("put", "x", 1)));

            assertThat(done(kit, pool.unconfigure("a"))).isTrue();
            assertThat(done(kit, pool.unconfigure("a"))).isFalse();

            kit.worker(1).kill();
            replaced(kit, 1, 2);
            assertThat(asked(kit, 2, "times_put", "x")).containsExactly(0, 1);
        }

        @VivariumTest(expectWarnings = {"did not take setting", "SIGKILL"})
        void thatRefusesOneIsAFailedStart(TestPool kit, PythonPool pool, @TempDir Path folder) throws Exception {
            Path file = folder.resolve("obstacle");
            done(kit, pool.configure("a", call("put_unless", file.toString(), "x", 1)));
            Files.createFile(file);

            kit.worker(1).kill();

            PoolEvent.WorkerExited exited = kit.events()
                    .await(
                            "a failed start",
                            PoolEvent.WorkerExited.class,
                            event -> event.exit().incarnation() == 2);
            assertThat(exited.exit().cause()).isEqualTo(TransitionCause.LOAD_FAILED);
            assertThat(exited.exit().detail())
                    .contains("did not take setting 'a' (handler 'put_unless')")
                    .contains("there is obstacle");
            assertThat(kit.events().await(PoolEvent.RestartScheduled.class).cause())
                    .isEqualTo(TransitionCause.LOAD_FAILED);
            assertThat(kit.events().all())
                    .filteredOn(event -> event instanceof PoolEvent.WorkerTransitioned moved
                            && moved.incarnation() == 2
                            && moved.worker().slot() == 1
                            && moved.to() == WorkerState.READY)
                    .isEmpty();
            Files.delete(file);
            replaced(kit, 1, 3);
            assertThat(asked(kit, 2, "value", "x")).containsExactly(1, 1);
        }

        @VivariumTest(
                readiness = Readiness.NONE,
                workers = 1,
                options = {"start-mode = lazy", "min-ready = 0", "load-timeout = 1s"},
                expectWarnings = "did not take setting")
        void thatHangsInOneIsAFailedStartToo(TestPool kit, PythonPool pool) throws Exception {
            done(kit, pool.configure("a", call("hang")));
            PendingCall<String> call = pool.call("echo", String.class, "x");

            kit.passTimeUntil(
                    "ended",
                    () -> kit.events().all().stream().anyMatch(event -> event instanceof PoolEvent.WorkerExited));

            PoolEvent.WorkerExited exited = kit.events().awaitExit();
            assertThat(exited.exit().cause()).isEqualTo(TransitionCause.LOAD_TIMEOUT);
            assertThat(exited.exit().detail())
                    .contains("did not take setting 'a' (handler 'hang'), after its handlers, within PT1S");
            done(kit, pool.unconfigure("a"));
            assertThat(kit.outcome(call)).isEqualTo("x");
        }
    }

    @Nested
    class OneThatFailsInTheFirstWorker {

        @VivariumTest
        void isNotKeptAndHarmsNobody(TestPool kit, PythonPool pool) throws Exception {
            PythonException raised = error(kit, pool.configure("a", call("fail", "no")), PythonException.class);

            assertThat(raised).hasMessageContaining("no");
            assertThat(pool.settings()).isEmpty();
            assertThat(asked(kit, 2, "value", "a")).containsExactly(null, null);
            assertThat(pool.snapshot().restarts()).isZero();
        }

        @VivariumTest
        void leavesTheOneBeforeInForce(TestPool kit, PythonPool pool) throws Exception {
            done(kit, pool.configure("a", call("put_rising", "x", 5)));

            error(kit, pool.configure("a", call("put_rising", "x", 4)), PythonException.class);

            kit.worker(2).kill();
            replaced(kit, 2, 2);
            assertThat(asked(kit, 2, "value", "x")).containsExactly(5, 5);
        }

        @VivariumTest(expectWarnings = {"did not take setting", "SIGKILL", "did not end a call"})
        void byHangingIsNotKeptEither(TestPool kit, PythonPool pool) throws Exception {
            error(kit, pool.configure("a", call("hang").timeout(Duration.ofSeconds(1))), CallTimedOut.class);

            assertThat(pool.settings()).isEmpty();
            allIdle(kit, 2);
            done(kit, pool.configure("a", call("put", "x", 1)));
            assertThat(asked(kit, 2, "value", "x")).containsExactly(1, 1);
        }
    }

    @Nested
    class BeforeAnyWorkerIsUp {

        @VivariumTest(
                readiness = Readiness.NONE,
                options = {"start-mode = lazy", "min-ready = 0"})
        void itIsInForceAtOnce(TestPool kit, PythonPool pool) throws Exception {
            assertThat(done(kit, pool.configure("a", call("put", "x", 1))).outcomes())
                    .isEmpty();

            assertThat(kit.outcome(pool.call("value", Integer.class, "x"))).isEqualTo(1);
        }

        @VivariumTest(
                readiness = Readiness.NONE,
                workers = 1,
                options = {"start-mode = lazy", "min-ready = 0"},
                expectWarnings = "did not take setting")
        void oneThatIsRefusedKeepsWorkersFromStartingUntilItIsReplaced(TestPool kit, PythonPool pool) throws Exception {
            done(kit, pool.configure("a", call("fail", "no")));
            PendingCall<Integer> call = pool.call("value", Integer.class, "x");

            PoolEvent.WorkerExited exited = kit.events().awaitExit();
            done(kit, pool.configure("a", call("put", "x", 1)));

            assertThat(exited.exit().cause()).isEqualTo(TransitionCause.LOAD_FAILED);
            assertThat(exited.exit().detail())
                    .contains("did not take setting 'a'")
                    .contains("ValueError: no");
            assertThat(kit.outcome(call)).isEqualTo(1);
        }
    }

    @Nested
    class WhileWorkersComeAndGo {

        @VivariumTest(workers = 3)
        void nobodyMissesOneOrGetsAnOlderAfterANewer(TestPool kit, PythonPool pool) throws Exception {
            int last = 40;
            List<CompletionStage<WorkerReplies<Object>>> stages = new ArrayList<>();
            for (int i = 1; i <= last; i++) {
                stages.add(pool.configure("a", call("put_rising", "x", i)));
                if (i % 4 == 0) {
                    kit.worker(1 + i % 3).kill();
                }
                if (i % 8 == 0) {
                    for (CompletionStage<WorkerReplies<Object>> stage : stages) {
                        outcome(kit, stage);
                    }
                    stages.clear();
                }
            }
            for (int slot = 1; slot <= 3; slot++) {
                kit.worker(slot)
                        .awaitState(WorkerState.READY); // None of those that are about to die of the last kills.
            }
            done(kit, pool.configure("a", call("put_rising", "x", last + 1)));

            allIdle(kit, 3);
            assertThat(asked(kit, 3, "value", "x")).containsExactly(last + 1, last + 1, last + 1);
        }

        /** The first worker that a setting is tried in may be the one that is killed; nothing else may go wrong. */
        private static void outcome(TestPool kit, CompletionStage<WorkerReplies<Object>> stage) throws Exception {
            try {
                assertThat(done(kit, stage).failures().values()).allSatisfy(SettingsTest::isAnEnd);
            } catch (ExecutionException e) {
                isAnEnd(e.getCause());
            }
        }
    }

    private static void isAnEnd(Throwable error) {
        assertThat(error).isInstanceOf(WorkerCrashed.class);
    }

    @Nested
    class ALimit {

        @VivariumTest(workers = 1)
        void ofTheirNumberIsNamed(TestPool kit, PythonPool pool) throws Exception {
            for (int i = 0; i < PythonPool.MAX_SETTINGS; i++) {
                done(kit, pool.configure("s" + i, call("echo", i)));
            }

            SettingRefused refused = error(kit, pool.configure("more", call("echo", 0)), SettingRefused.class);

            assertThat(refused.reason()).isEqualTo(SettingRefused.Reason.COUNT);
            assertThat(refused).hasMessageContaining("MAX_SETTINGS is 64").hasMessageContaining("'more'");
            done(kit, pool.configure("s1", call("echo", "in place of another")));
        }

        @VivariumTest
        void ofTheirBytesIsNamed(TestPool kit, PythonPool pool) throws Exception {
            String large = "x".repeat(PythonPool.MAX_SETTINGS_BYTES / 2);
            done(kit, pool.configure("a", call("echo", large)));

            SettingRefused refused = error(kit, pool.configure("b", call("echo", large)), SettingRefused.class);

            assertThat(refused.reason()).isEqualTo(SettingRefused.Reason.BYTES);
            assertThat(refused.limit()).isEqualTo(PythonPool.MAX_SETTINGS_BYTES);
            done(kit, pool.configure("a", call("echo", large))); // In its own place.
        }

        @VivariumTest(workers = 1)
        void ofThoseThatWaitIsNamed(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            kit.awaitThat("busy", () -> pool.snapshot().count(Phase.BUSY) == 1);
            List<CompletionStage<WorkerReplies<Object>>> stages = new ArrayList<>();
            for (int i = 0; i < PythonPool.MAX_SETTINGS + 2; i++) {
                stages.add(pool.configure("a", call("put_rising", "x", i)));
            }

            SettingRefused refused = error(kit, stages.get(stages.size() - 1), SettingRefused.class);

            assertThat(refused.reason()).isEqualTo(SettingRefused.Reason.UNDER_WAY);
            kit.open("gate");
            kit.outcome(held);
            done(kit, stages.get(stages.size() - 2));
            assertThat(asked(kit, 1, "value", "x")).containsExactly(PythonPool.MAX_SETTINGS);
        }

        @VivariumTest
        void ofANameIsNamed(PythonPool pool) {
            assertThatThrownBy(() -> pool.configure("", call("echo", 1)))
                    .hasMessage("a setting's name has 1 to 256 characters, got 0");
            assertThatThrownBy(() -> pool.unconfigure("n".repeat(257))).hasMessageContaining("got 257");
        }
    }

    @Nested
    class TheEndOfThePool {

        @VivariumTest(workers = 1)
        void endsThoseThatWait(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "gate", "held");
            kit.awaitThat("busy", () -> pool.snapshot().count(Phase.BUSY) == 1);
            CompletionStage<WorkerReplies<Object>> first = pool.configure("a", call("echo", 1));
            CompletionStage<WorkerReplies<Object>> second = pool.configure("b", call("echo", 1));

            pool.close(Duration.ZERO);

            assertThatThrownBy(() -> kit.outcome(held)).isInstanceOf(PoolException.class);
            error(kit, first, PoolClosed.class);
            error(kit, second, PoolClosed.class);
            error(kit, pool.configure("c", call("echo", 1)), PoolClosed.class);
        }
    }

    @Nested
    class ARestart {

        /** Fails once, on purpose, inside the supervision that the user put around the pool. */
        private static final class Bomb extends BehaviorInterceptor<PoolCommand, PoolCommand> {
            Bomb() {
                super(PoolCommand.class);
            }

            @Override
            public Behavior<PoolCommand> aroundReceive(
                    TypedActorContext<PoolCommand> context, PoolCommand message, ReceiveTarget<PoolCommand> target) {
                if (message instanceof PoolCommand.Resize resize && resize.workers() == 13) {
                    throw new IllegalStateException("on purpose");
                }
                return target.apply(context, message);
            }
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED, expectWarnings = "on purpose")
        void ofThePoolLeavesThemInForce(TestPool kit) throws Exception {
            ActorRef<PoolCommand> pool = kit.actors()
                    .spawn(Behaviors.supervise(Behaviors.intercept(Bomb::new, kit.behavior(settings -> {})))
                            .onFailure(SupervisorStrategy.restart()));
            kit.awaitThat("started", () -> isStarted(kit));
            allIdle(kit, 2);
            PythonPool before = kit.pool();
            done(kit, before.configure("a", call("put", "x", 1)));

            pool.tell(new PoolCommand.Resize(13));

            kit.awaitThat("started anew", () -> kit.pool() != before);
            allIdle(kit, 2);
            assertThat(kit.pool().settings()).containsExactly("a");
            assertThat(asked(kit, 2, "value", "x")).containsExactly(1, 1);
        }

        private static boolean isStarted(TestPool kit) {
            try {
                return kit.pool().snapshot() != null;
            } catch (IllegalStateException notYet) {
                return false;
            }
        }
    }
}
