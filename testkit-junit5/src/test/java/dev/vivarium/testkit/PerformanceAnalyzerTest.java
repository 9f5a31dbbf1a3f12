package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vivarium.LadderCounts;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.SessionCounts;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.MonitorReport.Spread;
import dev.vivarium.testkit.PerformanceAnalysis.Finding;
import dev.vivarium.testkit.PerformanceAnalysis.Limit;
import dev.vivarium.testkit.PerformanceAnalysis.Where;
import dev.vivarium.testkit.PerformanceComparison.Verdict;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The analyzer names what was planted, and nothing where nothing was. */
class PerformanceAnalyzerTest {

    private static final Instant BEGAN = Instant.parse("2030-01-01T00:00:00Z");
    private static final Duration LASTED = Duration.ofSeconds(10);

    private static Duration ms(double millis) {
        return Duration.ofNanos(Math.round(millis * 1e6));
    }

    private static WorkerId worker(int slot) {
        return new WorkerId("p", slot);
    }

    private static Spread spread(long count, double each) {
        Duration time = ms(each);
        return new Spread(count, time, time, Duration.ZERO, time, time, time, time, time);
    }

    /** A phase of ten seconds, as a monitor would have seen it. */
    private static final class Seen {
        private final Map<CallStep, Spread> steps = new EnumMap<>(CallStep.class);
        private final Map<WorkerId, Duration> busy = new TreeMap<>();
        private final Map<WorkerId, Spread> exchanges = new TreeMap<>();
        private final Map<TransitionCause, Long> ends = new EnumMap<>(TransitionCause.class);
        private final Map<String, Long> errors = new LinkedHashMap<>();
        private Duration up = LASTED.multipliedBy(2);
        private int wanted = 2;
        private long failed;
        private long retried;

        /** So many calls whose time was spent so, in ms each. */
        private Seen calls(
                long count, double queue, double send, double start, double run, double deliver, double total) {
            steps.put(CallStep.QUEUE, spread(count, queue));
            steps.put(CallStep.SEND, spread(count, send));
            steps.put(CallStep.START, spread(count, start));
            steps.put(CallStep.RUN, spread(count, run));
            steps.put(CallStep.EXCHANGE, spread(count, start + run));
            steps.put(CallStep.DELIVER, spread(count, deliver));
            steps.put(CallStep.TOTAL, spread(count, total));
            return this;
        }

        private Seen without(CallStep... unknown) {
            List.of(unknown).forEach(steps::remove);
            return this;
        }

        private Seen busy(double... shares) {
            for (int i = 0; i < shares.length; i++) {
                busy.put(worker(i + 1), ms(shares[i] * LASTED.toMillis()));
            }
            wanted = shares.length;
            up = LASTED.multipliedBy(wanted);
            return this;
        }

        private Seen answers(int slot, long count, double each) {
            exchanges.put(worker(slot), spread(count, each));
            return this;
        }

        private Seen up(double share) {
            up = ms(share * wanted * LASTED.toMillis());
            return this;
        }

        private Seen ended(TransitionCause cause, long times) {
            ends.put(cause, times);
            return this;
        }

        private Seen failed(String error, long times) {
            errors.put(error, times);
            failed += times;
            return this;
        }

        private Seen retried(long times) {
            retried = times;
            return this;
        }

        private Phase phase() {
            long upNanos = up.toNanos();
            long busyNanos = busy.values().stream().mapToLong(Duration::toNanos).sum();
            PoolSnapshot end = new PoolSnapshot(
                    "p",
                    PoolState.SERVING,
                    wanted,
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
                    List.of());
            long calls = steps.containsKey(CallStep.TOTAL)
                    ? steps.get(CallStep.TOTAL).count()
                    : 0;
            return new Phase(
                    "load",
                    BEGAN,
                    LASTED,
                    new MonitorReport.Calls(calls, calls - failed, failed, retried, 0, calls, 0),
                    steps,
                    errors,
                    Map.of(),
                    new MonitorReport.Workers(
                            upNanos == 0 ? 0 : (double) busyNanos / upNanos, up, busy, exchanges, 0, ends),
                    Map.of(),
                    end);
        }

