package dev.vivarium.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.CallOutcome;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerState;
import dev.vivarium.examples.ModerationService.Decision;
import dev.vivarium.testkit.ArrivalPlan;
import dev.vivarium.testkit.ConcurrentCalls;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.PerformanceAnalysis.Limit;
import dev.vivarium.testkit.PerformanceAnalyzer;
import dev.vivarium.testkit.PoolFailures;
import dev.vivarium.testkit.PoolMonitor;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestData;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.Workload;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

/** What the service makes of ratings and of failures, by fake workers; and that it and its handlers fit each other, in Python. */
class ModerationServiceTest {

    private static Decision of(CompletionStage<Decision> decision) throws Exception {
        return decision.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** The service's own rules: no process runs, time stands still. */
    @Nested
    @VivariumTest(workers = 1)
    class ADecision {

        static WorkerScript script() {
            return WorkerScript.standard().with("rate", call -> switch (call.positional()
                    .get(0)
                    .asText()) {
                case "fine" -> new Reaction.Reply(0.49);
                case "bad" -> new Reaction.Reply(0.5);
                case "strange" -> new Reaction.Raise("ValueError", "no idea");
                case "long" -> new Reaction.Hang(true);
                default -> new Reaction.AtGate(call.positional().get(0).asText(), new Reaction.Reply(0.0));
            });
        }

        @VivariumTest
        void showsWhatIsRatedBelowTheLimit(TestPool kit) throws Exception {
            ModerationService service = new ModerationService(kit.pool());

            assertThat(of(service.decide("ada", "fine"))).isEqualTo(new Decision.Shown(0.49));
            assertThat(of(service.decide("ada", "bad"))).isEqualTo(new Decision.Held("rated 0.5"));
        }

        @VivariumTest
        void isLeftToAHumanWhenTheHandlerRaises(TestPool kit) throws Exception {
            ModerationService service = new ModerationService(kit.pool());

            assertThat(of(service.decide("ada", "strange")))
                    .isEqualTo(new Decision.Held("could not be rated: ValueError: no idea"));
        }

        @VivariumTest
        void isAskedForAgainWhenItTakesTooLong(TestPool kit, TestTime time, TestWorker worker) throws Exception {
            ModerationService service = new ModerationService(kit.pool());
            CompletionStage<Decision> decision = service.decide("ada", "long");
            worker.awaitState(WorkerState.BUSY);

            time.advance(Duration.ofSeconds(2));

            assertThat(of(decision)).isEqualTo(new Decision.AskAgain("CallTimedOut"));
        }

        @VivariumTest(options = "queue-capacity = 1")
        void isAskedForAgainWhenTooManyWait(TestPool kit, TestWorker worker) throws Exception {
            ModerationService service = new ModerationService(kit.pool());
            CompletionStage<Decision> first = service.decide("ada", "gate");
            worker.awaitState(WorkerState.BUSY);
            CompletionStage<Decision> second = service.decide("bob", "fine");

            assertThat(of(service.decide("eve", "fine"))).isEqualTo(new Decision.AskAgain("PoolSaturated"));

            kit.open("gate");
            assertThat(List.of(of(first), of(second))).containsExactly(new Decision.Shown(0), new Decision.Shown(0.49));
        }
    }

    /** The handlers as they are. */
    @Nested
    @VivariumTest(layers = Layer.PYTHON, workers = 2, handlers = "python/moderation.py")
    class InPython {

        @VivariumTest
        void anAuthorWithBadReviewsIsWatched(TestPool kit) throws Exception {
            ModerationService service = new ModerationService(kit.pool());

            assertThat(of(service.decide("ada", "no scam at all"))).isEqualTo(new Decision.Shown(0.25));
            assertThat(of(service.decide("ada", "no scam at all"))).isEqualTo(new Decision.Held("rated 0.5"));
            assertThat(of(service.decide("bob", "no scam at all"))).isEqualTo(new Decision.Shown(0.25));
        }

        @VivariumTest
        void thatIsNotForgottenWhenTheWorkersAreKilled(TestPool kit) throws Exception {
            ModerationService service = new ModerationService(kit.pool());
            assertThat(of(service.decide("ada", "no scam at all"))).isEqualTo(new Decision.Shown(0.25));

            PoolFailures.of(kit).killAllWorkers();

            assertThat(of(service.decide("ada", "no scam at all"))).isEqualTo(new Decision.Held("rated 0.5"));
        }

        @VivariumTest
        void anyTextCanBeRated(TestPool kit) throws Exception {
            ModerationService service = new ModerationService(kit.pool());
            TestData data = TestData.of(kit);

            for (int i = 0; i < 50; i++) {
                String text = data.text(data.random().nextInt(200));

                assertThat(of(service.decide("ada", text))).as(text).isEqualTo(new Decision.Shown(0));
            }
        }
    }

    /** What the pool does for the service under load, in virtual time: two minutes of load take a second. */
    @Nested
    @VivariumTest(workers = 2)
    class UnderLoad {

        static WorkerScript script() {
            return WorkerScript.standard()
                    .with("rate", call -> new Reaction.Later(Duration.ofMillis(40), new Reaction.Reply(0.1)));
        }

        private Workload reviews(TestPool kit) {
            return Workload.of(kit)
                    .calls(
                            1,
                            data -> PythonCall.to("rate")
                                    .args(data.text(40))
                                    .returning(Double.class)
                                    .retrySafe())
                    .inSessions(1, 50);
        }

        @VivariumTest
        void noReviewIsLostWhenWorkersDie(TestPool kit) throws Exception {
            ConcurrentCalls calls = ConcurrentCalls.of(kit, PoolMonitor.of(kit));

            try (FaultLease kills = PoolFailures.of(kit).loseAnswers(3)) {
                List<CallOutcome<?>> ends =
                        calls.asPlanned(reviews(kit).over(ArrivalPlan.atRandom(10, Duration.ofMinutes(2))));

                assertThat(ends).allMatch(end -> end instanceof CallOutcome.Succeeded<?>);
                assertThat(kills.landed()).isEqualTo(3);
            }
        }

        @VivariumTest
        void twoWorkersAreEnoughForTwentyReviewsASecond(TestPool kit) throws Exception {
            PoolMonitor monitor = PoolMonitor.of(kit);

            var ends = ConcurrentCalls.of(kit, monitor)
                    .asPlanned(reviews(kit).over(ArrivalPlan.atRandom(20, Duration.ofMinutes(1))));

            var analysis =
                    PerformanceAnalyzer.analyze(monitor.now(), kit.events().all());
            assertThat(ends).hasSizeGreaterThan(1000);
            assertThat(analysis.finding(Limit.QUEUEING)).as(analysis::text).isEmpty();
            assertThat(analysis.utilisation()).isBetween(0.3, 0.5);
        }
    }
}
