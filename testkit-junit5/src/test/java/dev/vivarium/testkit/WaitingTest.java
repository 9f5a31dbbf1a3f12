package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Waits end with what is so, or comes; never with what is over. */
class WaitingTest {

    @Nested
    class ForAWorker {

        private final WorkerId worker = new WorkerId("p", 1);
        private final EventRecorder events = new EventRecorder(Duration.ofMillis(20));

        private void moved(int incarnation, @Nullable WorkerState from, WorkerState to) {
            events.add(new PoolEvent.WorkerTransitioned(
                    worker, incarnation, from, to, TransitionCause.values()[0], Instant.EPOCH));
        }

        @Test
        void doesNotFindAStateThatIsOver() {
            moved(1, WorkerState.INITIALIZING, WorkerState.READY);
            moved(1, WorkerState.READY, WorkerState.BUSY);

            assertThatThrownBy(() -> events.awaitPresent(1, WorkerState.READY, 1))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("slot 1 is not READY");
        }

        @Test
        void doesNotFindTheStateOfAProcessThatHasEnded() {
            moved(1, WorkerState.INITIALIZING, WorkerState.READY);
            events.add(new PoolEvent.WorkerExited(
                    new WorkerExit(worker, 1, 7, TransitionCause.values()[0], -1, 9, 0, 0, "killed", List.of(), ""),
                    0,
                    Instant.EPOCH));

            assertThatThrownBy(() -> events.awaitPresent(1, WorkerState.READY, 1))
                    .isInstanceOf(AssertionError.class);
        }

        @Test
        void doesNotFindTheStateOfAnEarlierIncarnation() {
            moved(1, WorkerState.INITIALIZING, WorkerState.READY);

            assertThatThrownBy(() -> events.awaitPresent(1, WorkerState.READY, 2))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("of incarnation 2 or later");
        }

        @VivariumTest(workers = 2)
        void movesNoOtherWaitOn(TestPool kit) throws Exception {
            assertThat(kit.worker(2).awaitState(WorkerState.READY).worker().slot())
                    .isEqualTo(2);
            assertThat(kit.worker(1).awaitState(WorkerState.READY).worker().slot())
                    .isEqualTo(1);
            assertThat(kit.worker(2).awaitState(WorkerState.READY).worker().slot())
                    .isEqualTo(2);
        }

        @VivariumTest(workers = 1, expectWarnings = "KILL")
        void thatWasKilledIsForTheNext(TestPool kit) throws Exception {
            kit.worker(1).kill();

            assertThat(kit.worker(1).awaitState(WorkerState.READY).incarnation())
                    .isEqualTo(2);
        }
    }

    @Nested
    class ForAnEvent {

        private final EventRecorder events = new EventRecorder(Duration.ofMillis(20));

        private void told(int incarnation) {
            events.add(new PoolEvent.WorkerTransitioned(
                    new WorkerId("p", 1),
                    incarnation,
                    null,
                    WorkerState.READY,
                    TransitionCause.values()[0],
                    Instant.EPOCH));
        }

        @Test
        void findsEachOnce() throws Exception {
            told(1);
            told(2);

            assertThat(events.awaitState(1, WorkerState.READY).incarnation()).isEqualTo(1);
            assertThat(events.awaitState(1, WorkerState.READY).incarnation()).isEqualTo(2);
            assertThatThrownBy(() -> events.awaitState(1, WorkerState.READY))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("no transition of slot 1 to READY");
        }

