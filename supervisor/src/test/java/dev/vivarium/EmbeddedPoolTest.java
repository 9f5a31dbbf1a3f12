package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A pool as an actor among the user's own. */
class EmbeddedPoolTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private ActorTestKit actors;

    @BeforeEach
    void start() {
        actors = ActorTestKit.create("embedded");
    }

    @AfterEach
    void stop() {
        actors.shutdownTestKit();
    }

    /** Arguments whose class misbehaves when they are looked at. */
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

    /** Arguments whose class takes its time. */
    public static final class Held {
        private final CountDownLatch gate;

        Held(CountDownLatch gate) {
            this.gate = gate;
        }

        /** Waits. */
        public int getValue() throws InterruptedException {
            gate.await();
            return 1;
        }
    }

    private static PythonCall<Object> echo(Object argument) {
        return PythonCall.to("echo").args(argument).returning(Object.class);
    }

    @Nested
    class Arguments {

        @Test
        void thatThrowAnErrorFailTheirOwnCallAlone() throws Exception {
            try (PythonPool pool =
                    PythonPool.start(Pythons.config("errors").workers(1).build(), actors.system())) {
                TestProbe<CallOutcome<Object>> probe = actors.createTestProbe();
                for (Throwable failure : new Throwable[] {
                    new AssertionError("one"), new NoClassDefFoundError("two"), new StackOverflowError("three")
                }) {
                    pool.actor().tell(new PoolCommand.Call<>(echo(new Failing(failure)), probe.getRef()));
                    CallOutcome<Object> outcome = probe.receiveMessage(LIMIT);

                    assertThat(outcome)
                            .isInstanceOfSatisfying(
                                    CallOutcome.Failed.class,
                                    failed -> assertThat(failed.error()).isInstanceOf(ArgumentsNotEncodable.class));
                    assertThat(catchThrowableOfType(
                                    ArgumentsNotEncodable.class,
                                    () -> pool.call(echo(new Failing(failure))).await()))
                            .isNotNull();
                }
                assertThat(pool.call("echo", String.class, "well").await()).isEqualTo("well");
            }
        }

        @Test
        void thatTakeTheirTimeHoldUpNobodyButTheCallsBehindThem() throws Exception {
            try (PythonPool pool =
                    PythonPool.start(Pythons.config("slow").workers(1).build(), actors.system())) {
                CountDownLatch gate = new CountDownLatch(1);
                TestProbe<CallOutcome<Object>> probe = actors.createTestProbe();
                pool.actor().tell(new PoolCommand.Call<>(echo(new Held(gate)), probe.getRef()));
                TestProbe<CallOutcome<Object>> behind = actors.createTestProbe();
                pool.actor().tell(new PoolCommand.Call<>(echo("second"), behind.getRef()));
                TestProbe<PoolSnapshot> snapshots = actors.createTestProbe();

                pool.actor().tell(new PoolCommand.GetSnapshot(snapshots.getRef()));

                assertThat(snapshots.receiveMessage(LIMIT).pool()).isEqualTo("slow");
                assertThat(pool.call("echo", String.class, "past it").await()).isEqualTo("past it");
                behind.expectNoMessage(Duration.ZERO);
                gate.countDown();
                assertThat(probe.receiveMessage(LIMIT)).isInstanceOf(CallOutcome.Succeeded.class);
                assertThat(behind.receiveMessage(LIMIT)).isInstanceOf(CallOutcome.Succeeded.class);
            }
        }

        @Test
        void ofMessagesAreCheckedWhereTheyAreMade() {
            assertThatThrownBy(() -> new PoolCommand.Call<>(echo(1), null)).hasMessage("replyTo");
            assertThatThrownBy(() -> new PoolCommand.GetSnapshot(null)).hasMessage("replyTo");
            assertThatThrownBy(() -> new PoolCommand.SendSignal(1, 1, null)).hasMessage("signal");
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

        @Test
        void bringsUpAnotherPoolUnderTheNameAndEndsEveryCallOfTheOldOne() throws Exception {
            PoolConfig config = Pythons.config("again").workers(1).build();
            ActorRef<PoolCommand> pool =
                    actors.spawn(Behaviors.supervise(Behaviors.intercept(Bomb::new, PythonPool.behavior(config)))
                            .onFailure(SupervisorStrategy.restart()));
            TestProbe<CallOutcome<Object>> probe = actors.createTestProbe();
            pool.tell(new PoolCommand.Call<>(echo("first"), probe.getRef()));
            assertThat(probe.receiveMessage(LIMIT)).isInstanceOf(CallOutcome.Succeeded.class);
            pool.tell(new PoolCommand.Call<>(PythonCall.to("wait_for_ever").returning(Object.class), probe.getRef()));

            pool.tell(new PoolCommand.Resize(13));

            assertThat(probe.receiveMessage(LIMIT))
                    .isInstanceOfSatisfying(
                            CallOutcome.Failed.class,
                            failed -> assertThat(failed.error()).isInstanceOf(PoolClosed.class));
            pool.tell(new PoolCommand.Call<>(echo("second"), probe.getRef()));
            assertThat(probe.receiveMessage(LIMIT)).isInstanceOf(CallOutcome.Succeeded.class);
            assertThat(PythonPool.find(actors.system(), "again").snapshot().accepted())
                    .isEqualTo(1);
        }
    }

    @Nested
    class AHandler {

        @Test
        void thatRaisesACancellationOfItsOwnHasRaised() throws Exception {
            try (PythonPool pool =
                    PythonPool.start(Pythons.config("own").workers(1).build(), actors.system())) {
                assertThat(catchThrowableOfType(
                                        PythonException.class,
                                        () -> pool.call("cancel_itself", Object.class)
                                                .await())
                                .pythonType())
                        .isEqualTo("vivarium_worker.api.CallCancelled");
            }
        }
    }
}