        private PerformanceAnalysis analysis(PoolEvent... events) {
            return PerformanceAnalyzer.analyze(phase(), List.of(events));
        }

        private List<Limit> limits() {
            return analysis().findings().stream().map(Finding::limit).toList();
        }
    }

    private static PoolEvent moved(int slot, WorkerState to, double at) {
        return new PoolEvent.WorkerTransitioned(worker(slot), 1, null, to, TransitionCause.STARTED, BEGAN.plus(ms(at)));
    }

    @Nested
    class TheTimeOfCalls {

        @Test
        void isSplitIntoItsStretches() {
            PerformanceAnalysis analysis =
                    new Seen().calls(100, 10, 1, 2, 20, 4, 40).busy(0.1, 0.1).analysis();

            assertThat(analysis.calls()).isEqualTo(100);
            assertThat(analysis.mean()).isEqualTo(ms(40));
            assertThat(analysis.parts())
                    .extracting(PerformanceAnalysis.Part::where)
                    .containsExactly(Where.values());
            assertThat(analysis.parts())
                    .extracting(PerformanceAnalysis.Part::mean)
                    .containsExactly(ms(10), ms(3), ms(20), ms(4), ms(3));
            assertThat(analysis.part(Where.PYTHON).share()).isCloseTo(0.5, within(1e-9));
            assertThat(analysis.part(Where.HAND_OVER).p50()).isEqualTo(ms(2));
            assertThat(analysis.part(Where.LOST).p99()).isZero();
        }

        @Test
        void inPythonIsTheExchangeWhereNobodyKnowsWhenHandlersStart() {
            PerformanceAnalysis analysis = new Seen()
                    .calls(100, 0, 1, 2, 20, 0, 23)
                    .without(CallStep.START, CallStep.RUN)
                    .analysis();

            assertThat(analysis.part(Where.PYTHON).mean()).isEqualTo(ms(22));
            assertThat(analysis.part(Where.PYTHON).p50()).isEqualTo(ms(22));
            assertThat(analysis.part(Where.HAND_OVER).mean()).isEqualTo(ms(1));
        }

        @Test
        void isNothingWithoutCalls() {
            PerformanceAnalysis analysis = new Seen().analysis();

            assertThat(analysis.findings()).isEmpty();
            assertThat(analysis.mean()).isZero();
            assertThat(analysis.text()).contains("load: 0 calls").contains("nothing can be said");
        }
    }

    @Nested
    class ALimit {

        @Test
        void isNoneInAPoolThatHasTime() {
            assertThat(new Seen().calls(100, 1, 1, 1, 4, 1, 9).busy(0.3, 0.3).limits())
                    .isEmpty();
        }

        @Test
        void isTheQueueOfWorkersThatAreFull() {
            Seen full = new Seen().calls(100, 30, 0, 0, 10, 0, 40).busy(0.9, 0.9);

            assertThat(full.limits()).containsExactly(Limit.QUEUEING);
            assertThat(full.analysis().finding(Limit.QUEUEING).orElseThrow().detail())
                    .startsWith("calls waited for 75 % of their time while 2 workers were busy for 90 % of theirs");
        }

        @Test
        void isNoQueueThatTakesLittle() {
            assertThat(new Seen().calls(100, 1, 0, 0, 9, 0, 10).busy(1, 1).limits())
                    .containsExactly(Limit.HANDLERS);
        }

        @Test
        void isThatCallsComeTogether() {
            assertThat(new Seen().calls(100, 30, 0, 0, 10, 0, 40).busy(0.3, 0.3).limits())
                    .containsExactly(Limit.BURSTS);
        }

