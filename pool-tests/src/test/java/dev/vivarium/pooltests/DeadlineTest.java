package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** One deadline, absolute from when a call is accepted, on both sides of the wire. */
@VivariumTest(
        layers = Layer.PYTHON,
        handlers = Scripts.HANDLERS,
        options = {"cancel-grace = 1h", "health-interval = 1h"})
class DeadlineTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** Has calls answered by a worker that is not stopped until so much time has passed. */
    private static void spend(TestPool kit, Duration time) throws Exception {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < time.toNanos()) {
            kit.pool().call("echo", String.class, "meanwhile").await();
        }
    }

    @VivariumTest
    void isTheSameForAWorkerThatIsLateToReadItsCall(TestPool kit, FaultInjector faults) throws Exception {
        PythonCall<Long> asks = PythonCall.to("deadline").returning(Long.class).timeout(MINUTE);
        PendingCall<Long> call;
        long after;
        long before;
        try (FaultLease stopped = faults.at(Moment.BEFORE_SEND).arm(new Fault.Signalled(19))) {
            before = System.nanoTime();
            call = kit.pool().call(asks);
            after = System.nanoTime();
            stopped.awaitLanded();
            spend(kit, Duration.ofNanos(after - before).plusMillis(50));
        }

        long rounding = 1_000;
        assertThat(call.await()).isBetween(before + MINUTE.toNanos() - rounding, after + MINUTE.toNanos() + rounding);
    }

    @VivariumTest(options = "stack-dump = 10s")
    void hasPassedForGoodForAWorkerThatReadsItsCallLater(TestPool kit, FaultInjector faults) throws Exception {
        PendingCall<String> call;
        try (FaultLease stopped = faults.at(Moment.BEFORE_SEND).arm(new Fault.Signalled(19))) {
            call = kit.pool()
                    .call(PythonCall.to("echo")
                            .args("late")
                            .returning(String.class)
                            .timeout(Duration.ofMillis(200)));
            stopped.awaitLanded();
            kit.awaitThat(
                    "its deadline has passed",
                    () -> kit.events().all().stream().anyMatch(PoolEvent.LadderClimbed.class::isInstance));
        }

        // Its worker goes on while it is asked what it does, and nobody has cancelled the call yet.
        assertThatThrownBy(call::await).isInstanceOf(CallTimedOut.class);
        kit.awaitThat("both serve", () -> kit.pool().snapshot().count(WorkerSnapshot.Phase.IDLE) == 2);
        assertThat(kit.ledger().starts(call.id())).isZero();
    }

    @VivariumTest(options = "stack-dump = 100ms", expectWarnings = "did not end a call")
    void isKnownToHavePassedForGoodWhileTheWorkerCannotSaySo(TestPool kit, FaultInjector faults) throws Exception {
        try (FaultLease stopped = faults.at(Moment.BEFORE_SEND).arm(new Fault.Signalled(19))) {
            PendingCall<String> call = kit.pool()
                    .call(PythonCall.to("echo")
                            .args("late")
                            .returning(String.class)
                            .timeout(Duration.ofMillis(200)));
            stopped.awaitLanded();

            assertThatThrownBy(call::await)
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.execution()).isEqualTo(Execution.NOT_STARTED));
        }
    }

    @Nested
    @VivariumTest(layers = Layer.FAKE, workers = 1)
    class OfACallThatWaits {

        private static PythonCall<String> echo(Duration timeout) {
            return PythonCall.to("echo").args("x").returning(String.class).timeout(timeout);
        }

        private static PendingCall<String> busy(TestPool kit) throws InterruptedException {
            PendingCall<String> held = kit.pool()
                    .call(PythonCall.to("held")
                            .args("gate", "held")
                            .returning(String.class)
                            .timeout(Duration.ofDays(1)));
            kit.awaitStarted(held);
            return held;
        }

        @VivariumTest
        void endsItThoughOneThatHasLongerCameBefore(TestPool kit, TestTime time) throws Exception {
            PendingCall<String> held = busy(kit);
            PendingCall<String> later = kit.pool().call(echo(Duration.ofHours(1)));
            PendingCall<String> sooner = kit.pool().call(echo(Duration.ofSeconds(5)));

            time.advance(Duration.ofSeconds(5));

            assertThat(sooner.isDone()).isTrue();
            assertThatThrownBy(sooner::await).isInstanceOf(CallTimedOut.class);
            assertThat(later.isDone()).isFalse();
            kit.open("gate");
            assertThat(held.await()).isEqualTo("held");
            assertThat(later.await()).isEqualTo("x");
        }

        @VivariumTest
        void endsItThoughItHasRunAndOneThatHasLongerWaits(TestPool kit, TestTime time) throws Exception {
            PendingCall<Integer> again = kit.pool()
                    .call(PythonCall.to("retry_after")
                            .args(1, 1)
                            .returning(Integer.class)
                            .retrySafe()
                            .timeout(Duration.ofSeconds(5)));
            kit.events().await(PoolEvent.CallRetried.class);
            PendingCall<String> held = busy(kit);
            PendingCall<String> later = kit.pool().call(echo(Duration.ofHours(1)));

            time.advance(Duration.ofSeconds(4));
            assertThat(again.isDone()).isFalse();
            time.advance(Duration.ofSeconds(1));

            assertThat(again.isDone()).isTrue();
            assertThatThrownBy(again::await)
                    .isInstanceOfSatisfying(
                            CallTimedOut.class, e -> assertThat(e.attempts()).hasSize(1));
            kit.open("gate");
            assertThat(held.await()).isEqualTo("held");
            assertThat(later.await()).isEqualTo("x");
        }
    }
}
