package dev.vivarium.pooltests;

import static dev.vivarium.pooltests.SessionSteps.bindings;
import static dev.vivarium.pooltests.SessionSteps.count;
import static dev.vivarium.pooltests.SessionSteps.counted;
import static dev.vivarium.pooltests.SessionSteps.countedAtOnce;
import static dev.vivarium.pooltests.SessionSteps.done;
import static dev.vivarium.pooltests.SessionSteps.settle;
import static dev.vivarium.pooltests.SessionSteps.slotOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionBusy;
import dev.vivarium.SessionConflict;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionMode;
import dev.vivarium.SessionRefused;
import dev.vivarium.SessionStoreFailed;
import dev.vivarium.Signal;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import dev.vivarium.testkit.junit5.VivariumTest.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Nested;

/** Sessions, whatever becomes of their workers. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 2,
        expectWarnings = "SIGKILL")
class SessionTest {

    private static final int SIGKILL = 9;

    @Nested
    class WhatACallLeaves {

        @VivariumTest
        void isThereForTheNextAndForNoOtherSession(TestPool kit, PythonPool pool) throws Exception {
            assertThat(counted(kit, pool.session("a"))).isEqualTo(1);
            assertThat(counted(kit, pool.session("a"))).isEqualTo(2);
            assertThat(counted(kit, pool.session("b"))).isEqualTo(1);
            assertThat(counted(kit, pool.session("a"))).isEqualTo(3);
        }

        @VivariumTest
        void isThereAfterItsWorkerWasKilled(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            counted(kit, session);

            kit.worker(slotOf(kit, "a")).kill();
            kit.events().await("killed", PoolEvent.WorkerExited.class, SessionSteps::isKill);

            assertThat(counted(kit, session)).isEqualTo(3);
            List<PoolEvent.SessionBound> bound = bindings(kit, "a", 2);
            assertThat(bound).extracting(PoolEvent.SessionBound::epoch).containsExactly(1L, 2L);
            assertThat(pool.snapshot().sessions().rebinds()).isEqualTo(1);
        }

        @VivariumTest
        void isAnyValueThatHasAnEncoding(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            List<Integer> value = List.of(1, 2, 3);

            kit.outcome(session.call("remember", Void.class, "list", value));
            kit.worker(slotOf(kit, "a")).kill();

            assertThat(kit.outcome(session.call("recall", Integer[].class, "list")))
                    .containsExactly(1, 2, 3);
        }

        @VivariumTest
        void isNothingWhenItRaises(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);

            assertThatThrownBy(() -> kit.outcome(session.call("count_and_fail", Void.class, "no")))
                    .isInstanceOf(PythonException.class)
                    .hasMessageContaining("no");

            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest
        void isNothingWhenItIsCancelled(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            PendingCall<Integer> held = session.call("count_held", Integer.class, "never");
            kit.awaitStarted(held);

            assertThat(held.cancel()).isTrue();

            assertThatThrownBy(held::await).isInstanceOf(CallCancelled.class);
            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(options = "cancel-grace = 20s")
        void isNothingWhenItsAnswerComesTooLate(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            PendingCall<Integer> late =
                    session.call(PythonCall.to("count_held").args("late").returning(Integer.class));
            kit.awaitStarted(late);
            late.cancel();
            kit.open("late");

            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(time = Time.VIRTUAL)
        void isNothingWhenItsDeadlinePasses(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            PendingCall<Integer> held = session.call(PythonCall.to("count_held")
                    .args("never")
                    .returning(Integer.class)
                    .timeout(Duration.ofMillis(200)));
            kit.awaitStarted(held);

            time.advance(Duration.ofMillis(200));

            assertThatThrownBy(() -> kit.outcome(held)).isInstanceOf(CallTimedOut.class);
            assertThat(counted(kit, session)).isEqualTo(2);
        }
    }

    @Nested
    class ACallThatLosesItsWorker {

        @VivariumTest(workers = 1)
        void isRunAgainWhenItHasNoEffectButOnItsSession(TestPool kit, PythonPool pool, FaultInjector faults)
                throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            faults.at(Moment.STARTED).arm(new Fault.Signalled(SIGKILL));

            assertThat(counted(kit, session)).isEqualTo(2);

            assertThat(pool.snapshot().retried()).isEqualTo(1);
            assertThat(counted(kit, session)).isEqualTo(3);
        }

        @VivariumTest(workers = 1)
        void isRunAgainThoughItHadRun(TestPool kit, PythonPool pool, FaultInjector faults) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            faults.at(Moment.EXECUTED).arm(new Fault.Signalled(SIGKILL));

            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(workers = 1)
        void failsWhenItMayHaveDoneMore(TestPool kit, PythonPool pool, FaultInjector faults) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            faults.at(Moment.STARTED).arm(new Fault.Signalled(SIGKILL));

            assertThatThrownBy(() -> kit.outcome(session.call("count_unsafely", Integer.class)))
                    .isInstanceOf(WorkerCrashed.class);

            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(workers = 1)
        void isNoMoreSafeWithoutASession(TestPool kit, PythonPool pool, FaultInjector faults) throws Exception {
            faults.at(Moment.STARTED).arm(new Fault.Signalled(SIGKILL));

            assertThatThrownBy(() -> kit.outcome(pool.call("count", Integer.class)))
                    .isInstanceOf(WorkerCrashed.class);
        }
    }

    @Nested
    class TheCallsOfOneSession {

        @VivariumTest
        void runInOrderOneAtATime(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> first = session.call("count_held", Integer.class, "go");
            List<PendingCall<Integer>> others = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                others.add(session.call(count()));
            }
            kit.awaitStarted(first);
            assertThat(kit.outcome(pool.session("b").call(count()))).isEqualTo(1);
            assertThat(others).noneMatch(PendingCall::isDone);

            kit.open("go");

            assertThat(kit.outcome(first)).isEqualTo(1);
            for (int i = 0; i < 5; i++) {
                assertThat(kit.outcome(others.get(i))).isEqualTo(i + 2);
            }
        }

        @VivariumTest
        void areNotHeldUpByThoseThatWereCancelled(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> first = session.call("count_held", Integer.class, "go");
            PendingCall<Integer> second = session.call(count());
            PendingCall<Integer> third = session.call(count());
            kit.awaitStarted(first);

            assertThat(second.cancel()).isTrue();
            kit.open("go");

            assertThat(kit.outcome(third)).isEqualTo(2);
        }

        @VivariumTest(time = Time.VIRTUAL)
        void waitNoLongerThanTheirDeadline(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> first = session.call("count_held", Integer.class, "go");
            PendingCall<Integer> late = session.call(count().timeout(Duration.ofMillis(100)));
            kit.awaitStarted(first);
            kit.passTimeUntil("queued", () -> pool.snapshot().waiting() == 1);

            time.advance(Duration.ofMillis(100));

            assertThatThrownBy(late::await)
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
            kit.open("go");
            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(layers = Layer.FAKE, workers = 1)
        void areNotHeldUpByOneWhoseDeadlinePassedBeforeAWorkerWasFree(TestPool kit, PythonPool pool, TestTime time)
                throws Exception {
            PendingCall<String> held = pool.call("held", String.class, "go", "x");
            kit.awaitStarted(held);
            PendingCall<Integer> late = pool.session("a").call(count().timeout(Duration.ofSeconds(1)));
            time.advance(Duration.ofSeconds(1));
            assertThatThrownBy(late::await).isInstanceOf(CallTimedOut.class);

            PendingCall<Integer> next = pool.session("a").call(count());
            kit.open("go");

            assertThat(held.await()).isEqualTo("x");
            assertThat(kit.outcome(next)).isEqualTo(1);
        }

        @VivariumTest(layers = Layer.FAKE, workers = 1)
        void areNotHeldUpByOneWhoseDeadlinePassesTheMomentAWorkerIsFree(TestPool kit, PythonPool pool, TestTime time)
                throws Exception {
            PendingCall<String> slow = pool.call("slow", String.class, 1, "x");
            kit.awaitStarted(slow);
            PendingCall<Integer> late = pool.session("a").call(count().timeout(Duration.ofSeconds(1)));

            // Of the two timers of that moment, the one that was set first is the worker's.
            time.advance(Duration.ofSeconds(1));

            assertThat(slow.await()).isEqualTo("x");
            assertThatThrownBy(late::await).isInstanceOf(CallTimedOut.class);
            assertThat(counted(kit, pool.session("a"))).isEqualTo(1);
        }

        @VivariumTest
        void areSplitByNoRace(TestPool kit, PythonPool pool) throws Exception {
            List<PendingCall<Integer>> calls = kit.synchronize(
                    8, i -> pool.session("a").mode(SessionMode.STRICT_QUEUE).call(count()));

            List<Integer> counts = new ArrayList<>();
            for (PendingCall<Integer> call : calls) {
                counts.add(kit.outcome(call));
            }

            assertThat(counts).containsExactlyInAnyOrder(1, 2, 3, 4, 5, 6, 7, 8);
            assertThat(bindings(kit, "a", 1)).hasSize(1);
        }

        @VivariumTest
        void overlapOnRequestAndLoseNothing(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").concurrent();
            PendingCall<Integer> held = session.call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            assertThat(kit.outcome(session.call(count()))).isEqualTo(1);
            kit.open("go");

            assertThat(kit.outcome(held)).isEqualTo(2);
            assertThat(pool.snapshot().sessions().conflicts()).isEqualTo(1);
        }

        @VivariumTest
        void failsOfTwoThatOverlapTheOneThatMayNotRunAgain(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").concurrent();
            PendingCall<Integer> held = session.call("count_held_unsafely", Integer.class, "go");
            kit.awaitStarted(held);

            assertThat(kit.outcome(session.call(count()))).isEqualTo(1);
            kit.open("go");

            assertThatThrownBy(() -> kit.outcome(held)).isInstanceOfSatisfying(SessionConflict.class, e -> {
                assertThat(e.session()).isEqualTo("a");
                assertThat(e.execution()).isEqualTo(Execution.RAN);
            });
            assertThat(counted(kit, session)).isEqualTo(2);
        }
    }

    @Nested
    @VivariumTest(readiness = Readiness.NOT_STARTED)
    class AStore {

        @VivariumTest
        void thatFailsFailsTheCall(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonSession session =
                    kit.start(settings -> settings.sessionStore(store)).pool().session("a");
            counted(kit, session);

            store.writes = false;
            assertThatThrownBy(() -> counted(kit, session)).isInstanceOfSatisfying(SessionStoreFailed.class, e -> {
                assertThat(e.execution()).isEqualTo(Execution.RAN);
                assertThat(e).hasRootCauseMessage("no writing");
            });
            store.reads = false;
            assertThatThrownBy(() -> counted(kit, session))
                    .isInstanceOfSatisfying(
                            SessionStoreFailed.class,
                            e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));

            store.reads = true;
            store.writes = true;
            assertThat(counted(kit, session)).isEqualTo(2);
        }

        @VivariumTest(options = "sessions.store-timeout = 100 ms", workers = 1)
        void thatNeverAnswersHoldsNoWorker(TestPool kit) throws Exception {
            FailingStore store = new FailingStore();
            PythonPool pool =
                    kit.start(settings -> settings.sessionStore(store)).pool();
            store.answers = false;

            assertThatThrownBy(() -> counted(kit, pool.session("a")))
                    .isInstanceOfSatisfying(SessionStoreFailed.class, e -> {
                        assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED);
                        assertThat(e).hasRootCauseInstanceOf(TimeoutException.class);
                        assertThat(e).hasMessageContaining("sessions.store-timeout");
                    });
            CompletableFuture<?> end = pool.session("a").end().toCompletableFuture();
            kit.passTimeUntil("given up", end::isDone);
            assertThatThrownBy(end::join).hasRootCauseInstanceOf(TimeoutException.class);

            assertThat(kit.outcome(pool.call("echo", String.class, "free"))).isEqualTo("free");
        }
    }

    @Nested
    class ADegradedWorker {

        @VivariumTest(
                options = {"sessions.mode = strict-queue", "outliers.min-calls = 3", "outliers.eject-for = 1h"},
                expectWarnings = "is an outlier")
        void isLeftByItsSessions(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");

            for (int i = 0; i < 10 && pool.snapshot().ejections() == 0; i++) {
                assertThatThrownBy(() -> kit.outcome(session.call("count_and_fail", Void.class, "no")))
                        .isInstanceOf(PythonException.class);
                kit.awaitThat("out of the call", () -> pool.snapshot().count(Phase.BUSY) == 0);
            }

            assertThat(pool.snapshot().ejections()).isEqualTo(1);
            assertThat(counted(kit, session)).isEqualTo(1);
            assertThat(bindings(kit, "a", 2)).hasSize(2);
        }

        @VivariumTest(
                options = {
                    "sessions.mode = strict-queue",
                    "outliers.min-calls = 3",
                    "outliers.eject-for = 100 ms",
                    "probes.interval = 20 ms"
                },
                expectWarnings = "is an outlier")
        void isWaitedForByASessionThatCannotTravel(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            kit.outcome(session.call("keep_local", Void.class, "model"));
            counted(kit, pool.session("b"));
            settle(kit, 2);
            done(pool.sessions().migrate("b", new WorkerId(pool.name(), 3 - slotOf(kit, "a"))));
            for (int i = 0; i < 6; i++) {
                kit.outcome(pool.session("b").call("recall", Integer.class, "count"));
            }

            for (int i = 0; i < 10 && pool.snapshot().ejections() == 0; i++) {
                assertThatThrownBy(() -> kit.outcome(session.call("recall", Void.class)))
                        .isInstanceOf(PythonException.class);
                kit.awaitThat("out of the call", () -> pool.snapshot().count(Phase.BUSY) == 0);
            }

            assertThat(pool.snapshot().ejections()).isEqualTo(1);
            assertThat(kit.outcome(session.call("recall_local", String.class))).isEqualTo("model");
        }

        @VivariumTest(
                workers = 1,
                options = {
                    "sessions.mode = strict-queue",
                    "health-interval = 50ms",
                    "health-timeout = 300ms",
                    "max-health-failures = 100",
                    "probes.interval = 1h",
                    "probes.successes = 3"
                })
        void isTriedWithTheCallsOfItsSessions(TestPool kit, PythonPool pool, TestWorker worker) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);
            worker.signal(Signal.STOP);
            kit.passTimeUntil("degraded", () -> worker.snapshot().phase() == Phase.DEGRADED);
            worker.signal(Signal.CONT);
            kit.passTimeUntil("a check passed", () -> worker.snapshot().health().passed() == 1);

            // The next check is an hour away: only a call can bring it on.
            assertThat(counted(kit, session)).isEqualTo(2);
            kit.passTimeUntil("a probe passed", () -> worker.snapshot().health().passed() == 2);
        }
    }

    @Nested
    class ABusyWorker {

        private PendingCall<Integer> occupy(TestPool kit, PythonSession session) throws InterruptedException {
            counted(kit, session);
            int slot = slotOf(kit, session.id());
            // Two calls that hold both workers; one of them is then let go.
            PendingCall<Integer> one = kit.pool().call("held", Integer.class, "one", 1);
            PendingCall<Integer> two = kit.pool().call("held", Integer.class, "two", 2);
            kit.awaitStarted(one);
            kit.awaitStarted(two);
            boolean firstHasIt = kit.pool().snapshot().workers().stream()
                    .anyMatch(w -> w.worker().slot() == slot && w.callId() == one.id());
            kit.open(firstHasIt ? "two" : "one");
            kit.outcome(firstHasIt ? two : one);
            kit.passTimeUntil("idle", () -> kit.pool().snapshot().count(Phase.IDLE) == 1);
            return firstHasIt ? one : two;
        }

        @VivariumTest
        void isAHintThatOthersMayTakeUp(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            PendingCall<Integer> other = occupy(kit, session);

            assertThat(counted(kit, session)).isEqualTo(2);

            assertThat(other.isDone()).isFalse();
            assertThat(bindings(kit, "a", 2)).hasSize(2);
            kit.open("one");
            kit.open("two");
        }

        @VivariumTest
        void isWaitedForWhenToldSo(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_QUEUE);
            PendingCall<Integer> other = occupy(kit, session);
            PendingCall<Integer> waiting = session.call(count());
            kit.awaitThat("waiting", () -> pool.snapshot().waiting() == 1);

            assertThat(kit.outcome(pool.session("b").call(count()))).isEqualTo(1);
            assertThat(waiting.isDone()).isFalse();
            kit.open("one");
            kit.open("two");

            assertThat(kit.outcome(waiting)).isEqualTo(2);
            assertThat(kit.outcome(other)).isNotNull();
            assertThat(bindings(kit, "a", 1)).hasSize(1);
        }

        @VivariumTest
        void isNotWaitedForWhenItEnds(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_QUEUE);
            PendingCall<Integer> other = occupy(kit, session);
            PendingCall<Integer> waiting = session.call(count());
            kit.awaitThat("waiting", () -> pool.snapshot().waiting() == 1);

            kit.worker(slotOf(kit, "a")).kill();

            assertThat(kit.outcome(waiting)).isEqualTo(2);
            assertThatThrownBy(() -> kit.outcome(other)).isInstanceOf(WorkerCrashed.class);
        }

        @VivariumTest
        void failsTheCallWhenToldSo(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_FAIL_FAST);
            PendingCall<Integer> other = occupy(kit, session);

            assertThatThrownBy(() -> kit.outcome(session.call(count())))
                    .isInstanceOfSatisfying(SessionBusy.class, e -> {
                        assertThat(e.session()).isEqualTo("a");
                        assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED);
                    });
            kit.open("one");
            kit.open("two");
            kit.outcome(other);
            settle(kit, 2);

            for (int i = 2; i < 30; i++) {
                assertThat(counted(kit, session)).isEqualTo(i);
            }
        }
    }

    @Nested
    class AnIdempotencyKey {

        @VivariumTest
        void makesARepeatedCallAnswerWhatItAnswered(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");

            assertThat(kit.outcome(session.callOnce("k1", count()))).isEqualTo(1);
            assertThat(kit.outcome(session.callOnce("k1", count()))).isEqualTo(1);
            assertThat(kit.outcome(session.callOnce("k2", count()))).isEqualTo(2);
            assertThat(kit.outcome(session.callOnce("k1", count()))).isEqualTo(1);

            assertThat(counted(kit, session)).isEqualTo(3);
            assertThat(pool.snapshot().sessions().replayed()).isEqualTo(2);
        }

        @VivariumTest(options = "sessions.kept-answers = 2")
        void isForgottenWhenThereAreNewerOnes(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            for (String key : List.of("k1", "k2", "k3")) {
                kit.outcome(session.callOnce(key, count()));
            }

            assertThat(kit.outcome(session.callOnce("k3", count()))).isEqualTo(3);
            assertThat(kit.outcome(session.callOnce("k1", count()))).isEqualTo(4);
        }

        @VivariumTest
        void isNotKeptForACallThatFailed(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            assertThatThrownBy(() -> kit.outcome(session.callOnce(
                            "k1", PythonCall.to("count_and_fail").args("no"))))
                    .isInstanceOf(PythonException.class);

            assertThat(kit.outcome(session.callOnce("k1", count()))).isEqualTo(1);
        }

        @VivariumTest(options = "sessions.kept-answers = 0")
        void isRefusedWhereNoAnswersAreKept(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");

            assertThatThrownBy(() -> kit.outcome(session.callOnce("k1", count())))
                    .isInstanceOfSatisfying(SessionRefused.class, e -> {
                        assertThat(e.reason()).isEqualTo(SessionRefused.Reason.NO_ANSWERS_KEPT);
                        assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED);
                    })
                    .hasMessageContaining("sessions.kept-answers is 0");

            assertThat(counted(kit, session)).isEqualTo(1);
        }

        @VivariumTest
        void hasALength(PythonPool pool) {
            assertThatThrownBy(() -> pool.session("a").callOnce("", count())).hasMessageContaining("1 to 256");
            assertThatThrownBy(() -> pool.session("x".repeat(257))).hasMessageContaining("got 257");
        }
    }

    @Nested
    class WhatCannotTravel {

        @VivariumTest
        void staysWithTheSession(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_QUEUE);
            kit.outcome(session.call("keep_local", Void.class, "model"));
            assertThatThrownBy(() -> kit.outcome(session.call("count_and_fail", Void.class, "no")))
                    .isInstanceOf(PythonException.class);

            assertThat(kit.outcome(session.call("recall_local", String.class))).isEqualTo("model");
        }

        @VivariumTest
        void isWaitedForWhileItsWorkerIsBusyInEachMode(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.HINT);
            kit.outcome(session.call("keep_local", Void.class, "model"));
            settle(kit, 2);
            counted(kit, pool.session("b"));
            settle(kit, 2);
            done(pool.sessions().migrate("b", new WorkerId(pool.name(), slotOf(kit, "a"))));
            PendingCall<Integer> held =
                    pool.session("b").mode(SessionMode.STRICT_QUEUE).call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            PendingCall<String> waits = session.call("recall_local", String.class);
            PendingCall<String> waitsToo = session.concurrent().call("recall_local", String.class);
            kit.outcome(pool.call("echo", String.class, "the other worker is free"));
            kit.open("go");

            assertThat(kit.outcome(waits)).isEqualTo("model");
            assertThat(kit.outcome(waitsToo)).isEqualTo("model");
            assertThat(pool.snapshot().sessions().lost()).isZero();
        }

        @VivariumTest
        void isLostWithItsWorkerAndThatIsToldOnce(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a").mode(SessionMode.STRICT_QUEUE);
            counted(kit, session);
            kit.outcome(session.call("keep_local", Void.class, "model"));

            kit.worker(slotOf(kit, "a")).kill();
            kit.events().await("killed", PoolEvent.WorkerExited.class, SessionSteps::isKill);

            assertThatThrownBy(() -> kit.outcome(session.call(count())))
                    .isInstanceOfSatisfying(SessionLost.class, e -> {
                        assertThat(e.epoch()).isEqualTo(1);
                        assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED);
                    });
            assertThat(counted(kit, session)).isEqualTo(2);
            assertThat(kit.outcome(session.call("recall_local", String.class))).isNull();
            assertThat(pool.snapshot().sessions().lost()).isEqualTo(1);
        }

        @VivariumTest(layers = Layer.FAKE)
        void isLostAsSoonAsItsWorkerHasEndedThoughNoOtherHasTakenItsPlace(
                TestPool kit, PythonPool pool, FaultInjector faults) throws Exception {
            PythonSession session = pool.session("a");
            kit.outcome(session.call("keep_local", Void.class, "model"));
            var stopped = faults.at(Moment.MID_HANDSHAKE).arm(new Fault.Signalled(19));
            kit.worker(slotOf(kit, "a")).kill();
            kit.events().await("killed", PoolEvent.WorkerExited.class, SessionSteps::isKill);

            PendingCall<Integer> call = session.call(count());

            kit.awaitThat("told", call::isDone); // With time as it is.
            assertThatThrownBy(call::await).isInstanceOf(SessionLost.class);
            kit.passTimeUntil("stopped at its start", () -> stopped.landed() == 1);
        }
    }

    @Nested
    class ABinding {

        /** A call has been answered before its worker is out of it: what that leads to would happen when time has passed. */
        private static void awaitIdle(TestPool kit) throws InterruptedException {
            kit.awaitThat("idle", () -> kit.pool().snapshot().count(WorkerSnapshot.Phase.IDLE) == 2);
        }

        @VivariumTest(time = Time.VIRTUAL, options = "sessions.ttl = 10s")
        void endsWhenItIsNotUsedAndTheStateStays(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PythonSession session = pool.session("a");
            countedAtOnce(session);
            awaitIdle(kit);
            time.advance(Duration.ofSeconds(8));
            countedAtOnce(session);
            awaitIdle(kit);
            time.advance(Duration.ofSeconds(8));
            assertThat(pool.snapshot().sessions().bindings()).isEqualTo(1);

            kit.passTimeUntil("expired", () -> pool.snapshot().sessions().expired() == 1);

            assertThat(pool.snapshot().sessions().bindings()).isZero();
            assertThat(countedAtOnce(session)).isEqualTo(3);
            assertThat(kit.events().await(PoolEvent.SessionExpired.class).session())
                    .isEqualTo("a");
        }

        @VivariumTest(
                time = Time.VIRTUAL,
                options = {"sessions.ttl = 10s", "sessions.state-ttl = 60s", "health-interval = 1 day"})
        void isTooOldForItsStateInTheEnd(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PythonSession session = pool.session("a");
            for (int i = 1; i <= 20; i++) {
                assertThat(countedAtOnce(session)).isEqualTo(i);
                awaitIdle(kit);
                time.advance(Duration.ofSeconds(9));
            }

            for (int i = 0; i < 20; i++) {
                time.advance(Duration.ofSeconds(5));
            }

            kit.passTimeUntil("forgotten", () -> {
                try {
                    return kit.outcome(pool.session("b").call(count())) > 0;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(countedAtOnce(session)).isEqualTo(1);
        }

        @VivariumTest(
                time = Time.VIRTUAL,
                options = {"sessions.ttl = 10s", "sessions.state-ttl = 40s", "health-interval = 1 day"})
        void leavesAStateThatIsKeptForItsTimeAfterACallThatOnlyReads(TestPool kit, PythonPool pool, TestTime time)
                throws Exception {
            PythonSession session = pool.session("a");
            countedAtOnce(session);
            awaitIdle(kit);
            time.advance(Duration.ofSeconds(9));
            assertThat(session.call("recall", Integer.class, "count").await()).isEqualTo(1);
            awaitIdle(kit);

            for (int i = 0; i < 36; i++) {
                time.advance(Duration.ofSeconds(1));
            }

            assertThat(countedAtOnce(session)).isEqualTo(2);
        }

        @VivariumTest(
                time = Time.VIRTUAL,
                options = {"sessions.ttl = 10s", "sessions.state-ttl = 40s", "health-interval = 1 day"})
        void thatIsNewDoesNotMakeAnOldStateYoung(TestPool kit, PythonPool pool, TestTime time) throws Exception {
            PythonSession session = pool.session("a");
            countedAtOnce(session);
            awaitIdle(kit);
            for (int i = 0; i < 30; i++) {
                time.advance(Duration.ofSeconds(1));
            }
            assertThat(session.call("recall", Integer.class, "count").await()).isEqualTo(1);
            awaitIdle(kit);

            for (int i = 0; i < 36; i++) {
                time.advance(Duration.ofSeconds(1));
            }

            assertThat(countedAtOnce(session)).isEqualTo(2);
        }

        @VivariumTest
        void hasAnEpochThatNoOtherOfItsSessionHas(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            for (int i = 1; i <= 3; i++) {
                kit.outcome(session.call("recall", Integer.class, "count"));
                done(session.unbind());
                assertThat(bindings(kit, "a", i)).hasSize(i);
            }

            assertThat(bindings(kit, "a", 3))
                    .extracting(PoolEvent.SessionBound::epoch)
                    .containsExactly(1L, 2L, 3L);
        }

        @VivariumTest(options = "sessions.max-bindings = 2")
        void givesWayToOthers(TestPool kit, PythonPool pool) throws Exception {
            for (String name : List.of("a", "b", "c", "a")) {
                counted(kit, pool.session(name));
            }

            assertThat(pool.snapshot().sessions().bindings()).isEqualTo(2);
            assertThat(counted(kit, pool.session("a"))).isEqualTo(3);
            assertThat(counted(kit, pool.session("b"))).isEqualTo(2);
        }

        @VivariumTest(options = "sessions.max-bindings = 1")
        void isRefusedWhenAllAreInUse(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<Integer> held = pool.session("a").call("count_held", Integer.class, "go");
            kit.awaitStarted(held);

            assertThatThrownBy(() -> kit.outcome(pool.session("b").call(count())))
                    .isInstanceOfSatisfying(SessionRefused.class, e -> {
                        assertThat(e.reason()).isEqualTo(SessionRefused.Reason.BINDINGS);
                        assertThat(e.limit()).isEqualTo(1);
                    });
            kit.open("go");
            assertThat(kit.outcome(held)).isEqualTo(1);
        }
    }

    @Nested
    class AQuota {

        @VivariumTest(options = {"sessions.max-state-bytes = 1000", "sessions.max-total-bytes = 1500"})
        void failsTheCallAndKeepsTheStateBefore(TestPool kit, PythonPool pool) throws Exception {
            PythonSession session = pool.session("a");
            counted(kit, session);

            assertThatThrownBy(() -> kit.outcome(session.call("remember", Void.class, "x", "y".repeat(2000))))
                    .isInstanceOfSatisfying(SessionRefused.class, e -> {
                        assertThat(e.reason()).isEqualTo(SessionRefused.Reason.SESSION_QUOTA);
                        assertThat(e.limit()).isEqualTo(1000);
                        assertThat(e.execution()).isEqualTo(Execution.RAN);
                    });
            assertThat(counted(kit, session)).isEqualTo(2);

            kit.outcome(session.call("remember", Void.class, "x", "y".repeat(800)));
            assertThatThrownBy(() -> kit.outcome(pool.session("b").call("remember", Void.class, "x", "y".repeat(800))))
                    .isInstanceOfSatisfying(
                            SessionRefused.class,
                            e -> assertThat(e.reason()).isEqualTo(SessionRefused.Reason.TOTAL_QUOTA));
        }
    }
}