        @Test
        void isThatOneWorkerHasAllTheWork() {
            Seen uneven = new Seen().calls(100, 30, 0, 0, 10, 0, 40).busy(0.1, 0.9, 0.2);

            assertThat(uneven.limits()).containsExactly(Limit.UNEVEN_LOAD);
            assertThat(uneven.analysis()
                            .finding(Limit.UNEVEN_LOAD)
                            .orElseThrow()
                            .detail())
                    .contains("for p/2, which was busy for 90 % of its own, all workers together for 40 %");
        }

        @Test
        void isOneWorkerThatIsSlowerThanTheOthers() {
            Seen slow = new Seen()
                    .calls(30, 1, 0, 0, 9, 0, 10)
                    .answers(1, 10, 5)
                    .answers(2, 10, 5.5)
                    .answers(3, 10, 20);

            assertThat(slow.limits()).containsExactly(Limit.SLOW_WORKER, Limit.HANDLERS);
            assertThat(slow.analysis().finding(Limit.SLOW_WORKER).orElseThrow().detail())
                    .startsWith("p/3 took 20.000 ms for half of its 10 calls, the other workers 5.250 ms");
        }

        @Test
        void isTheSlowestOfTwoAndCostsWhatTheOthersWouldNotHaveTaken() {
            PerformanceAnalysis.Finding slow = new Seen()
                    .calls(50, 1, 0, 0, 9, 0, 20)
                    .answers(1, 10, 5)
                    .answers(2, 10, 30)
                    .answers(3, 10, 40)
                    .answers(4, 10, 5)
                    .answers(5, 10, 5)
                    .analysis()
                    .finding(Limit.SLOW_WORKER)
                    .orElseThrow();

            assertThat(slow.detail())
                    .startsWith("p/3 took 40.000 ms for half of its 10 calls, the other workers 5.000 ms");
            assertThat(slow.share()).as("350 of 1000 ms").isCloseTo(0.35, within(1e-9));
        }

        @Test
        void saysHowMuchItTook() {
            PerformanceAnalysis analysis =
                    new Seen().calls(100, 0, 1, 3, 10, 6, 20).analysis();

            assertThat(analysis.findings())
                    .extracting(Finding::detail)
                    .satisfiesExactly(
                            replies -> assertThat(replies)
                                    .startsWith(
                                            "answers took 30 % of the calls' time to reach their callers, 6.000 ms on"),
                            handlers -> assertThat(handlers)
                                    .startsWith("handlers took 50 % of the calls' time, 10.000 ms on average"));
            assertThat(new Seen()
                            .calls(100, 0, 2, 3, 10, 2, 20)
                            .analysis()
                            .findings()
                            .get(0)
                            .detail())
                    .startsWith("the way to the worker took 25 % of the calls' time, 5.000 ms on average");
        }

        @Test
        void isNoWorkerThatIsHardlySlowerOrOfWhichLittleIsKnown() {
            Seen alike = new Seen().calls(30, 1, 0, 0, 4, 0, 10);

            assertThat(alike.answers(1, 10, 5).answers(2, 10, 9.9).limits()).isEmpty();
            assertThat(alike.answers(1, 10, 0.1).answers(2, 10, 1).limits()).isEmpty();
            assertThat(alike.answers(1, 10, 5).answers(2, 9, 90).limits()).isEmpty();
            assertThat(new Seen()
                            .calls(30, 1, 0, 0, 4, 0, 10)
                            .answers(1, 10, 50)
                            .limits())
                    .isEmpty();
        }

        @Test
        void isTheSlowWorkerAndNotItsLoad() {
            Seen slow = new Seen()
                    .calls(20, 30, 0, 0, 10, 0, 40)
                    .busy(0.1, 0.9, 0.1)
                    .answers(1, 10, 1)
                    .answers(2, 10, 50);

            assertThat(slow.limits()).containsExactly(Limit.SLOW_WORKER);
        }

