package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.Scheduler;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import scala.concurrent.ExecutionContext;

/** Virtual time moves when it is told to, and then everything that it leads to has happened. */
class VirtualTimeTest {

    private static Scheduler scheduler(TestPool kit) {
        return Adapter.toClassic(kit.actors().system()).scheduler();
    }

    private static ExecutionContext actors(TestPool kit) {
        return kit.actors().system().executionContext();
    }

    @Nested
    @VivariumTest(workers = 1)
    class ATimer {

        @VivariumTest
        void firesWhenManyStepsOfLessThanAMillisecondAddUp(TestPool kit, TestTime time) throws Exception {
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofMillis(5)));
            kit.awaitStarted(call);

            for (int i = 0; i < 5; i++) {
                time.advance(Duration.ofNanos(900_000));
            }
            assertThat(call.isDone()).isFalse();
            time.advance(Duration.ofNanos(500_000));

            assertThat(call.isDone()).isTrue();
            assertThatThrownBy(call::await).isInstanceOf(CallTimedOut.class);
        }

        @VivariumTest
        void thatIsSetOnTheWayFiresOnTheWayAtItsOwnMoment(TestPool kit, TestTime time) {
            List<Long> fired = new ArrayList<>();
            long start = time.clock().nanoTime();
            Runnable second = () -> fired.add(time.clock().nanoTime() - start);
            Runnable first = () -> {
                second.run();
                var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(2), second, actors(kit));
            };
            var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), first, actors(kit));

            time.advance(Duration.ofSeconds(4));

            assertThat(fired)
                    .containsExactly(
                            Duration.ofSeconds(1).toNanos(),
                            Duration.ofSeconds(3).toNanos());
            assertThat(time.clock().nanoTime() - start)
                    .isEqualTo(Duration.ofSeconds(4).toNanos());
        }

        @VivariumTest
        void thatIsSetInAnswerCountsFromWhereTimeHasGoneWhereItGoesThereAtOnce(TestPool kit) {
            TestTime jumping = new TestTime(true, Layer.SCRIPTED);
            jumping.connect(kit.actors().system());
            List<Long> fired = new ArrayList<>();
            long start = jumping.clock().nanoTime();
            Runnable second = () -> fired.add(jumping.clock().nanoTime() - start);
            Runnable first = () -> {
                second.run();
                var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(2), second, actors(kit));
            };
            var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), first, actors(kit));

            jumping.advance(Duration.ofSeconds(4));
            assertThat(fired).containsExactly(Duration.ofSeconds(4).toNanos());
            jumping.advance(Duration.ofSeconds(2));

            assertThat(fired)
                    .containsExactly(
                            Duration.ofSeconds(4).toNanos(),
                            Duration.ofSeconds(6).toNanos());
        }

        @VivariumTest
        void ofOneMomentFiresInTheOrderInWhichItWasSet(TestPool kit, TestTime time) {
            List<Integer> fired = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int number = i;
                var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), () -> fired.add(number), actors(kit));
            }

            time.advance(Duration.ofSeconds(1));

            assertThat(fired).hasSize(50).isSorted();
        }

        @VivariumTest
        void thatIsCancelledDoesNotFireAndOneThatFiredCannotBeCancelled(TestPool kit, TestTime time) {
            AtomicInteger fired = new AtomicInteger();
            Cancellable cancelled =
                    scheduler(kit).scheduleOnce(Duration.ofSeconds(1), fired::incrementAndGet, actors(kit));
            Cancellable once = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), fired::incrementAndGet, actors(kit));
            assertThat(cancelled.cancel()).isTrue();

            time.advance(Duration.ofSeconds(1));

            assertThat(fired).hasValue(1);
            assertThat(cancelled.isCancelled()).isTrue();
            assertThat(cancelled.cancel()).isFalse();
            assertThat(once.cancel()).isFalse();
            assertThat(once.isCancelled()).isFalse();
        }

        @VivariumTest
        void thatRepeatsFiresAtEachOfItsMomentsUntilItIsCancelled(TestPool kit, TestTime time) {
            AtomicInteger fired = new AtomicInteger();
            Cancellable repeated = scheduler(kit)
                    .scheduleAtFixedRate(
                            Duration.ofSeconds(1), Duration.ofSeconds(2), fired::incrementAndGet, actors(kit));

            time.advance(Duration.ofSeconds(6));
            assertThat(fired).hasValue(3);
            assertThat(repeated.cancel()).isTrue();
            time.advance(Duration.ofSeconds(6));

            assertThat(fired).hasValue(3);
        }

        @VivariumTest
        void hasLedToAllThatItLeadsToWhenTimeHasMovedOn(TestPool kit, TestTime time) {
            AtomicInteger hops = new AtomicInteger();
            var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), hopping(kit, hops), actors(kit));

            time.advance(Duration.ofSeconds(1));

            assertThat(hops).hasValue(2_000);
        }

        @VivariumTest
        void isLeftAloneWhileTheActorsDoWhatTheyHaveToDo(TestPool kit, TestTime time) {
            AtomicInteger fired = new AtomicInteger();
            AtomicInteger hops = new AtomicInteger();
            var unused = scheduler(kit).scheduleOnce(Duration.ofNanos(1), fired::incrementAndGet, actors(kit));
            actors(kit).execute(hopping(kit, hops));

            time.settle();

            assertThat(hops).hasValue(2_000);
            assertThat(fired).hasValue(0);
        }

        /** Returns a task that has itself done again and again. */
        private static Runnable hopping(TestPool kit, AtomicInteger hops) {
            return new Runnable() {
                @Override
                public void run() {
                    if (hops.incrementAndGet() < 2_000) {
                        actors(kit).execute(this);
                    }
                }
            };
        }
    }

    @Nested
    @VivariumTest(workers = 1)
    class TheClock {

        @VivariumTest
        void ofEventsMovesWithIt(TestPool kit, TestTime time) throws Exception {
            time.advance(Duration.ofHours(1));
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");

            PoolEvent.WorkerTransitioned busy = kit.events().await(PoolEvent.WorkerTransitioned.class);

            assertThat(busy.at()).isEqualTo(TestTime.START.plus(Duration.ofHours(1)));
            assertThat(time.clock().now()).isEqualTo(busy.at());
        }

        @VivariumTest
        void doesNotGoBack(TestTime time) {
            assertThatThrownBy(() -> time.advance(Duration.ofNanos(-1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("PT-0.000000001S");
        }
    }

    @Test
    void goesOnWhenSomethingBlocksTheActors() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger fired = new AtomicInteger();
        try (TestPool kit = TestPool.start(TestPoolSpec.of(Layer.FAKE).workers(1))) {
            actors(kit).execute(() -> {
                entered.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            entered.await();
            var unused = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), fired::incrementAndGet, actors(kit));

            kit.time().advance(Duration.ofSeconds(1));
            assertThat(fired).hasValue(1);
            for (int i = 2; i <= 50; i++) {
                var unusedToo = scheduler(kit).scheduleOnce(Duration.ofSeconds(1), fired::incrementAndGet, actors(kit));
                kit.time().advance(Duration.ofSeconds(1));
                assertThat(fired)
                        .as("others are waited for, and the one that blocks no more")
                        .hasValue(i);
            }
            release.countDown();
            assertThat(kit.leaks()).isEmpty();
        }
    }

    @Test
    void takesNoTimersOnceItHasRunOut() throws Exception {
        TestPool kit = TestPool.start(TestPoolSpec.of(Layer.FAKE).workers(1));
        AtomicInteger fired = new AtomicInteger();
        Scheduler scheduler = scheduler(kit);
        ExecutionContext here = ExecutionContext.fromExecutor(Runnable::run);
        var unused = scheduler.scheduleOnce(Duration.ofDays(1), fired::incrementAndGet, here);

        assertThat(kit.leaks()).isEmpty();

        assertThat(fired).as("what is left fires at the end").hasValue(1);
        assertThatThrownBy(() -> scheduler.scheduleOnce(Duration.ZERO, () -> {}, here))
                .isInstanceOf(IllegalStateException.class);
    }
}
