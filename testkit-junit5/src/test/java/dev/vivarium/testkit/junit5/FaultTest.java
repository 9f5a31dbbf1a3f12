package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallRejected;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.FaultNotPossible;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.TestWorker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

/** Every fault lands where it should, does what it says, and the pool gets over it. */
@VivariumTest(workers = 1)
class FaultTest {

    private static PythonCall<String> echo(String value) {
        return PythonCall.to("echo").args(value).returning(String.class);
    }

    private static void works(TestPool kit) throws InterruptedException {
        assertThat(kit.outcome(kit.pool().call(echo("well")))).isEqualTo("well");
    }

    private static Path descriptors(TestWorker worker) {
        return Path.of("/proc", Long.toString(worker.pid()), "fd");
    }

    @Nested
    @VivariumTest(layers = {Layer.SCRIPTED, Layer.PYTHON})
    class OnTheWire {

        @VivariumTest
        void aCorruptedAnswerFailsItsCallAlone(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Corrupted())) {
                ResultNotDecodable error = catchThrowableOfType(
                        ResultNotDecodable.class,
                        () -> kit.pool().call(echo("x")).await());

                assertThat(error.execution()).isEqualTo(Execution.RAN);
                assertThat(landed.landed()).isEqualTo(1);
            }
            works(kit);
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest
        void aCorruptedCallIsRefused(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.BEFORE_SEND).arm(new Fault.Corrupted())) {
                CallRejected error = catchThrowableOfType(
                        CallRejected.class, () -> kit.pool().call(echo("x")).await());

                assertThat(error.execution()).isEqualTo(Execution.NOT_STARTED);
                assertThat(landed.landed()).isEqualTo(1);
            }
            works(kit);
        }

        @VivariumTest(expectWarnings = "broke the protocol")
        void aSecondAnswerCostsTheWorkerAndNoCall(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Duplicated())) {
                assertThat(kit.pool().call(echo("x")).await()).isEqualTo("x");

                assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
                assertThat(landed.landed()).isEqualTo(1);
            }
            works(kit);
        }

        @VivariumTest(expectWarnings = "broke the protocol")
        void anOversizedAnswerCostsTheWorkerAndARetry(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Oversized())) {
                assertThat(kit.pool().call(echo("x").retrySafe()).await()).isEqualTo("x");
                assertThat(landed.landed()).isEqualTo(1);
            }
            assertThat(kit.events().awaitExit().exit().detail()).contains("OVERSIZE_BODY");
        }

        @VivariumTest(expectWarnings = "broke the protocol")
        void aTruncatedAnswerCostsTheWorkerAndARetry(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Truncated())) {
                assertThat(kit.pool().call(echo("x").retrySafe()).await()).isEqualTo("x");
                assertThat(landed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest(options = "cancel-grace = 100ms", expectWarnings = "did not end a call")
        void aLostAnswerEndsAtTheDeadline(TestPool kit, FaultInjector faults) throws Exception {
            for (Fault fault : new Fault[] {new Fault.Dropped(), new Fault.Reordered()}) {
                try (FaultLease landed = faults.at(Moment.EXECUTED).arm(fault)) {
                    CallTimedOut error = catchThrowableOfType(
                            CallTimedOut.class,
                            () -> kit.pool()
                                    .call(echo("x").timeout(Duration.ofSeconds(1)))
                                    .await());

                    assertThat(error.execution()).isEqualTo(Execution.RAN);
                    assertThat(landed.landed()).isEqualTo(1);
                    assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.HUNG);
                }
                works(kit);
            }
        }

        @VivariumTest(expectWarnings = "broke the protocol")
        void anAnswerToNobodyCostsTheWorkerAndARetry(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Misaddressed())) {
                assertThat(kit.pool().call(echo("x").retrySafe()).await()).isEqualTo("x");
                assertThat(landed.landed()).isEqualTo(1);
            }
            assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
        }

        @VivariumTest
        void aForgedAnswerIsFoundByItsCallerOnly(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Forged())) {
                Object answer = kit.pool()
                        .call(PythonCall.to("retry_after").args(0, 0.0).returning(Object.class))
                        .await();

                assertThat(answer).isEqualTo("forged");
                assertThat(landed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest
        void aShareOfTheAnswersIsDrawnFromTheSeed(TestPool kit, FaultInjector faults) throws Exception {
            List<Integer> landedIn = new CopyOnWriteArrayList<>();
            Fault late = new Fault.Delayed(Duration.ofMillis(2), Duration.ofMillis(1), 0.5);
            try (FaultLease half = faults.at(Moment.EXECUTED)
                    .share(0.5)
                    .seed(7)
                    .times(100)
                    .arm(late)
                    .onLand(landedIn::add)) {
                for (int i = 0; i < 20; i++) {
                    kit.pool().call(echo("x")).await();
                }

                SplittableRandom expected = new SplittableRandom(7);
                int expectedLandings = 0;
                for (int i = 0; i < 20; i++) {
                    if (expected.nextDouble() < 0.5) {
                        expectedLandings++;
                        expected.nextDouble(); // How late it is.
                    }
                }
                assertThat(landedIn).hasSize(expectedLandings);
                assertThat(half.landed()).isEqualTo(expectedLandings);
            }
        }

        @VivariumTest
        void aLateAnswerArrives(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Delayed(Duration.ofMillis(50)))) {
                assertThat(kit.pool().call(echo("late")).await()).isEqualTo("late");
                assertThat(landed.landed()).isEqualTo(1);
            }
        }

        @VivariumTest
        void aFrameInPiecesComesWholeWhenItIsHealedAtTheLatest(TestPool kit, FaultInjector faults) throws Exception {
            Duration forEver = Duration.ofHours(1);
            for (Fault fault : new Fault[] {new Fault.Sliced(5, forEver), new Fault.Throttled(1)}) {
                for (Moment moment : new Moment[] {Moment.BEFORE_SEND, Moment.EXECUTED}) {
                    FaultLease landed = faults.at(moment).arm(fault);
                    PendingCall<String> call = kit.pool().call(echo("in pieces"));
                    landed.awaitLanded();
                    assertThat(call.isDone()).as("%s", landed).isFalse();

                    landed.heal();

                    assertThat(call.await()).isEqualTo("in pieces");
                }
            }
        }

        @VivariumTest
        void aFrameInPiecesIsReadLikeAnyOther(TestPool kit, FaultInjector faults) throws Exception {
            Fault[] slow = {new Fault.Sliced(1, Duration.ofNanos(1)), new Fault.Throttled(1 << 20)};
            for (Fault fault : slow) {
                for (Moment moment : new Moment[] {Moment.BEFORE_SEND, Moment.EXECUTED}) {
                    FaultLease landed = faults.at(moment).times(3).arm(fault);

                    for (int i = 0; i < 3; i++) {
                        assertThat(kit.pool().call(echo("x" + i)).await()).isEqualTo("x" + i);
                    }

                    assertThat(landed.landed()).as("%s", landed).isEqualTo(3);
                }
            }
        }

        @VivariumTest(expectWarnings = "broke the protocol")
        void anAnswerUnderAnothersIdCostsTheWorkerAndARetry(TestPool kit, FaultInjector faults) throws Exception {
            works(kit);
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Crossed())) {
                assertThat(kit.pool().call(echo("x").retrySafe()).await()).isEqualTo("x");
                assertThat(landed.landed()).isEqualTo(1);
            }
            assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
        }

        @VivariumTest
        void anAnswerAfterTheCancellationIsCountedAndDropped(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.EXECUTED).arm(new Fault.Belated())) {
                PendingCall<String> call = kit.pool().call(echo("x"));
                landed.awaitLanded();

                call.cancel();

                kit.passTimeUntil("it came late", () -> kit.pool().snapshot().lateReplies() == 1);
                assertThat(landed.isHealed()).isFalse();
            }
            works(kit);
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest
        void aPartitionHoldsBackUntilItIsHealed(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : new Moment[] {Moment.BEFORE_SEND, Moment.EXECUTED}) {
                boolean toWorker = moment == Moment.BEFORE_SEND;
                FaultLease cut = faults.at(moment).arm(new Fault.Partitioned(toWorker, !toWorker));
                PendingCall<String> call = kit.pool().call(echo("held"));
                cut.awaitLanded();
                assertThat(call.isDone()).isFalse();

                cut.heal();

                assertThat(call.await()).isEqualTo("held");
            }
        }
    }

    @Nested
    @VivariumTest(
            layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
            options = {"start-mode = lazy", "min-ready = 0"},
            readiness = VivariumTest.Readiness.NONE,
            expectWarnings = "KILL")
    class DuringTheStart {

        @VivariumTest
        void aDeathInTheHandshakeIsOvercome(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.MID_HANDSHAKE).times(2).arm(new Fault.Signalled(9))) {
                works(kit);
                assertThat(landed.landed()).isEqualTo(2);
            }
        }

        @VivariumTest
        void aDeathWhileLoadingIsOvercome(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed =
                    faults.at(Moment.MID_LOAD).inSlot(1).times(2).arm(new Fault.Signalled(9))) {
                works(kit);
                assertThat(landed.landed()).isEqualTo(2);
            }
        }
    }

    @Nested
    @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
    class OfTheProcess {

        @VivariumTest(expectWarnings = "exited with status 3")
        void anExitIsToldWithItsStatus(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease landed = faults.at(Moment.STARTED).arm(new Fault.Exited(3))) {
                WorkerCrashed crashed = catchThrowableOfType(
                        WorkerCrashed.class, () -> kit.pool().call(echo("x")).await());

                assertThat(crashed.exit().status()).isEqualTo(3);
                assertThat(landed.landed()).isEqualTo(1);
            }
            works(kit);
        }

        @VivariumTest
        void aStoppedWorkerGoesOnWhenItIsHealed(TestPool kit, FaultInjector faults) throws Exception {
            FaultLease stopped = faults.at(Moment.BEFORE_SEND).arm(new Fault.Signalled(19));
            PendingCall<String> call = kit.pool().call(echo("patient"));
            stopped.awaitLanded();
            assertThat(call.isDone()).isFalse();

            stopped.heal();

            assertThat(call.await()).isEqualTo("patient");
        }

        @VivariumTest
        void aHungWorkerGoesOnWhenItIsHealed(TestPool kit, FaultInjector faults) throws Exception {
            for (int i = 0; i < 2; i++) {
                FaultLease hung = faults.at(Moment.STARTED).arm(new Fault.Hung());
                PendingCall<String> call = kit.pool().call(echo("patient"));
                kit.awaitStarted(call);
                assertThatThrownBy(() -> call.await(Duration.ofMillis(200))).isInstanceOf(TimeoutException.class);

                hung.heal();

                assertThat(call.await()).isEqualTo("patient");
                assertThat(hung.landed()).isEqualTo(1);
                works(kit);
            }
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }
    }

    @Nested
    @VivariumTest(layers = Layer.FAKE)
    class AHang {

        @VivariumTest(
                options = {"start-mode = lazy", "min-ready = 0"},
                readiness = VivariumTest.Readiness.NONE)
        void ofTheStartIsOverWhenItIsHealed(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : List.of(Moment.MID_HANDSHAKE, Moment.MID_LOAD)) {
                try (TestPool other = kit.another(moment == Moment.MID_LOAD ? "load" : "handshake")) {
                    FaultLease hung = other.faults().at(moment).arm(new Fault.Hung());
                    PendingCall<String> call = other.start().pool().call(echo("patient"));
                    other.awaitThat("hangs", () -> hung.landed() == 1);
                    assertThat(call.isDone()).isFalse();

                    hung.heal();

                    assertThat(call.await()).isEqualTo("patient");
                }
            }
        }

        @VivariumTest
        void atAnyMomentOfACallIsOverWhenItIsHealed(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : ASignal.OF_A_CALL) {
                FaultLease hung = faults.at(moment).arm(new Fault.Hung());
                PendingCall<String> call = kit.pool().call(echo("patient"));
                kit.awaitThat("hangs", () -> hung.landed() == 1);
                assertThat(call.isDone()).isFalse();

                hung.heal();

                assertThat(call.await()).isEqualTo("patient");
            }
        }
    }

    @Nested
    @VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
    class ASignal {

        private static final List<Moment> OF_A_CALL =
                List.of(Moment.BEFORE_SEND, Moment.AFTER_SEND, Moment.STARTED, Moment.EXECUTED);

        @VivariumTest(expectWarnings = "KILL")
        void thatKillsIsNeverLaterThanTheAnswer(TestPool kit, FaultInjector faults) throws Exception {
            for (int i = 0; i < 3; i++) {
                for (Moment moment : OF_A_CALL) {
                    try (FaultLease killed = faults.at(moment).arm(new Fault.Signalled(9))) {
                        PendingCall<String> call = kit.pool().call(echo("x").maxRetries(0));

                        assertThatThrownBy(() -> kit.outcome(call)).isInstanceOf(WorkerCrashed.class);
                        assertThat(killed.landed()).isEqualTo(1);
                        if (moment == Moment.STARTED) {
                            assertThat(kit.ledger().starts(call.id())).isEqualTo(1);
                        }
                    }
                    works(kit);
                }
            }
        }

        @VivariumTest(expectWarnings = "KILL")
        void landsOnceInACallAndAgainInTheNext(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : OF_A_CALL) {
                try (FaultLease killed = faults.at(moment).times(2).arm(new Fault.Signalled(9))) {
                    assertThatThrownBy(
                                    () -> kit.outcome(kit.pool().call(echo("x").maxRetries(0))))
                            .isInstanceOf(WorkerCrashed.class);
                    assertThat(killed.landed()).isEqualTo(1);
                    assertThatThrownBy(
                                    () -> kit.outcome(kit.pool().call(echo("x").maxRetries(0))))
                            .isInstanceOf(WorkerCrashed.class);
                    assertThat(killed.landed()).isEqualTo(2);
                }
                works(kit);
            }
        }

        @VivariumTest
        void thatStopsHoldsTheAnswerBack(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : OF_A_CALL) {
                FaultLease stopped = faults.at(moment).arm(new Fault.Signalled(19));
                PendingCall<String> call = kit.pool().call(echo("patient"));
                stopped.awaitLanded();
                assertThatThrownBy(() -> call.await(Duration.ofMillis(200))).isInstanceOf(TimeoutException.class);

                stopped.heal();

                assertThat(call.await()).isEqualTo("patient");
                assertThat(stopped.landed()).isEqualTo(1);
            }
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest
        void thatPythonIgnoresHarmsNothing(TestPool kit, FaultInjector faults) throws Exception {
            for (Moment moment : OF_A_CALL) {
                for (int number : new int[] {2, 13, 17, 18, 20, 21, 22, 23, 25, 28, 41, 42}) {
                    try (FaultLease landed = faults.at(moment).arm(new Fault.Signalled(number))) {
                        works(kit);
                        assertThat(landed.landed()).isEqualTo(1);
                    }
                }
            }
            assertThat(kit.worker(1).snapshot().incarnation()).isEqualTo(1);
        }

        @VivariumTest(expectWarnings = {"was killed from outside by SIG", "was ended by "})
        void thatPythonDoesNotIgnoreEndsTheWorker(TestPool kit, FaultInjector faults) throws Exception {
            for (int number : new int[] {1, 3, 10, 14, 15, 16, 29, 34, 64}) {
                try (FaultLease landed = faults.at(Moment.STARTED).arm(new Fault.Signalled(number))) {
                    WorkerCrashed crashed = catchThrowableOfType(
                            WorkerCrashed.class, () -> kit.outcome(kit.pool().call(echo("signal " + number))));

                    assertThat(crashed.exit().signal()).isEqualTo(number);
                    assertThat(landed.landed()).isEqualTo(1);
                }
                works(kit);
            }
        }

        @VivariumTest
        void atItsStartMeetsNoCallThatIsRefused(TestPool kit, FaultInjector faults) throws Exception {
            try (FaultLease killed = faults.at(Moment.STARTED).arm(new Fault.Signalled(28))) {
                assertThatThrownBy(() -> kit.outcome(kit.pool().call("ecco", String.class, "x")))
                        .isInstanceOf(CallRejected.class);
                assertThat(killed.landed()).isEqualTo(0);
                assertThatThrownBy(() -> kit.outcome(kit.pool().call("echo", String.class)))
                        .isInstanceOf(PythonException.class);
                assertThat(killed.landed()).isEqualTo(0);
                works(kit);
                assertThat(killed.landed()).isEqualTo(1);
            }
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class InPython {

        private static final long MIB = 1 << 20;

        private static long residentKib(TestWorker worker) {
            try {
                return Files.readAllLines(Path.of("/proc", Long.toString(worker.pid()), "status")).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .sum();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static long files(TestWorker worker) {
            try (Stream<Path> open = Files.list(descriptors(worker))) {
                return open.count();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @VivariumTest
        void memoryIsNotMadeUp(TestWorker worker) {
            assertThatThrownBy(() -> worker.measured(64 * MIB))
                    .isInstanceOf(FaultNotPossible.class)
                    .hasMessageContaining("Fault.Ballooned");
        }

        @VivariumTest
        void memoryIsTakenAndGivenBackWhenItIsHealed(TestPool kit, FaultInjector faults, TestWorker worker)
                throws Exception {
            try (FaultLease landed = faults.at(Moment.STARTED).arm(new Fault.Ballooned(64 * MIB))) {
                assertThat(kit.pool().call("echo", Long.class, "x").await()).isEqualTo(64 * MIB);
                assertThat(landed.landed()).isEqualTo(1);
                works(kit);
                assertThat(residentKib(worker)).isGreaterThan(64 * 1024);
            }
            kit.awaitThat("given back", () -> residentKib(worker) < 64 * 1024);
            works(kit);
        }

        @VivariumTest
        void descriptorsAreTakenAndGivenBackWhenItIsHealed(TestPool kit, FaultInjector faults, TestWorker worker)
                throws Exception {
            try (FaultLease landed = faults.at(Moment.STARTED).arm(new Fault.Opened(50))) {
                assertThat(kit.pool().call("echo", Integer.class, "x").await()).isEqualTo(50);
                assertThat(landed.landed()).isEqualTo(1);
                works(kit);
                assertThat(files(worker)).isGreaterThan(50);
            }
            kit.awaitThat("given back", () -> files(worker) < 50);
            works(kit);
        }

        @VivariumTest(handlers = "/handlers/plain.py")
        void aHandlerThatKeepsNoRecordDoesNotRunAfterItsHang(TestPool kit, FaultInjector faults) throws Exception {
            FaultLease hung = faults.at(Moment.STARTED).arm(new Fault.Hung());
            PendingCall<Integer> call = kit.pool().call("plain", Integer.class);
            kit.awaitStarted(call);
            assertThatThrownBy(() -> call.await(Duration.ofMillis(200))).isInstanceOf(TimeoutException.class);

            hung.heal();

            assertThatThrownBy(call::await)
                    .isInstanceOf(PythonException.class)
                    .hasMessageContaining("the hang was healed");
            assertThat(kit.pool().call("plain", Integer.class).await()).isEqualTo(7);
        }
    }

    /** Retry-safe, so that it outlives the fault. */
    private static void outlives(TestPool kit, FaultLease killed) throws InterruptedException {
        assertThat(kit.outcome(kit.pool().call(echo("x").retrySafe()))).isEqualTo("x");
        assertThat(killed.landed()).isEqualTo(1);
    }

    @Nested
    @VivariumTest(
            layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
            expectWarnings = "KILL")
    class ThatIsArmedBeforeATest {

        @Nullable
        private FaultLease killed;

        @BeforeEach
        void arm(FaultInjector faults) {
            killed = faults.at(Moment.EXECUTED).arm(new Fault.Signalled(9));
        }

        @VivariumTest
        void landsInItThoughItTakesNoInjector(TestPool kit) throws Exception {
            outlives(kit, Objects.requireNonNull(killed));
        }

        @Nested
        class InANestedClass {

            @VivariumTest
            void landsInItToo(TestPool kit) throws Exception {
                outlives(kit, Objects.requireNonNull(killed));
            }
        }
    }

    @Nested
    class InATestThatTakesNoInjector {

        @VivariumTest(
                layers = {Layer.FAKE, Layer.SCRIPTED},
                expectWarnings = "KILL")
        void landsWhereNoPythonRuns(TestPool kit) throws Exception {
            outlives(kit, kit.faults().at(Moment.EXECUTED).arm(new Fault.Signalled(9)));
        }

        @VivariumTest(layers = Layer.PYTHON)
        void isRefusedInPythonWhereItWouldNotLand(TestPool kit) {
            assertThatThrownBy(() -> kit.faults().at(Moment.EXECUTED).arm(new Fault.Signalled(9)))
                    .isInstanceOf(FaultNotPossible.class)
                    .hasMessageContaining("pipes")
                    .hasMessageContaining("take a FaultInjector");
        }
    }

    @Nested
    @VivariumTest(layers = Layer.PYTHON)
    class TheDataChannel {

        /** Returns how many named pipes of the pool's the first worker has open. */
        private static long pipes(TestPool kit) throws IOException {
            Path own = kit.runtimeDirectory().toRealPath();
            return count(kit, link -> target(link).startsWith(own + "/") && isNoFile(link));
        }

        private static long sockets(TestPool kit) throws IOException {
            return count(kit, link -> target(link).startsWith("socket:"));
        }

        private static long count(TestPool kit, Predicate<Path> kind) throws IOException {
            try (Stream<Path> open = Files.list(descriptors(kit.worker(1)))) {
                return open.filter(kind).count();
            }
        }

        private static String target(Path link) {
            try {
                return Files.readSymbolicLink(link).toString();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static boolean isNoFile(Path path) {
            try {
                return Files.readAttributes(path, BasicFileAttributes.class).isOther();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @VivariumTest
        void isTwoPipesWhereNoFaultCanBeArmed(TestPool kit) throws Exception {
            works(kit);

            assertThat(pipes(kit)).isEqualTo(2);
        }

        @VivariumTest
        void isASocketInPlaceOfPipesWhereFaultsLand(TestPool kit, FaultInjector faults) throws Exception {
            works(kit);

            assertThat(faults.leases()).isEmpty();
            assertThat(pipes(kit)).isZero();
            TestPoolSpec without = TestPoolSpec.of(Layer.PYTHON).workers(1).faults(false);
            try (TestPool other = TestPool.start(without).ensureReady()) {
                assertThat(pipes(other)).isEqualTo(2);
                assertThat(sockets(kit)).isEqualTo(sockets(other) + 1);
            }
        }
    }
}
