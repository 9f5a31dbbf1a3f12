package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.CallTimeline;
import dev.vivarium.CallTimeline.Attempt;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** A call that is timed says when what happened to it. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        handlers = Scripts.HANDLERS,
        workers = 1)
class TimelineTest {

    private static final PythonCall<String> ECHO =
            PythonCall.to("echo").args("x").returning(String.class).timed();

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static CallTimeline timeline(PendingCall<?> call) {
        return call.timeline().orElseThrow();
    }

    private static void assertOrdered(@Nullable Instant... instants) {
        assertThat(instants).doesNotContainNull();
        assertThat(Arrays.stream(instants).map(Objects::requireNonNull).toList())
                .isSorted();
    }

    @Nested
    class OfACallThatEndsWell {

        @VivariumTest
        void hasEveryInstantInOrder(PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(ECHO);
            call.await();

            CallTimeline timeline = timeline(call);

            assertThat(timeline.attempts()).hasSize(1);
            Attempt only = timeline.attempts().get(0);
            assertOrdered(
                    timeline.queued(), only.leased(), only.sent(), only.started(), only.replied(), timeline.ended());
            assertThat(only.worker()).hasToString(pool.name() + "/1");
            assertThat(only.incarnation()).isEqualTo(1);
        }

        @VivariumTest
        void showsHowLongItWaited(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> before = pool.call(PythonCall.to("held")
                    .args("gate", "first")
                    .returning(String.class)
                    .timed());
            kit.awaitStarted(before);
            PendingCall<String> waiting = pool.call(ECHO);
            assertThat(timeline(waiting).queueWait()).isEmpty();
            assertThat(timeline(before).attempts().get(0).started()).isNotNull();
            assertThat(timeline(before).ended()).isNull();

            kit.open("gate");
            waiting.await();

            Instant freed = timeline(before).attempts().get(0).replied();
            CallTimeline timeline = timeline(waiting);
            assertOrdered(timeline.queued(), freed, timeline.attempts().get(0).leased());
            assertThat(timeline.queueWait().orElseThrow())
                    .isLessThanOrEqualTo(timeline.total().orElseThrow());
        }

        @VivariumTest(layers = Layer.FAKE)
        void countsTheTimeOfTheClockThatThePoolHas(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> before = pool.call("held", String.class, "gate", "first");
            kit.awaitStarted(before);
            PendingCall<String> waiting = pool.call(ECHO);
            kit.time().advance(Duration.ofSeconds(5));

            kit.open("gate");
            waiting.await();

            assertThat(timeline(waiting).queueWait()).contains(Duration.ofSeconds(5));
        }

        @VivariumTest
        void comesWithItsOutcomeToActorsAndStreams(TestPool kit, PythonPool pool) throws Exception {
            TestProbe<CallOutcome<String>> reply = kit.actors().createTestProbe();
            pool.actor().tell(new PoolCommand.Call<>(ECHO, reply.getRef()));
            CallOutcome<String> told = reply.receiveMessage(Duration.ofSeconds(Scripts.LIMIT_S));
            kit.ledger().enter(ECHO, told);
            CallOutcome<String> streamed = Source.single(ECHO)
                    .via(pool.outcomes(1, (PythonCall<String> call) -> call))
                    .runWith(Sink.head(), kit.actors().system())
                    .toCompletableFuture()
                    .get();

            assertThat(Objects.requireNonNull(told.timeline()).attempts()).hasSize(1);
            assertThat(Objects.requireNonNull(streamed.timeline()).attempts()).hasSize(1);
        }

        @VivariumTest
        void isNotKeptUnlessItIsAskedFor(PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("echo", String.class, "x");

            call.await();

            assertThat(call.timeline()).isEmpty();
        }
    }

    @Nested
    class OfACallThatFails {

        @VivariumTest
        void isInItsError(PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(
                    PythonCall.to("fail").args("no").returning(String.class).timed());

            PythonException error = catchThrowableOfType(PythonException.class, call::await);

            CallTimeline timeline = error.timeline().orElseThrow();
            assertThat(timeline).isEqualTo(timeline(call));
            assertOrdered(
                    timeline.attempts().get(0).started(),
                    timeline.attempts().get(0).replied(),
                    timeline.ended());
        }

        @VivariumTest
        void hasAnEndAndNoReplyWhenItsTimeIsUp(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(PythonCall.to("hang")
                    .returning(String.class)
                    .timeout(Duration.ofSeconds(1))
                    .timed());
            kit.passTimeUntil("ended", call::isDone);

            CallTimedOut error = catchThrowableOfType(CallTimedOut.class, call::await);

            CallTimeline timeline = error.timeline().orElseThrow();
            Attempt only = timeline.attempts().get(0);
            assertOrdered(timeline.queued(), only.sent(), only.started(), timeline.ended());
            assertThat(only.replied()).isNull();
            assertThat(timeline.total().orElseThrow()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        }

        @VivariumTest
        void hasNoAttemptWhenItNeverHadAWorker(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> before = pool.call("held", String.class, "gate", "first");
            kit.awaitStarted(before);
            PendingCall<String> waiting = pool.call(ECHO);

            waiting.cancel();

            CallCancelled error = catchThrowableOfType(CallCancelled.class, waiting::await);
            assertThat(error.timeline().orElseThrow().attempts()).isEmpty();
            assertThat(error.timeline().orElseThrow().ended()).isNotNull();
            kit.open("gate");
        }

        @VivariumTest
        void isKeptOfOneThatWasNotAccepted(PythonPool pool) throws Exception {
            pool.close();

            PendingCall<String> refused = pool.call(ECHO);

            PoolClosed error = catchThrowableOfType(PoolClosed.class, refused::await);
            assertThat(error.timeline()).contains(timeline(refused));
            assertThat(timeline(refused).attempts()).isEmpty();
        }
    }

    @Nested
    class OfACallThatLosesItsWorker {

        @VivariumTest(expectWarnings = "KILL")
        void hasEachAttempt(PythonPool pool, @TempDir Path folder) throws Exception {
            PendingCall<String> call = pool.call(PythonCall.to("die_once")
                    .args(folder.resolve("died").toString())
                    .returning(String.class)
                    .retrySafe()
                    .timed());

            assertThat(call.await()).isEqualTo("survived");

            CallTimeline timeline = timeline(call);
            assertThat(timeline.attempts()).extracting(Attempt::incarnation).containsExactly(1, 2);
            Attempt lost = timeline.attempts().get(0);
            Attempt last = timeline.attempts().get(1);
            assertOrdered(lost.leased(), lost.sent(), lost.started(), last.leased(), last.sent(), last.started());
            assertThat(lost.replied()).isNull();
            assertThat(last.replied()).isNotNull();
        }
    }

    @Nested
    @VivariumTest(layers = Layer.SCRIPTED)
    class OfAWorkerThatKeepsNoNote {

        @VivariumTest
        void doesNotGuessWhenItStarted(PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call(ECHO);
            call.await();

            Attempt only = timeline(call).attempts().get(0);

            assertThat(only.started()).isNull();
            assertOrdered(only.sent(), only.replied());
        }
    }
}