        @Test
        void isThatWorkersWereAway() {
            PerformanceAnalysis analysis = new Seen()
                    .calls(100, 30, 0, 0, 10, 0, 40)
                    .busy(0.3, 0.3)
                    .up(0.6)
                    .ended(TransitionCause.KILLED, 3)
                    .analysis(
                            moved(1, WorkerState.TERMINATED, -500),
                            moved(1, WorkerState.READY, 1000),
                            moved(2, WorkerState.TERMINATED, 8000),
                            moved(2, WorkerState.TERMINATED, 9000),
                            moved(1, WorkerState.TERMINATED, 11_000));

            assertThat(analysis.findings()).extracting(Finding::limit).containsExactly(Limit.RESTARTS);
            assertThat(analysis.findings().get(0).detail())
                    .startsWith(
                            "workers were away for 40 % of the time, after 3 ends (KILLED 3); the longest p/2, 2000.000 ms");
            assertThat(analysis.available()).isCloseTo(0.6, within(1e-9));
        }

        @Test
        void isNotThatWorkersWereAwayWhenTheyOnlyStarted() {
            assertThat(new Seen().calls(100, 1, 0, 0, 4, 0, 10).up(0.5).limits())
                    .isEmpty();
        }

        @Test
        void isThatAttemptsCameToNothing() {
            Seen lost = new Seen().calls(100, 0, 0, 0, 4, 0, 10);
            assertThat(lost.limits()).as("nothing failed").isEmpty();

            assertThat(lost.retried(5).limits()).containsExactly(Limit.LOST_ATTEMPTS);
            assertThat(lost.retried(0)
                            .failed("CallTimedOut", 7)
                            .analysis()
                            .findings()
                            .get(0))
                    .asString()
                    .startsWith("LOST_ATTEMPTS: 60 % of the calls' time")
                    .contains("0 were sent again, errors CallTimedOut 7");
        }

        @Test
        void isTheWayThereAndTheWayBack() {
            assertThat(new Seen().calls(100, 0, 1, 3, 4, 2, 10).limits()).containsExactly(Limit.HAND_OVER);
            assertThat(new Seen().calls(100, 0, 1, 1, 4, 4, 10).limits()).containsExactly(Limit.REPLIES);
        }

        @Test
        void comesInTheOrderOfItsWeightAndTheHandlersLast() {
            assertThat(new Seen().calls(100, 0, 0, 2.6, 5, 2.4, 10).limits())
                    .containsExactly(Limit.HAND_OVER, Limit.HANDLERS);
            assertThat(new Seen().calls(100, 0, 0, 2.5, 4.5, 3, 10).limits())
                    .containsExactly(Limit.REPLIES, Limit.HAND_OVER);
        }
    }

    /** Causes that are there, in pools that run. */
    @Nested
    class InAPool {

        private static PythonCall<String> slow() {
            return PythonCall.to("slow").args(0.05, "x").returning(String.class);
        }

        private PerformanceAnalysis after(TestPool kit, PoolMonitor monitor) {
            return PerformanceAnalyzer.analyze(monitor.now(), kit.events().all());
        }

        private void assertFirst(PerformanceAnalysis analysis, Limit limit) {
            assertThat(analysis.findings())
                    .as(analysis::text)
                    .first()
                    .extracting(Finding::limit)
                    .isEqualTo(limit);
        }

        @VivariumTest(workers = 2)
        void tooMuchWorkIsNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);

            ConcurrentCalls.of(kit, monitor).atOnce(40, i -> slow());

