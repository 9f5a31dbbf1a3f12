package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.CallOutcome;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A pool as an actor among the user's own, and what foreign code cannot do to it. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1)
class EmbeddedPoolTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    /** An argument whose class misbehaves when it is looked at. */
    public static final class Failing {
        private final Throwable failure;

        Failing(Throwable failure) {
            this.failure = failure;
        }

        /** Fails, if there is something to fail with. */
        public int getValue() throws Throwable {
            if (failure != null) {
                throw failure;
            }
            return 0;
        }
    }

    /** An argument whose class takes its time. */
    public static final class Held {
        private final CountDownLatch gate;

        Held(CountDownLatch gate) {
            this.gate = gate;
        }

        /** Waits. */
        public String getValue() throws InterruptedException {
            gate.await();
            return "let go";
        }
    }

    private static PythonCall<Object> call(String handler, Object... arguments) {
        return PythonCall.to(handler).args(arguments).returning(Object.class);
    }

    private static CallOutcome<Object> next(
            TestPool kit, PythonCall<Object> call, TestProbe<CallOutcome<Object>> replies) {
        CallOutcome<Object> outcome = replies.receiveMessage(LIMIT);
        kit.ledger().enter(call, outcome);
        return outcome;
    }

    private static PoolException error(CallOutcome<Object> outcome) {
        return ((CallOutcome.Failed<Object>) outcome).error();
    }

    @Nested
    class Arguments {

        @VivariumTest
        void thatThrowAnErrorFailTheirOwnCallAlone(TestPool kit, PythonPool pool) throws Exception {
            TestProbe<CallOutcome<Object>> replies = kit.actors().createTestProbe();
            for (Throwable failure : new Throwable[] {
                new AssertionError("one"), new NoClassDefFoundError("two"), new StackOverflowError("three")
            }) {
                PythonCall<Object> failing = call("echo", new Failing(failure));

                pool.actor().tell(new PoolCommand.Call<>(failing, replies.getRef()));

                assertThat(error(next(kit, failing, replies))).isInstanceOf(ArgumentsNotEncodable.class);
                assertThat(catchThrowableOfType(
                                ArgumentsNotEncodable.class,
                                () -> pool.call(failing).await()))
                        .isNotNull();
            }
            assertThat(pool.call("echo", String.class, "well").await()).isEqualTo("well");
        }

        @VivariumTest
        void thatTakeTheirTimeHoldUpNobodyButTheMessagesBehindThem(TestPool kit, PythonPool pool) throws Exception {
            CountDownLatch gate = new CountDownLatch(1);
            TestProbe<CallOutcome<Object>> first = kit.actors().createTestProbe();
            TestProbe<CallOutcome<Object>> second = kit.actors().createTestProbe();
            TestProbe<PoolSnapshot> snapshots = kit.actors().createTestProbe();
            PythonCall<Object> slow = call("echo", new Held(gate));
            PythonCall<Object> behind = call("echo", "behind");
            pool.actor().tell(new PoolCommand.Call<>(slow, first.getRef()));
            pool.actor().tell(new PoolCommand.Call<>(behind, second.getRef()));

            pool.actor().tell(new PoolCommand.GetSnapshot(snapshots.getRef()));

            assertThat(snapshots.receiveMessage(LIMIT).accepted()).isZero();
            assertThat(pool.call("echo", String.class, "past it").await()).isEqualTo("past it");
            gate.countDown();
            assertThat(next(kit, slow, first)).isInstanceOf(CallOutcome.Succeeded.class);
            assertThat(next(kit, behind, second)).isInstanceOf(CallOutcome.Succeeded.class);
        }
    }

    @Test
    void checksMessagesWhereTheyAreMade() {
        assertThatThrownBy(() -> new PoolCommand.Call<>(call("echo"), null)).hasMessage("replyTo");
        assertThatThrownBy(() -> new PoolCommand.GetSnapshot(null)).hasMessage("replyTo");
        assertThatThrownBy(() -> new PoolCommand.SendSignal(1, 1, null)).hasMessage("signal");
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
        void bringsUpAnotherPoolUnderTheNameAndEndsEveryCallOfTheOldOne(TestPool kit) throws Exception {
            ActorRef<PoolCommand> pool = kit.actors()
                    .spawn(Behaviors.supervise(Behaviors.intercept(Bomb::new, kit.behavior(settings -> {})))
                            .onFailure(SupervisorStrategy.restart()));
            TestProbe<CallOutcome<Object>> replies = kit.actors().createTestProbe();
            PythonCall<Object> forever = call("hang");
            pool.tell(new PoolCommand.Call<>(forever, replies.getRef()));
            kit.events().awaitState(1, WorkerState.BUSY);

            pool.tell(new PoolCommand.Resize(13));

            assertThat(error(next(kit, forever, replies))).isInstanceOf(PoolClosed.class);
            TestProbe<CallOutcome<Object>> later = kit.actors().createTestProbe();
            // The ledger knows calls by their ids, and those of the second pool begin anew.
            pool.tell(new PoolCommand.Call<>(call("no such handler"), later.getRef()));
            assertThat(error(later.receiveMessage(LIMIT))).hasMessageContaining("no such handler");
            assertThat(PythonPool.find(kit.actors().system(), kit.name())
                            .snapshot()
                            .accepted())
                    .isEqualTo(1);
        }
    }

    @Nested
    class AHandler {

        @VivariumTest(layers = Layer.PYTHON)
        void thatRaisesACancellationOfItsOwnHasRaised(PythonPool pool) throws Exception {
            PythonException raised = catchThrowableOfType(
                    PythonException.class,
                    () -> pool.call("cancel_itself", Object.class).await());

            assertThat(raised.pythonType()).isEqualTo("vivarium_worker.api.CallCancelled");
        }
    }
}
