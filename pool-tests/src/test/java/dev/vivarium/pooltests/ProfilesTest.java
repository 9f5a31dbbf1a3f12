package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PendingCall;
import dev.vivarium.PoisonCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.Signal;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** The profile says which safeguards a pool has. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        workers = 1,
        options = {"min-backoff = 1ms", "max-backoff = 1ms", "backoff-jitter = 0"},
        expectWarnings = {"exited with status", "was killed"})
class ProfilesTest {

    private static PythonCall<String> leave(int status) {
        return PythonCall.to("leave").args(status).returning(String.class);
    }

    private static WorkerCrashed crash(TestPool kit, int status) {
        PendingCall<String> call = kit.pool().call(leave(status).retrySafe());
        return catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));
    }

    private static void failTenCalls(TestPool kit) {
        for (int i = 0; i < 10; i++) {
            PendingCall<String> call = kit.pool().call("fail", String.class, "business");
            assertThat(catchThrowableOfType(PythonException.class, call::await)).isNotNull();
        }
    }

    private static boolean raisedAnAlert(TestPool kit) {
        return kit.events().all().stream().anyMatch(PoolEvent.AlertRaised.class::isInstance);
    }

    @Nested
    class ThePlainOne {

        @VivariumTest(options = "profile = plain")
        void doesNotSendACallAgain(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease killed = faults.at(Moment.STARTED).arm(new Fault.Signalled(9))) {
                PendingCall<String> call = kit.pool()
                        .call(PythonCall.to("echo")
                                .args("x")
                                .returning(String.class)
                                .retrySafe()
                                .maxRetries(5));

                WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(call));

                assertThat(error).hasMessageContaining("retries are off");
                assertThat(error.attempts()).hasSize(1);
                assertThat(killed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest(options = "profile = plain")
        void refusesNoCallBecauseOfThoseBeforeIt(TestPool kit) {
            for (int i = 0; i < 7; i++) {
                assertThat(crash(kit, 7).execution()).isEqualTo(Execution.UNKNOWN);
            }

            assertThat(kit.pool().snapshot().openCircuits()).isEmpty();
        }

        @VivariumTest(options = {"profile = plain", "with-safeguards = [poison-calls]"})
        void mayHaveASafeguardBesides(TestPool kit) throws Exception {
            for (int i = 0; i < 3; i++) {
                assertThat(crash(kit, 7)).isNotNull();
            }

            PoisonCall refused = catchThrowableOfType(
                    PoisonCall.class, () -> kit.pool().call(leave(7)).await());

            assertThat(refused.execution()).isEqualTo(Execution.NOT_STARTED);
        }

        @VivariumTest(layers = Layer.FAKE, options = "profile = plain")
        void asksNoIdleWorkerHowItIs(TestPool kit, TestWorker worker, TestTime time) {
            worker.signal(Signal.STOP);

            time.advance(Duration.ofHours(1));

            assertThat(kit.pool().call("echo", String.class, "x").isDone()).isFalse();
            assertThat(worker.snapshot().incarnation()).isEqualTo(1);
            worker.signal(Signal.CONT);
        }

        @VivariumTest(layers = Layer.FAKE, options = "profile = plain")
        void raisesNoAlerts(TestPool kit, TestTime time) {
            failTenCalls(kit);

            time.advance(Duration.ofMinutes(2));

            assertThat(raisedAnAlert(kit)).isFalse();
        }
    }

    @Nested
    class TheFullOne {

        @VivariumTest(options = "without-safeguards = [retries]")
        void mayLackASafeguard(TestPool kit) {
            assertThat(crash(kit, 7)).hasMessageContaining("retries are off");
        }

        @VivariumTest(layers = Layer.FAKE, expectWarnings = "health check")
        void replacesAnIdleWorkerThatDoesNotAnswer(TestPool kit, TestWorker worker) throws Exception {
            worker.signal(Signal.STOP);

            kit.passTimeUntil("replaced", () -> worker.snapshot().incarnation() == 2);
        }

        @VivariumTest(layers = Layer.FAKE)
        void raisesAlerts(TestPool kit, TestTime time) throws Exception {
            failTenCalls(kit);

            time.advance(Duration.ofMinutes(2));

            kit.awaitThat("an alert", () -> raisedAnAlert(kit));
        }
    }
}