            assertFirst(after(kit, monitor), Limit.QUEUEING);
        }

        static WorkerScript script() {
            return WorkerScript.standard()
                    .with(
                            "work",
                            call -> new Reaction.Later(
                                    Duration.ofMillis(call.slot() == 2 ? 60 : 10), new Reaction.Reply("done")));
        }

        @VivariumTest(workers = 3)
        void aSlowWorkerIsNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            Workload work =
                    Workload.of(kit).calls(1, data -> PythonCall.to("work").returning(String.class));

            ConcurrentCalls.of(kit, monitor).asPlanned(work.over(ArrivalPlan.evenly(20, Duration.ofSeconds(3))));

            PerformanceAnalysis analysis = after(kit, monitor);
            assertFirst(analysis, Limit.SLOW_WORKER);
            assertThat(analysis.finding(Limit.SLOW_WORKER).orElseThrow().detail())
                    .startsWith(kit.name() + "/2 took 60");
        }

        @VivariumTest(workers = 2, options = "min-backoff = 2s")
        void aCrashLoopIsNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            Workload work = Workload.of(kit).calls(1, data -> slow());

            try (FaultLease loop = PoolFailures.of(kit).crashLoop(1, 3)) {
                ConcurrentCalls.of(kit, monitor).asPlanned(work.over(ArrivalPlan.evenly(10, Duration.ofSeconds(10))));
                assertThat(loop.landed()).isPositive();
            }

            PerformanceAnalysis analysis = after(kit, monitor);
            assertThat(analysis.finding(Limit.RESTARTS)).as(analysis::text).isPresent();
            assertThat(analysis.finding(Limit.RESTARTS).orElseThrow().detail())
                    .contains("the longest " + kit.name() + "/1");
        }

        @VivariumTest(workers = 4)
        void aBusySessionIsNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            Workload work = Workload.of(kit).calls(1, data -> slow()).inSessions(1, 1);

            ConcurrentCalls.of(kit, monitor).asPlanned(work.over(ArrivalPlan.burst(30)));

            assertFirst(after(kit, monitor), Limit.UNEVEN_LOAD);
        }

        @VivariumTest(workers = 2)
        void burstsAreNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            Workload work = Workload.of(kit).calls(1, data -> slow());
            ArrivalPlan burst = ArrivalPlan.burst(12).then(ArrivalPlan.pause(Duration.ofSeconds(2)));

            ConcurrentCalls.of(kit, monitor)
                    .asPlanned(work.over(burst.then(burst).then(burst)));

            assertFirst(after(kit, monitor), Limit.BURSTS);
        }

        @VivariumTest(workers = 2)
        void callsThatHangAreNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            Workload work = Workload.of(kit)
                    .calls(3, data -> PythonCall.to("echo").args(data.text(3)))
                    .calls(1, data -> PythonCall.to("hang").timeout(Duration.ofMillis(100)));

            ConcurrentCalls.of(kit, monitor).asPlanned(work.over(ArrivalPlan.evenly(4, Duration.ofSeconds(10))));

            assertFirst(after(kit, monitor), Limit.LOST_ATTEMPTS);
        }

        @VivariumTest(workers = 2)
        void whatHasGotSlowerIsNamed(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);
            ConcurrentCalls calls = ConcurrentCalls.of(kit, monitor);
            monitor.phase("before");
            calls.oneAfterTheOther(2, 40, i -> slow());
            monitor.phase("after");
            calls.oneAfterTheOther(8, 40, i -> slow());

            PerformanceComparison comparison = PerformanceAnalyzer.compare(
                    monitor.report().phase("before"), monitor.report().phase("after"));

            assertThat(comparison.worse())
                    .extracting(PerformanceComparison.Change::what)
                    .containsExactly("queue p50, ms", "total p50, ms");
            assertThat(comparison.text())
                    .startsWith("'after' against 'before'\n  worse: queue p50, ms: ")
                    .contains("  limits now, and did not: QUEUEING: ");
        }
    }

    @Nested
    class AComparison {

        private PerformanceComparison of(Seen before, Seen after) {
            return PerformanceAnalyzer.compare(before.phase(), after.phase());
        }

        private Verdict verdict(PerformanceComparison comparison, String what) {
            return comparison.changes().stream()
                    .filter(change -> change.what().equals(what))
                    .findFirst()
                    .orElseThrow()
                    .verdict();
        }

        @Test
        void takesForTheSameWhatDiffersByLittle() {
            PerformanceComparison comparison = of(
                    new Seen().calls(1000, 0, 0, 0.01, 10, 0, 10), new Seen().calls(1000, 0.04, 0, 0.05, 11.9, 0, 8.1));

            assertThat(comparison.changes())
                    .extracting(PerformanceComparison.Change::verdict)
                    .containsOnly(Verdict.SAME);
            assertThat(comparison.worse()).isEmpty();
        }

        @Test
        void saysWhatIsWorseAndWhatIsBetter() {
            PerformanceComparison comparison =
                    of(new Seen().calls(1000, 5, 0, 0, 10, 0, 15), new Seen().calls(1000, 1, 0, 0, 12.5, 0, 13.5));

            assertThat(verdict(comparison, "queue p50, ms")).isEqualTo(Verdict.BETTER);
            assertThat(verdict(comparison, "run p99, ms")).isEqualTo(Verdict.WORSE);
            assertThat(verdict(comparison, "total p50, ms")).isEqualTo(Verdict.SAME);
            assertThat(comparison.text())
                    .contains("  worse: run p50, ms: 12.500, was 10.000\n")
                    .contains("  better: queue p99, ms: 1.000, was 5.000\n")
                    .contains("  limited, and does not now: BURSTS: ");
        }

        @Test
        void saysNothingOfFewValues() {
            PerformanceComparison few =
                    of(new Seen().calls(9, 0, 0, 0, 10, 0, 10), new Seen().calls(1000, 0, 0, 0, 20, 0, 20));
            PerformanceComparison more =
                    of(new Seen().calls(199, 0, 0, 0, 10, 0, 10), new Seen().calls(200, 0, 0, 0, 20, 0, 20));

            assertThat(verdict(few, "run p50, ms")).isEqualTo(Verdict.TOO_FEW);
            assertThat(verdict(more, "run p50, ms")).isEqualTo(Verdict.WORSE);
            assertThat(verdict(more, "run p99, ms")).isEqualTo(Verdict.TOO_FEW);
        }

        @Test
        void leavesOutStepsThatOneSideDoesNotKnow() {
            PerformanceComparison comparison = of(
                    new Seen().calls(1000, 0, 0, 0, 10, 0, 10).without(CallStep.RUN),
                    new Seen().calls(1000, 0, 0, 0, 20, 0, 20));

            assertThat(comparison.changes())
                    .extracting(PerformanceComparison.Change::what)
                    .doesNotContain("run p50, ms")
                    .contains("exchange p50, ms");
        }

        @Test
        void countsTheCallsThatFailed() {
            Seen sound = new Seen().calls(1000, 0, 0, 0, 10, 0, 10);
            Seen bad = new Seen().calls(1000, 0, 0, 0, 10, 0, 10).failed("CallTimedOut", 20);

            assertThat(verdict(of(sound, bad), "calls that failed, %")).isEqualTo(Verdict.WORSE);
            assertThat(verdict(of(bad, sound), "calls that failed, %")).isEqualTo(Verdict.BETTER);
            assertThat(verdict(of(bad, bad), "calls that failed, %")).isEqualTo(Verdict.SAME);
        }
    }

    @Test
    void theTextHasALineForEachStretchAndEachFinding() {
        String text = new Seen()
                .calls(100, 30, 0, 0, 10, 0, 40)
                .busy(0.9, 0.9)
                .analysis()
                .text();

        assertThat(text.lines())
                .hasSize(8)
                .first()
                .isEqualTo("load: 100 calls, 40.000 ms each; workers up for 100 % of the time, busy for 90 % of that");
        assertThat(text)
                .containsPattern("\n  queue +75 % +30.000 +30.000 +30.000\n")
                .contains("\n  QUEUEING: calls waited");
        assertThat(new Seen().calls(100, 1, 1, 1, 4, 1, 9).analysis().text()).contains("nothing stands out");
    }
}
