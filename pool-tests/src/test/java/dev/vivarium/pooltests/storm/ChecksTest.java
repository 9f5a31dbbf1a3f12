package dev.vivarium.pooltests.storm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PoolEvent;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.WorkerState;
import dev.vivarium.pooltests.storm.CallBook.Entry;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.LeaseWatch;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Each checker of the storm finds what it is there for, and nothing else. */
class ChecksTest {

    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final Duration BACK = Duration.ofSeconds(15);
    private static final Duration SHORT = Duration.ofMillis(3);

    private static Set<String> missed(List<Check> checks) {
        Set<String> names = new TreeSet<>();
        checks.stream().filter(check -> !check.held()).forEach(check -> names.add(check.name()));
        return names;
    }

    @Nested
    class OfCalls {

        private final CallBook book = new CallBook(1);
        private final Executions executions = new Executions(book);
        private long accepted;
        private long succeeded;

        private Entry begin(boolean retrySafe) {
            accepted++;
            return book.begin(retrySafe, DEADLINE);
        }

        private void ran(Entry call) {
            executions.line("S " + call.token());
            executions.line("F " + call.token());
        }

        private Entry good(boolean retrySafe) {
            Entry call = begin(retrySafe);
            ran(call);
            call.answered(call.token(), 1, SHORT);
            succeeded++;
            return call;
        }

        private Set<String> missed() {
            return ChecksTest.missed(new CallChecks(book, executions)
                    .judge(new CallChecks.Counted(accepted, succeeded, accepted - succeeded)));
        }

        @Test
        void findNothingWrongWithGoodCallsAndHonestFailures() {
            good(true);
            good(false);
            Entry repeated = begin(true);
            executions.line("S " + repeated.token());
            ran(repeated);
            repeated.answered(repeated.token(), 2, SHORT);
            succeeded++;
            Entry killed = begin(false);
            executions.line("S " + killed.token());
            killed.failed("WorkerCrashed", Execution.UNKNOWN, 1, SHORT);
            begin(false).failed("CallTimedOut", Execution.NOT_STARTED, 0, DEADLINE.plusMillis(900));

            assertThat(missed()).isEmpty();
        }

        @Test
        void findACallThatNeverEnded() {
            good(true);
            begin(true);

            assertThat(missed()).containsExactly("calls = outcomes", "lost");
        }

        @Test
        void findACallThatEndedTwice() {
            Entry call = good(true);
            call.answered(call.token(), 1, SHORT);

            assertThat(missed()).containsExactly("calls = outcomes", "duplicated");
        }

        @Test
        void findACallThatThePoolCountsAndNobodyMade() {
            good(true);
            accepted++;
            succeeded++;

            assertThat(missed()).containsExactly("calls = outcomes");
        }

        @Test
        void findAnExecutionTooManyOfWhatMayNotBeRepeated() {
            Entry call = good(false);
            executions.line("S " + call.token());

            assertThat(missed()).containsExactly("duplicated");
        }

        @Test
        void findMoreExecutionsThanAttempts() {
            Entry call = good(true);
            executions.line("S " + call.token());

            assertThat(missed()).containsExactly("duplicated");
        }

        @Test
        void findTheAnswerOfAnotherCall() {
            Entry first = good(true);
            Entry second = begin(true);
            ran(second);
            second.answered(first.token(), 1, SHORT);
            succeeded++;

            assertThat(missed()).containsExactly("foreign");
        }

        @Test
        void findAnAnswerThatPythonNeverGave() {
            Entry call = begin(true);
            executions.line("S " + call.token());
            call.answered(call.token(), 1, SHORT);
            succeeded++;

            assertThat(missed()).containsExactly("foreign");
        }

        @Test
        void findAnExecutionThatNobodyAskedFor() {
            good(true);
            executions.line("S 17-abc");
            executions.line("S");

            assertThat(missed()).containsExactly("foreign");
            assertThat(executions.unknown()).isEqualTo(2);
        }

        @Test
        void findErrorsThatSayTheWrongThingAboutTheExecution() {
            Entry ran = begin(false);
            ran(ran);
            ran.failed("WorkerCrashed", Execution.NOT_STARTED, 1, SHORT);
            assertThat(missed()).containsExactly("misreported");

            Entry never = begin(false);
            never.failed("PythonException", Execution.RAN, 1, SHORT);
            assertThat(new CallChecks(book, executions).judge(new CallChecks.Counted(2, 0, 2)))
                    .filteredOn(check -> check.name().equals("misreported"))
                    .singleElement()
                    .satisfies(check -> assertThat(check.found()).startsWith("2,"));
        }

        @Test
        void findACallThatEndedTooLate() {
            Entry call = begin(true);
            ran(call);
            call.answered(call.token(), 1, DEADLINE.plus(CallChecks.SLACK).plusMillis(1));
            succeeded++;

            assertThat(missed()).containsExactly("hangs");
        }

        @Test
        void findThatTooFewCallsEndedWellInTheTime() {
            assertThat(CallChecks.throughput(100, 30, 30).held()).isTrue();
            assertThat(CallChecks.throughput(100, 29.9, 30).held()).isFalse();
        }

        @Test
        void findThatTooManyRetrySafeCallsFailed() {
            for (int i = 0; i < 99; i++) {
                good(true);
            }
            book.begin(true, true, DEADLINE).failed("CallTimedOut", Execution.UNKNOWN, 1, DEADLINE);
            CallChecks checks = new CallChecks(book, executions);

            assertThat(checks.retrySafe(99, true).held()).isTrue();
            assertThat(checks.retrySafe(99.1, true).held()).isFalse();
            assertThat(checks.retrySafe(99.1, false).held()).isTrue();
        }
    }

