package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerReplies;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.testkit.Ledger.Problem;
import dev.vivarium.testkit.internal.ExecutionLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the ledger makes of calls, outcomes and the workers' record, without a pool. */
class LedgerTest {

    private static final WorkerId FIRST = new WorkerId("p", 1);
    private static final WorkerId SECOND = new WorkerId("p", 2);

    /** Keeps the record, and its answers are not compared. */
    private static final PythonCall<String> PRICE = PythonCall.to("price").returning(String.class);

    /** Keeps no record. */
    private static final PythonCall<String> PLAIN = PythonCall.to("plain").returning(String.class);

    @TempDir
    private Path folder;

    private Ledger ledger = new Ledger(new ExecutionLog(Path.of("none")), Set.of());

    @BeforeEach
    void open() {
        ledger = new Ledger(new ExecutionLog(folder.resolve("record")), Set.of("price"));
    }

    private void recorded(String... lines) throws IOException {
        for (String line : lines) {
            Files.writeString(
                    folder.resolve("record"), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    private void ran(long callId) throws IOException {
        recorded(callId + " STARTED p/1", callId + " FINISHED p/1");
    }

    private List<String> findings() {
        return ledger.report().findings().stream().map(Ledger.Finding::toString).toList();
    }

    private static PoolException error(Execution execution, CallAttempt... attempts) {
        return new PoolClosed(execution, List.of(attempts), "closed");
    }

    private static CallAttempt attempt(Execution execution) {
        return new CallAttempt(FIRST, 1, TransitionCause.KILLED, execution);
    }

    private static PythonException raised(String type) {
        return new PythonException(new ErrorBody(
                ErrorKind.HANDLER, Execution.RAN, type, "not that way", List.of(), List.of(), List.of(), null));
    }

    /** A call whose end the test says. */
    private static final class Told extends CompletableFuture<String> implements PendingCall<String> {
        private final long id;
        private final int attempts;

        private Told(long id, int attempts) {
            this.id = id;
            this.attempts = attempts;
        }

        private Told answered(String value) {
            complete(value);
            return this;
        }

        private Told failed(PoolException error) {
            completeExceptionally(error);
            return this;
        }

        @Override
        public long id() {
            return id;
        }

        @Override
        public boolean cancel() {
            return false;
        }

        @Override
        public int attempts() {
            return attempts;
        }

        @Override
        public String await() throws InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException("told to");
            }
            return valueOf(this);
        }

        @Override
        public String await(Duration atMost) throws InterruptedException {
            return await();
        }
    }

    /** A call to all workers whose end the test says. */
    private static final class ToldByAll extends CompletableFuture<WorkerReplies<String>>
            implements PendingReplies<String> {
        @Override
        public void cancel() {}

        @Override
        public WorkerReplies<String> await() throws InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException("told to");
            }
            return valueOf(this);
        }