        @Test
        void passesOverWhatLiesBefore() throws Exception {
            told(1);
            told(2);

            assertThat(events.await("second", PoolEvent.WorkerTransitioned.class, event -> event.incarnation() == 2)
                            .incarnation())
                    .isEqualTo(2);
            assertThatThrownBy(() -> events.await(PoolEvent.WorkerTransitioned.class))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @VivariumTest
    void aWaitForAnEventDoesNotFindOneOfTheStart(TestPool kit) {
        assertThat(kit.events().all()).isNotEmpty();

        assertThat(kit.events().unseen()).isEmpty();
    }

    @VivariumTest
    void timePassesUpToADeadlineThatIsFar(TestPool kit) throws Exception {
        PendingCall<String> call =
                kit.pool().call(PythonCall.to("hang").returning(String.class).timeout(Duration.ofMinutes(15)));
        kit.awaitStarted(call);

        assertThatThrownBy(() -> kit.outcome(call)).isInstanceOf(CallTimedOut.class);
    }

    @Test
    void timePassesFasterOnlyWhereWorkersAreFakeAndOnlyWhileNothingHappens() {
        long second = TimeUnit.SECONDS.toNanos(1);
        Pace fake = new Pace(Layer.FAKE);
        Pace python = new Pace(Layer.PYTHON);

        assertThat(fake.step(3, 0)).isEqualTo(Duration.ofMillis(100));
        assertThat(fake.step(3, second)).isEqualTo(Duration.ofMillis(100));
        assertThat(fake.step(3, second + 1)).isEqualTo(Duration.ofMillis(200));
        for (int i = 0; i < 20; i++) {
            var unused = fake.step(3, second + 1);
        }
        assertThat(fake.step(3, second + 1)).isEqualTo(Duration.ofMinutes(1));
        assertThat(fake.step(4, second + 1)).isEqualTo(Duration.ofMillis(100));
        assertThat(python.step(3, 0)).isEqualTo(Duration.ofMillis(100));
        assertThat(python.step(3, 9 * second)).isEqualTo(Duration.ofMillis(100));
        assertThat(python.step(3, 9 * second + 5_000_001)).isEqualTo(Duration.ofNanos(5_000_001));
    }

    @Nested
    class ForCallsOfTheSameMoment {

        /** However late the threads run: with limits this short some runs end before they do, and some while they do. */
        @Test
        void endsInOneWayWhenTheyAreNotMadeInTime() {
            for (int i = 0; i < 200; i++) {
                CountDownLatch never = new CountDownLatch(1);
                Synchronized<String> late = new Synchronized<>(
                        "late", Duration.ofNanos(1 + i * 10_000L), 2, number -> blocked(never), () -> "the events");

                assertThatThrownBy(late::run)
                        .isInstanceOf(AssertionError.class)
                        .hasMessageMatching(
                                "call \\d of 2, counted from 0, has not been made after \\d+ ms; the events");
            }
        }

        @Test
        void interruptsWhatIsStillBeingMade() throws Exception {
            CountDownLatch making = new CountDownLatch(2);
            CountDownLatch never = new CountDownLatch(1);
            List<String> interrupted = Collections.synchronizedList(new ArrayList<>());
            CountDownLatch ended = new CountDownLatch(2);
            Synchronized<String> stuck = new Synchronized<>(
                    "sync",
                    Duration.ofMinutes(5),
                    2,
                    number -> {
                        making.countDown();
                        PendingCall<String> none = blocked(never);
                        Thread self = Thread.currentThread();
                        interrupted.add((self.isDaemon() ? "daemon " : "") + self.getName());
                        ended.countDown();
                        return none;
                    },
                    () -> "the events");
            Thread waiting = new Thread(() -> assertThatThrownBy(stuck::run).isInstanceOf(InterruptedException.class));
            waiting.start();
            assertThat(making.await(20, TimeUnit.SECONDS)).isTrue();

            waiting.interrupt();

            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(interrupted).containsExactly("daemon sync-synchronized", "daemon sync-synchronized");
            waiting.join();
        }

        @SuppressWarnings("NullAway") // Nobody looks at what comes too late.
        private static PendingCall<String> blocked(CountDownLatch never) {
            try {
                never.await();
            } catch (InterruptedException e) {
                return null;
            }
            return null;
        }
    }

    @Nested
    @VivariumTest(layers = Layer.FAKE)
    class PatienceWithManyCalls {

        private static final Duration SHORT = Duration.ofMillis(200);

        @VivariumTest
        void countsAnewFromEachProgress(TestPool kit) throws Exception {
            AtomicInteger looks = new AtomicInteger();
            long begin = System.nanoTime();

            Passing.until(
                    kit, "over", () -> System.nanoTime() - begin > 3 * SHORT.toNanos(), looks::incrementAndGet, SHORT);

            assertThat(looks).hasPositiveValue();
        }

        @VivariumTest
        void isOverWithoutAny(TestPool kit) {
            assertThatThrownBy(() -> Passing.until(kit, "over", () -> false, () -> 7, SHORT))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("not yet over");
        }
    }
}
