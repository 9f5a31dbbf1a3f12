package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallTimedOut;
import dev.vivarium.LadderCounts;
import dev.vivarium.LadderRung;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** What the pool does, rung by rung, to get a worker off a call that is over. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 1,
        time = VivariumTest.Time.VIRTUAL,
        options = {"call-timeout = 2s", "cancel-grace = 1s", "terminate-grace = 1s", "min-backoff = 10ms"})
class LadderTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static PendingCall<String> begin(TestPool kit, String handler) throws InterruptedException {
        PendingCall<String> call = kit.pool().call(PythonCall.to(handler).returning(String.class));
        kit.awaitStarted(call);
        return call;
    }

    /** Lets the deadline come, and no more time pass: however busy the machine is, the stacks are read in time. */
    private static CallTimedOut timedOut(TestPool kit, PendingCall<String> call) {
        kit.time().advance(TIMEOUT);
        return catchThrowableOfType(CallTimedOut.class, call::await);
    }

    /** Lets the grace that follows a rung run out once the rung was taken. */
    private static void runOut(TestPool kit, LadderRung rung) throws InterruptedException {
        kit.awaitThat("taken: " + rung, () -> rungs(kit).contains(rung));
        kit.time().advance(GRACE);
    }

    private static WorkerExit ended(TestPool kit) throws InterruptedException {
        return kit.events().awaitExit().exit();
    }

    private static List<LadderRung> rungs(TestPool kit) {
        return kit.events().all().stream()
                .filter(PoolEvent.LadderClimbed.class::isInstance)
                .map(event -> ((PoolEvent.LadderClimbed) event).rung())
                .toList();
    }

    private static LadderCounts counts(TestPool kit) {
        return kit.pool().snapshot().ladder();
    }

    @Nested
    class AHandlerThatHeedsItsCancellation {

        @VivariumTest
        void isShownAsItWasAtTheDeadlineAndItsWorkerServesOn(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "hang");

            assertThat(timedOut(kit, call).stacks()).contains("(most recent call first):");
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
            assertThat(rungs(kit)).containsExactly(LadderRung.READ_STACKS, LadderRung.CANCEL);
            assertThat(counts(kit)).isEqualTo(new LadderCounts(1, 1, 0, 0));
        }

        @VivariumTest(options = "stack-dump = 0")
        void isNotAskedWhatItDoesWhereNobodyWantsToKnow(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "hang");

            assertThat(timedOut(kit, call).stacks()).isEmpty();
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");
            assertThat(rungs(kit)).containsExactly(LadderRung.CANCEL);
        }
    }

    @Nested
    @VivariumTest(expectWarnings = "did not end a call")
    class AHandlerThatHeedsNothing {

        @VivariumTest
        void isEndedByATermination(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "stubborn");

            assertThat(timedOut(kit, call).stacks()).contains("(most recent call first):");
            runOut(kit, LadderRung.CANCEL);

            WorkerExit exit = ended(kit);
            assertThat(exit.cause()).isEqualTo(TransitionCause.HUNG);
            assertThat(exit.signal()).isEqualTo(15);
            assertThat(exit.stacks()).contains("(most recent call first):");
            assertThat(rungs(kit)).containsExactly(LadderRung.READ_STACKS, LadderRung.CANCEL, LadderRung.TERMINATE);
        }

        @VivariumTest
        void isShownAsItIsBeforeItsWorkerEndsThoughItsCallerIsGone(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "stubborn");

            call.cancel();
            runOut(kit, LadderRung.CANCEL);

            assertThat(ended(kit).stacks()).contains("(most recent call first):");
            assertThat(rungs(kit)).containsExactly(LadderRung.CANCEL, LadderRung.READ_STACKS, LadderRung.TERMINATE);
        }

        @VivariumTest(options = "terminate-grace = 0")
        void isKilledAtOnceWhereNoGraceIsGiven(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "stubborn");

            timedOut(kit, call);
            runOut(kit, LadderRung.CANCEL);

            assertThat(ended(kit).signal()).isEqualTo(9);
            assertThat(counts(kit)).isEqualTo(new LadderCounts(1, 1, 0, 1));
        }
    }

    @Nested
    @VivariumTest(expectWarnings = "did not end a call")
    class AProcessThatIsStopped {

        @VivariumTest
        void tellsNothingInTimeAndIsKilled(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease stopped = faults.at(Moment.STARTED).arm(new Fault.Signalled(19))) {
                PendingCall<String> call = kit.pool().call("echo", String.class, "x");

                kit.awaitThat("stopped", () -> stopped.landed() == 1);
                kit.time().advance(TIMEOUT);
                kit.awaitThat("asked", () -> rungs(kit).contains(LadderRung.READ_STACKS));
                CallTimedOut late = catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(call));
                runOut(kit, LadderRung.CANCEL);
                runOut(kit, LadderRung.TERMINATE);

                assertThat(late.stacks()).isEmpty();
                assertThat(ended(kit).signal()).isEqualTo(9);
                assertThat(counts(kit)).isEqualTo(new LadderCounts(1, 1, 1, 1));
            }
            assertThat(kit.outcome(kit.pool().call("echo", String.class, "y"))).isEqualTo("y");
        }
    }

    @Nested
    @VivariumTest(
            layers = Layer.PYTHON,
            handlers = Scripts.HANDLERS,
            expectWarnings = {"did not end a call"})
    class InCCodeThatHoldsTheInterpreterLock {

        @VivariumTest
        void aHandlerIsShownWhereItIs(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "compute_for_ever");

            assertThat(timedOut(kit, call).stacks())
                    .contains("in compute_for_ever\n")
                    .containsPattern("Thread 0x[0-9a-f]+ \\(most recent call first\\):");
            runOut(kit, LadderRung.CANCEL);

            assertThat(ended(kit).signal()).isEqualTo(15);
        }

        @VivariumTest
        void aHandlerThatIgnoresSigtermIsKilled(TestPool kit) throws Exception {
            PendingCall<String> call = begin(kit, "compute_for_ever_and_ignore_sigterm");

            timedOut(kit, call);
            runOut(kit, LadderRung.CANCEL);
            runOut(kit, LadderRung.TERMINATE);

            assertThat(ended(kit).signal()).isEqualTo(9);
            assertThat(rungs(kit))
                    .containsExactly(LadderRung.READ_STACKS, LadderRung.CANCEL, LadderRung.TERMINATE, LadderRung.KILL);
        }
    }
}
