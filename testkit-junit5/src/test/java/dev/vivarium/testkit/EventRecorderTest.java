package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.LadderCounts;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.SessionCounts;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What the recorder finds among the events of workers, without a pool. */
class EventRecorderTest {

    private final EventRecorder events = new EventRecorder(Duration.ofSeconds(20));

    private static PoolEvent moved(int slot, int incarnation, WorkerState to) {
        return new PoolEvent.WorkerTransitioned(
                new WorkerId("p", slot), incarnation, null, to, TransitionCause.STARTED, Instant.EPOCH);
    }

    private static PoolEvent ended(int slot, int incarnation) {
        return new PoolEvent.WorkerExited(
                new WorkerExit(
                        new WorkerId("p", slot),
                        incarnation,
                        7,
                        TransitionCause.KILLED,
                        -1,
                        9,
                        0,
                        0,
                        "killed",
                        List.of(),
                        ""),
                0,
                Instant.EPOCH);
    }

    @Nested
    class TheLastEvents {

        @Test
        void areTheLastFifty() {
            for (int i = 1; i <= 51; i++) {
                events.add(moved(1, i, WorkerState.READY));
            }

            List<String> lines = events.last().lines().toList();

            assertThat(lines).hasSize(1 + 50);
            assertThat(lines.get(1)).contains("incarnation=2,");
            assertThat(lines.get(50)).contains("incarnation=51,");
        }

        @Test
        void areAllWhereThereAreFewer() {
            events.add(moved(1, 1, WorkerState.READY));

            assertThat(events.last().lines()).hasSize(1 + 1);
        }
    }

    @Nested
    class WhatHappens {

        @Test
        void isNotThatAWorkerAnswersItsHealthChecks() {
            events.add(new PoolEvent.HealthChecked(new WorkerId("p", 1), 1, true, Instant.EPOCH));
            assertThat(events.count()).isZero();

            events.add(new PoolEvent.HealthChecked(new WorkerId("p", 1), 1, false, Instant.EPOCH));
            events.add(moved(1, 1, WorkerState.READY));

            assertThat(events.count()).isEqualTo(2);
        }

        @Test
        void isPassedOverOnRequest() {
            events.add(moved(1, 1, WorkerState.READY));
            events.skip();
            events.add(moved(1, 1, WorkerState.BUSY));

            assertThat(events.unseen()).containsExactly(moved(1, 1, WorkerState.BUSY));
        }
    }

    @Nested
    class AWaitForAWorker {

        /** Adds events all at once to a recorder that a wait has already looked through. */
        private PoolEvent foundAmong(WorkerState state, int incarnation, PoolEvent... later) throws Exception {
            FutureTask<PoolEvent> found = new FutureTask<>(() -> events.awaitPresent(1, state, incarnation));
            Thread waiting = new Thread(found, "waiting");
            waiting.setDaemon(true);
            waiting.start();
            while (waiting.isAlive() && waiting.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            synchronized (events) {
                for (PoolEvent event : later) {
                    events.add(event);
                }
            }
            return found.get(20, TimeUnit.SECONDS);
        }

        @Test
        void passesOverAnotherSlotAnEarlierIncarnationAndAnotherState() throws Exception {
            PoolEvent meant = moved(1, 2, WorkerState.READY);

            assertThat(foundAmong(
                            WorkerState.READY,
                            2,
                            moved(2, 2, WorkerState.READY),
                            moved(1, 1, WorkerState.READY),
                            moved(1, 2, WorkerState.BUSY),
                            meant))
                    .isEqualTo(meant);
        }

        @Test
        void findsTheEndOfWhateverIncarnation() throws Exception {
            PoolEvent end = moved(1, 1, WorkerState.TERMINATED);

            assertThat(foundAmong(WorkerState.TERMINATED, 2, end)).isEqualTo(end);
        }

        @Test
        void findsAnEndThatIsOver() throws Exception {
            events.add(ended(1, 1));
            events.add(moved(1, 1, WorkerState.TERMINATED));

            assertThat(events.awaitPresent(1, WorkerState.TERMINATED, 2))
                    .isEqualTo(moved(1, 1, WorkerState.TERMINATED));
        }

        @Test
        void findsWhereItStandsThoughAnotherHasEndedAndItsOwnForerunner() throws Exception {
            events.add(ended(1, 1));
            events.add(moved(1, 2, WorkerState.READY));
            events.add(ended(2, 9));
            events.add(moved(2, 9, WorkerState.TERMINATED));

            assertThat(events.awaitPresent(1, WorkerState.READY, 1)).isEqualTo(moved(1, 2, WorkerState.READY));
        }
    }

    @Nested
    class ASnapshot {

        private PoolSnapshot snapshot(int slot, int incarnation, WorkerSnapshot.Phase phase) {
            WorkerSnapshot worker = new WorkerSnapshot(
                    new WorkerId("p", slot), incarnation, phase, 7, 0, 0, 0, -1, null, WorkerSnapshot.Health.SOUND);
            return new PoolSnapshot(
                    "p",
                    PoolState.SERVING,
                    1,
                    0,
                    Duration.ZERO,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    new LadderCounts(0, 0, 0, 0),
                    SessionCounts.NONE,
                    List.of(),
                    List.of(worker));
        }

        private boolean isTold(int slot, int incarnation) {
            return events.haveToldOf(snapshot(slot, incarnation, WorkerSnapshot.Phase.IDLE));
        }

        @Test
        void isAheadUntilItsIdleWorkerHasBecomeReady() {
            assertThat(isTold(1, 1)).isFalse();
            events.add(moved(1, 1, WorkerState.INITIALIZING));
            assertThat(isTold(1, 1)).isFalse();

            events.add(moved(1, 1, WorkerState.READY));

            assertThat(isTold(1, 1)).isTrue();
        }

        @Test
        void isAheadWhereOnlyAnotherSlotsWorkerHasBecomeReady() {
            events.add(moved(2, 1, WorkerState.READY));

            assertThat(isTold(1, 1)).isFalse();
        }

        @Test
        void isAheadWhereOnlyAnEarlierIncarnationHasBecomeReady() {
            events.add(moved(1, 1, WorkerState.READY));
            assertThat(isTold(1, 2)).isFalse();

            events.add(moved(1, 3, WorkerState.READY));

            assertThat(isTold(1, 2)).as("a later one is not behind").isTrue();
        }

        @Test
        void isNotAheadByAWorkerThatIsNotIdle() {
            assertThat(events.haveToldOf(snapshot(1, 1, WorkerSnapshot.Phase.STARTING)))
                    .isTrue();
        }
    }
}