    private static WorkerSnapshot worker(int slot, Phase phase, long pid, long callId) {
        return new WorkerSnapshot(
                new WorkerId("storm", slot), 1, phase, pid, callId, 0, 0, -1, null, WorkerSnapshot.Health.SOUND);
    }

    @Nested
    class OfLeases {

        private final LeaseWatch watch = new LeaseWatch(2, 0, BACK, callId -> callId == 7);

        private boolean held(WorkerSnapshot... workers) {
            watch.look(Arrays.asList(workers), 0);
            return Check.leases(watch).held();
        }

        @Test
        void findNothingWrongWithTwoWorkersAndACall() {
            assertThat(held(worker(1, Phase.BUSY, 11, 7), worker(2, Phase.IDLE, 12, 0)))
                    .isTrue();
            assertThat(watch.utilisation()).isEqualTo(0.5);
        }

        @Test
        void sayThatNothingWasLookedAt() {
            assertThat(Check.leases(watch).held()).isFalse();
        }

        @Test
        void findASlotTooFewAndOneTooMany() {
            assertThat(held(worker(1, Phase.IDLE, 11, 0))).isFalse();
            LeaseWatch another = new LeaseWatch(1, 1, BACK, callId -> true);
            another.look(List.of(worker(1, Phase.IDLE, 1, 0), worker(2, Phase.STARTING, 2, 0)), 0);
            assertThat(Check.leases(another).held()).isTrue();
            another.look(
                    List.of(
                            worker(1, Phase.IDLE, 1, 0),
                            worker(2, Phase.STARTING, 2, 0),
                            worker(3, Phase.RETIRING, 3, 0)),
                    0);
            assertThat(Check.leases(another).held()).isFalse();
        }

        @Test
        void findASlotTwice() {
            assertThat(held(worker(1, Phase.IDLE, 11, 0), worker(1, Phase.IDLE, 12, 0)))
                    .isFalse();
        }

        @Test
        void findAProcessTwice() {
            assertThat(held(worker(1, Phase.IDLE, 11, 0), worker(2, Phase.IDLE, 11, 0)))
                    .isFalse();
        }

        @Test
        void findACallWithTwoWorkers() {
            assertThat(held(worker(1, Phase.BUSY, 11, 7), worker(2, Phase.BUSY, 12, 7)))
                    .isFalse();
        }

        @Test
        void findABusyWorkerWithoutACallAndAnIdleOneWithOne() {
            assertThat(held(worker(1, Phase.BUSY, 11, 0), worker(2, Phase.IDLE, 12, 0)))
                    .isFalse();
            LeaseWatch another = new LeaseWatch(2, 0, BACK, callId -> true);
            another.look(List.of(worker(1, Phase.IDLE, 1, 7), worker(2, Phase.IDLE, 2, 0)), 0);
            assertThat(Check.leases(another).held()).isFalse();
        }

        @Test
        void findALeaseThatIsNotGivenBack() {
            List<WorkerSnapshot> workers = List.of(worker(1, Phase.FENCED, 11, 9), worker(2, Phase.IDLE, 12, 0));
            watch.look(workers, 1);
            watch.look(workers, 1 + BACK.toNanos());
            assertThat(Check.leases(watch).held()).isTrue();

            watch.look(workers, 2 + BACK.toNanos());

            assertThat(Check.leases(watch).held()).isFalse();
        }
    }

    @Nested
    class OfCapacity {

        private final CapacityWatch watch = new CapacityWatch(2);

        private void move(int slot, WorkerState to) {
            watch.on(new PoolEvent.WorkerTransitioned(
                    new WorkerId("storm", slot), 1, null, to, TransitionCause.LOADED, Instant.EPOCH));
        }

        @Test
        void findThatOneServedTooFew() {
            move(1, WorkerState.READY);
            assertThat(watch.check("capacity").held()).isFalse();
            move(2, WorkerState.READY);
            move(1, WorkerState.BUSY);
            move(3, WorkerState.READY);
            move(1, WorkerState.TERMINATED);
            assertThat(watch.check("capacity").held()).isTrue();

            move(2, WorkerState.DEGRADED);

            assertThat(watch.check("capacity").held()).isFalse();
            assertThat(watch.fewest()).isEqualTo(1);
        }

        @Test
        void doNotMindTheEnd() {
            move(1, WorkerState.READY);
            move(2, WorkerState.READY);
            watch.end();
            move(2, WorkerState.TERMINATED);

            assertThat(watch.check("capacity").held()).isTrue();
        }
    }

    @Nested
    class OfTheFootprint {

        private final Footprint before =
                new Footprint(Map.of("main", 1, "vivarium-#", 1), Map.of("pipe:[#]", 2), Map.of(), 0);

        @Test
        void findEachThingThatIsLeftOrMissing() {
            assertThat(missed(before.compare(before))).isEmpty();
            assertThat(missed(before.compare(new Footprint(
                            Map.of("main", 1), Map.of("pipe:[#]", 3), Map.of("python#", 1), Footprint.HEAP_SLACK + 1))))
                    .containsExactly("children", "descriptors", "heap", "threads");
        }
    }

    @Test
    void quantilesAreByNearestRank() {
        long[] nanos = {1_000_000, 2_000_000, 3_000_000, 4_000_000};

        assertThat(CallBook.quantile(nanos, 0.5)).isEqualTo(2.0);
        assertThat(CallBook.quantile(nanos, 0.99)).isEqualTo(4.0);
        assertThat(CallBook.latencies(new long[0])).isEqualTo("none");
    }
}