        @Override
        public WorkerReplies<String> await(Duration atMost) throws InterruptedException, TimeoutException {
            if (!isDone()) {
                throw new TimeoutException();
            }
            return await();
        }
    }

    private static <T> T valueOf(CompletableFuture<T> told) {
        try {
            return told.join();
        } catch (CompletionException e) {
            throw (PoolException) e.getCause();
        }
    }

    @AfterEach
    void noInterruptIsLeft() {
        assertThat(Thread.interrupted()).isFalse();
    }

    @Nested
    class AnExceptionOfAHandlerThatKeepsTheRecordAndDidNot {

        @Test
        void isFineWhereItsArgumentsMayNotHaveFitted() {
            ledger.enter(PRICE, new CallOutcome.Failed<>(1, raised("TypeError"), 1));

            assertThat(findings()).isEmpty();
        }

        @Test
        void isMisreportedWhereTheHandlerMustHaveRunToRaiseIt() {
            ledger.enter(PRICE, new CallOutcome.Failed<>(1, raised("ValueError"), 1));

            assertThat(findings())
                    .containsExactly("MISREPORTED: call 1 counts as run to its end, and was never executed to it");
        }

        @Test
        void isMisreportedWhereItIsNoExceptionOfPythons() {
            ledger.enter(PRICE, new CallOutcome.Failed<>(1, error(Execution.RAN), 1));

            assertThat(ledger.report().count(Problem.MISREPORTED)).isEqualTo(1);
        }

        @Test
        void isNobodysBusinessWhereTheHandlerKeepsNoRecord() {
            ledger.enter(PLAIN, new CallOutcome.Failed<>(1, raised("ValueError"), 1));

            assertThat(findings()).isEmpty();
        }
    }

    @Nested
    class AnAnswer {

        @Test
        void isFineWhereAnExecutionEnded() throws Exception {
            ledger.book().called(PRICE, new Told(1, 1).answered("x"));
            ran(1);

            assertThat(findings()).isEmpty();
        }

        @Test
        void isForeignWhereNoExecutionEnded() throws Exception {
            ledger.book().called(PRICE, new Told(1, 1).answered("x"));
            recorded("1 STARTED p/1");

            assertThat(findings()).containsExactly("FOREIGN: call 1 was answered and never executed to its end");
        }

        @Test
        void ofAHandlerThatKeepsNoRecordNeedsNone() {
            ledger.book().called(PLAIN, new Told(1, 1).answered("x"));

            assertThat(findings()).isEmpty();
        }

        @Test
        void ofAHandlerThatSaysInTheRecordThatItKeepsItNeedsAnExecution() throws Exception {
            ledger.book().called(PLAIN, new Told(1, 1).answered("x"));

            recorded("0 RECORDED plain");

            assertThat(findings()).containsExactly("FOREIGN: call 1 was answered and never executed to its end");
        }

        @Test
        void mayBeAnothersWhereTheCallIsMadeOnce() {
            ledger.book().calledOnce(PRICE, new Told(1, 1).answered("x"));

            assertThat(findings()).isEmpty();
        }

        @Test
        void ofAnotherCallIsForeign() throws Exception {
            PythonCall<String> echo = PythonCall.to("echo").args("mine").returning(String.class);
            ledger.book().called(echo, new Told(1, 1).answered("another's"));
            ran(1);

            assertThat(findings()).containsExactly("FOREIGN: call 1 got an answer that is another call's");
        }

        @Test
        void ofAStreamIsTheNumberOfItsItemsAndNotCompared() throws Exception {
            PythonCall<String> echo = PythonCall.to("echo").args("mine").returning(String.class);
            ledger.book().streams(echo, numberOfItems());
            ran(1);

            assertThat(findings()).isEmpty();
        }

        @SuppressWarnings("unchecked") // Nobody looks at it.
        private PendingCall<Long> numberOfItems() {
            return (PendingCall<Long>) (PendingCall<?>) new Told(1, 1).answered("3");
        }
    }

    @Nested
    class ACallThatFailed {

        @Test
        void isMisreportedWhenItIsSaidNotToHaveStartedAndHas() throws Exception {
            ledger.book().called(PLAIN, new Told(1, 1).failed(error(Execution.NOT_STARTED)));
            assertThat(findings()).isEmpty();

            recorded("1 STARTED p/1");

            assertThat(findings()).containsExactly("MISREPORTED: call 1 counts as not started, and was executed");
        }

        @Test
        void isFineWhenItIsSaidToHaveRunAndHas() throws Exception {
            ledger.book().called(PRICE, new Told(1, 1).failed(raised("ValueError")));
            ran(1);

            assertThat(findings()).isEmpty();
        }

        @Test
        void isFineWhateverHappenedWhenThatIsUnknown() throws Exception {
            ledger.book().called(PRICE, new Told(1, 1).failed(error(Execution.UNKNOWN)));
            ledger.book().called(PRICE, new Told(2, 1).failed(error(Execution.UNKNOWN)));
            recorded("2 STARTED p/1");

            assertThat(findings()).isEmpty();
        }

        @Test
        void isAskedForItsErrorOnce() {
            PoolException error = error(Execution.UNKNOWN);
            Told call = new Told(1, 1).failed(error);
            ledger.book().called(PLAIN, call);
            ledger.book().called(PLAIN, new Told(2, 1).failed(error(Execution.UNKNOWN)));
            ledger.book().called(PLAIN, new Told(3, 1).answered("x"));
            ledger.enter(PLAIN, new CallOutcome.Succeeded<>(4, "x", 1));

            assertThat(ledger.callThatFailedWith(error)).isSameAs(call);
            assertThat(ledger.callThatFailedWith(error(Execution.UNKNOWN))).isNull();
            assertThat(Ledger.errorOf(call)).isSameAs(error);
        }
    }

    @Nested
    class ACallWithoutAnEnd {

        @Test
        void isLost() {
            ledger.book().called(PLAIN, new Told(1, 1));

            assertThat(findings()).containsExactly("LOST: call 1 of 'plain' never ended");
            assertThat(Ledger.errorOf(new Told(1, 1))).isNull();
        }

        @Test
        void isNotLostWhenItsEndCameAsAMessage() {
            ledger.book().called(PLAIN, new Told(1, 1));

            ledger.enter(PLAIN, new CallOutcome.Succeeded<>(1, "x", 1));

            assertThat(findings()).isEmpty();
        }

        @Test
        void countsAsLostWhileTheThreadThatAsksIsInterrupted() {
            Told answered = new Told(1, 1).answered("x");
            ledger.book().called(PLAIN, answered);

            Thread.currentThread().interrupt();
            List<String> found = findings();
            boolean kept = Thread.interrupted();
            Thread.currentThread().interrupt();
            PoolException error = Ledger.errorOf(answered);
            boolean keptAgain = Thread.interrupted();

            assertThat(found).containsExactly("LOST: call 1 of 'plain' never ended");
            assertThat(error).isNull();
            assertThat(kept && keptAgain).isTrue();
        }
    }

    @Nested
    class AnExecution {

        @Test
        void ofACallThatIsNotRetrySafeIsTheOnlyOne() throws Exception {
            ledger.book().called(PLAIN, new Told(1, 2).answered("x"));
            ran(1);
            assertThat(findings()).isEmpty();

            ran(1);

            assertThat(findings())
                    .containsExactly("DUPLICATED: call 1 started 2 times and was not declared retry-safe");
        }

        @Test
        void ofARetrySafeCallIsOneForEachAttempt() throws Exception {
            ledger.book().called(PLAIN.retrySafe(), new Told(1, 2).answered("x"));
            ran(1);
            ran(1);
            assertThat(findings()).isEmpty();

            ran(1);

            assertThat(findings()).containsExactly("DUPLICATED: call 1 started 3 times in 2 attempts");
        }

        @Test
        void isNotOwedByAnAttemptThatIsSaidNotToHaveStarted() throws Exception {
            PoolException error = error(
                    Execution.UNKNOWN,
                    attempt(Execution.NOT_STARTED),
                    attempt(Execution.UNKNOWN),
                    attempt(Execution.UNKNOWN));
            ledger.book().called(PLAIN.retrySafe(), new Told(1, 4).failed(error));
            for (int i = 0; i < 3; i++) {
                ran(1);
            }
            assertThat(findings()).isEmpty();

            ran(1);

            assertThat(findings()).containsExactly("DUPLICATED: call 1 started 4 times in 3 attempts");
        }

        @Test
        void isMisreportedAndNotDoubledWhereThereWasNoAttempt() throws Exception {
            ledger.book().called(PLAIN.retrySafe(), new Told(1, 0).failed(error(Execution.NOT_STARTED)));

            recorded("1 STARTED p/1");

            assertThat(findings()).containsExactly("MISREPORTED: call 1 counts as not started, and was executed");
        }

        @Test
        void ofACallOnItsWayIsOneForEachAttemptSoFar() throws Exception {
            ledger.book().called(PLAIN.retrySafe(), new Told(1, 1));
            recorded("1 STARTED p/1", "1 STARTED p/2");

            assertThat(findings())
                    .containsExactlyInAnyOrder(
                            "LOST: call 1 of 'plain' never ended", "DUPLICATED: call 1 started 2 times in 1 attempts");
        }

        @Test
        void thatEndedMoreOftenThanItStartedIsDoubled() throws Exception {
            ledger.book().called(PLAIN, new Told(1, 1).answered("x"));
            ran(1);
            assertThat(findings()).isEmpty();

            recorded("1 FINISHED p/1");

            assertThat(findings()).containsExactly("DUPLICATED: call 1 was executed to its end 2 times and started 1");
        }

        @Test
        void thatEndedAndNeverStartedIsForeign() throws Exception {
            recorded("7 FINISHED p/1");

            assertThat(findings()).containsExactly("FOREIGN: call 7 was executed to its end and never started");
        }

        @Test
        void thatNobodyAskedForIsForeign() throws Exception {
            recorded("7 STARTED p/1");

            assertThat(findings()).containsExactly("FOREIGN: call 7 was executed and never made");
        }

        @Test
        void thatThePoolAskedForItselfIsNobodysBusiness() throws Exception {
            recorded(PoolContext.OWN_CALLS + 1 + " STARTED p/1");
            assertThat(findings()).isEmpty();

            recorded(PoolContext.OWN_CALLS + " STARTED p/1");

            assertThat(findings()).hasSize(1);
        }
    }

    @Nested
    class ACallOfAFlow {

        @Test
        void explainsOneExecutionUnderAnUnknownId() throws Exception {
            ledger.book().streamed(PRICE);
            recorded("7 STARTED p/1");
            assertThat(findings()).isEmpty();

            recorded("8 STARTED p/1");

            assertThat(findings()).hasSize(1).first().asString().startsWith("FOREIGN: call ");
        }

        @Test
        void explainsNoneWhenItsHandlerKeepsNoRecord() throws Exception {
            ledger.book().streamed(PLAIN);

            recorded("7 STARTED p/1");

            assertThat(findings()).containsExactly("FOREIGN: call 7 was executed and never made");
        }

        @Test
        void explainsNoSecondStartUnlessOneOfThemIsRetrySafe() throws Exception {
            ledger.book().streamed(PRICE);
            recorded("7 STARTED p/1", "7 STARTED p/2");
            assertThat(findings()).containsExactly("DUPLICATED: call 7 of a stream started 2 times");

            ledger.book().streamed(PRICE.retrySafe());

            assertThat(findings()).isEmpty();
        }

        @Test
        void explainsNothingMoreWhenItHasEnded() throws Exception {
            ledger.book().streamed(PRICE);
            ran(7);
            ledger.book().ended(PRICE, new CallOutcome.Succeeded<>(7, "x", 1));
            assertThat(findings()).isEmpty();

            recorded("8 STARTED p/1");

            assertThat(findings()).containsExactly("FOREIGN: call 8 was executed and never made");
        }
    }

    @Nested
    class ACallToAllWorkers {

        private final ToldByAll replies = new ToldByAll();

        @BeforeEach
        void make() {
            ledger.book().calledAll(PRICE, replies);
        }

        @Test
        void isLostUntilAllHaveEndedIt() {
            assertThat(findings()).containsExactly("LOST: call 0 of 'price' in all workers never ended");
        }

        @Test
        void isOneCallInEach() throws Exception {
            replies.complete(new WorkerReplies<>(Map.of(
                    FIRST, new CallOutcome.Succeeded<>(1, "x", 1),
                    SECOND, new CallOutcome.Failed<>(2, error(Execution.NOT_STARTED), 0))));
            ran(1);

            assertThat(ledger.report()).hasToString("2 calls: 1 ok, 1 failed, 0 unknown, 1 executions");
            assertThat(ledger.report())
                    .as("entered once")
                    .hasToString("2 calls: 1 ok, 1 failed, 0 unknown, 1 executions");
        }

        @Test
        void isNoneWhenItWasSentToNobody() {
            replies.completeExceptionally(error(Execution.NOT_STARTED));

            assertThat(ledger.report()).hasToString("0 calls: 0 ok, 0 failed, 0 unknown, 0 executions");
        }

        @Test
        void isAskedForAgainAfterAnInterrupt() {
            replies.complete(new WorkerReplies<>(Map.of(FIRST, new CallOutcome.Failed<>(1, raised("TypeError"), 1))));

            Thread.currentThread().interrupt();
            int before = ledger.report().calls();
            boolean kept = Thread.interrupted();

            assertThat(kept).isTrue();
            assertThat(before).isZero();
            assertThat(ledger.report().calls()).isEqualTo(1);
        }
    }

    @Nested
    class TheSums {

        @Test
        void countEachCallOnce() throws Exception {
            ledger.book().called(PLAIN, new Told(1, 1).answered("x"));
            ledger.book().called(PLAIN, new Told(2, 1).answered("x"));
            ledger.book().called(PLAIN, new Told(3, 1).failed(raised("ValueError")));
            ledger.book().called(PLAIN, new Told(4, 1).failed(error(Execution.UNKNOWN)));
            ran(1);
            ran(3);
            recorded("4 STARTED p/1");

            assertThat(ledger.report()).hasToString("4 calls: 2 ok, 1 failed, 1 unknown, 3 executions");
            assertThat(ledger.starts(1)).isEqualTo(1);
            assertThat(ledger.starts(2)).isZero();
            assertThat(ledger.starts(4)).isEqualTo(1);
        }

        @Test
        void nameWhatDoesNotFit() {
            ledger.enter(PLAIN, new CallOutcome.Succeeded<>(1, "x", 1));
            ledger.enter(PLAIN, new CallOutcome.Succeeded<>(1, "y", 1));
            ledger.book().called(PLAIN, new Told(2, 1));

            Ledger.Report report = ledger.report();

            assertThat(report)
                    .hasToString("2 calls: 1 ok, 0 failed, 0 unknown, 0 executions"
                            + "\n  DUPLICATED: call 1 ended 2 times"
                            + "\n  LOST: call 2 of 'plain' never ended");
            assertThat(report.count(Problem.DUPLICATED)).isEqualTo(1);
            assertThat(report.count(Problem.FOREIGN)).isZero();
        }

        @Test
        void leaveOutWhatAWorkerThatWasKilledHadNotWritten() throws Exception {
            recorded("7 STAR", "x STARTED p/1", "7 STARTED", "7 STARTED p/1 more");

            assertThat(findings()).isEmpty();
        }
    }

    @Nested
    class ACall {

        @Test
        void isKnownByItself() {
            Told call = new Told(1, 1).answered("x");
            ledger.book().called(PRICE, call);

            assertThat(ledger.knows(call)).isTrue();
            assertThat(ledger.knows(new Told(1, 1))).isFalse();
            assertThat(ledger.knows(new Told(2, 1))).isFalse();
            assertThat(ledger.handlerOf(1)).isEqualTo("price");
            assertThat(ledger.handlerOf(2)).isNull();
        }

        @Test
        void ofAScriptThatTheWorkersDoNotRunKeepsNoRecord() {
            ledger.book().called(PRICE, new Told(1, 1).answered("x"));
            assertThat(ledger.report().count(Problem.FOREIGN)).isEqualTo(1);

            ledger.expectNoScript();

            assertThat(findings()).isEmpty();
        }
    }
}
